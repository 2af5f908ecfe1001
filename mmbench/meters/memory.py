"""Peak memory of a stretch of work, and what of a training step's memory is what.

CPU: the peak resident set of the process (Linux VmHWM), reset at the start, and its growth over
the resident set then. Where the kernel does not allow the reset, the peak of the whole process
life is given and the note says so. CUDA: the allocator's peaks after a reset.

Parts: the sizes of the tensors themselves, each storage once, on any device. They need not add up
to a peak: gradients come while activations go, kernels have workspaces, allocators round up, and
the resident set holds the libraries too.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from torch import Tensor, nn

from mmbench.records import Measurement

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(slots=True)
class PeakMemory:
    measurements: tuple[Measurement, ...] = ()


@contextmanager
def peak_memory(device: torch.device) -> Iterator[PeakMemory]:
    """Fills `measurements` with peak_rss_bytes, peak_rss_growth_bytes and, on CUDA,
    peak_cuda_bytes (allocated) and peak_cuda_reserved_bytes, when the block ends well."""
    reset = _reset_peak()
    start = psutil.Process().memory_info().rss
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    peak = PeakMemory()
    yield peak
    high = _peak_rss()
    note = None if reset else "the peak could not be reset: it is that of the whole process"
    found = [
        Measurement(name="peak_rss_bytes", unit="bytes", value=high, note=note),
        Measurement(
            name="peak_rss_growth_bytes",
            unit="bytes",
            value=None if high is None else max(0.0, high - start),
            note=note,
        ),
    ]
    if device.type == "cuda":
        for name, value in (
            ("peak_cuda_bytes", torch.cuda.max_memory_allocated(device)),
            ("peak_cuda_reserved_bytes", torch.cuda.max_memory_reserved(device)),
        ):
            found.append(Measurement(name=name, unit="bytes", value=float(value)))
    peak.measurements = tuple(found)


def free_memory() -> None:
    """Give back what nothing holds any more: after an attempt that memory did not suffice for.

    Outside of the except block that caught it: inside, the traceback still holds the frames whose
    tensors did not fit.
    """
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def memory_parts(
    module: nn.Module,
    optimizer: torch.optim.Optimizer | None,
    forward: Callable[[], object] | None,
) -> tuple[Measurement, ...]:
    """`model_bytes`, `gradient_bytes`, `optimizer_bytes` and `activation_bytes`, unit bytes.

    model: parameters and buffers. gradient: as large as the parameters that are trained, without
    those that no gradient has reached yet, if the optimizer keeps a state to tell them by.
    optimizer: its state, which the first step makes: ask after it; None for
    inference. activation: what autograd keeps of `forward` for the backward pass, the batch
    included; it is run once, with gradients. None: no activations are kept, or not known.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    parts: list[tuple[str, float | None, str | None]] = [
        ("model_bytes", _bytes_of([*module.parameters(), *module.buffers()]), None)
    ]
    if optimizer is not None:
        state = [v for of in optimizer.state.values() for v in of.values() if torch.is_tensor(v)]
        reached = [p for p in trained if p in optimizer.state]
        note = None if state else "the optimizer has made no step, or keeps no state"
        parts += [
            ("gradient_bytes", _bytes_of(reached or trained), None),
            ("optimizer_bytes", _bytes_of(state), note),
        ]
    if forward is None:
        parts.append(("activation_bytes", None, "unavailable: no forward pass was looked at"))
    else:
        parts.append(("activation_bytes", _saved_bytes(module, forward), None))
    return tuple(
        Measurement(name=name, unit="bytes", value=value, note=note) for name, value, note in parts
    )


def _bytes_of(tensors: Iterable[Tensor]) -> float:
    """Views and tied weights share a storage, which counts once."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    return float(sum(storages.values()))


def _saved_bytes(module: nn.Module, forward: Callable[[], object]) -> float:
    """Of what autograd saves, without the model's own tensors."""
    own = {t.untyped_storage().data_ptr() for t in (*module.parameters(), *module.buffers())}
    saved: dict[int, torch.UntypedStorage] = {}  # kept, so that no address is used twice

    def pack(tensor: Tensor) -> int:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage
        return storage.data_ptr()

    def unpack(address: int) -> Tensor:
        raise AssertionError("nothing goes backward here")

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        forward()
    return float(sum(storage.nbytes() for storage in saved.values()))


def _reset_peak() -> bool:
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def _peak_rss() -> float | None:
    """VmHWM in bytes, None where /proc does not tell (then the record says None, not 0)."""
    if not STATUS.exists():
        return None
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) * 1024
    return None
