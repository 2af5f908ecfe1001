"""Device, precision and seeds of a trial."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from mmbench.errors import TrialError

Precision = Literal["fp32", "bf16"]


def choose_device(name: str) -> torch.device:
    """`auto` is the first CUDA device, or the CPU; TrialError for a device that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise TrialError(f"no device {name!r}; use auto, cpu, cuda or cuda:N") from None
    if device.type not in ("cpu", "cuda"):
        raise TrialError(f"device {name!r} is not supported; use auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise TrialError(f"no device {name!r}: torch sees {torch.cuda.device_count()} GPU(s)")
    return device


@contextmanager
def autocast(device: torch.device, precision: Precision) -> Iterator[None]:
    """bf16 runs matrix products in bfloat16, weights and reductions stay float32; no scaler."""
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        yield


def true_float32() -> None:
    """float32 means float32: convolutions on recent GPUs would else round inputs to 10 bits.

    bf16 autocast is not touched. See torch's notes on TensorFloat-32.
    """
    torch.backends.fp32_precision = "ieee"  # type: ignore[attr-defined]


def seed_for(seed: int, purpose: str) -> int:
    """A seed of its own for each use of chance, so that one use does not shift another."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:7], "big")


def seed_everything(seed: int, purpose: str) -> None:
    """The global generators of torch on every device: dropout and whatever a library draws."""
    torch.manual_seed(seed_for(seed, purpose))
