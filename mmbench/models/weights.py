"""Weights files as plain tensors by name."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mmbench.errors import TrialError

Tensors = dict[str, Tensor]


def read_tensors(path: Path) -> Tensors:
    """The tensors of one file, in its order, on the CPU.

    Those of a training checkpoint are under `state_dict`, as timm and open_clip write it. A pickle
    may hold tensors and nothing else: TrialError for any other content, none of it run.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise TrialError(
            f"{path}: holds more than tensors, or is damaged; nothing of it was run. Convert it to "
            "safetensors where you trust it."
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, SafetensorError) as error:
        raise TrialError(f"{path}: cannot be read as weights: {error}") from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise TrialError(f"{path}: not a state dict, i.e. tensors by name")
    return {str(name): tensor for name, tensor in content.items()}


def rename_by_order(tensors: Tensors, expected: Mapping[str, Tensor], where: str) -> Tensors:
    """The tensors under the names of `expected`, which has them in the same order.

    TrialError unless the number of tensors and every shape agree.
    """
    if len(tensors) != len(expected):
        raise TrialError(
            f"{where}: {len(tensors)} tensors, but the architecture has {len(expected)}; "
            "tensors: by_order needs the same ones in the same order"
        )
    for (given, tensor), (name, own) in zip(tensors.items(), expected.items(), strict=True):
        if tensor.shape != own.shape:
            raise TrialError(
                f"{where}: {given} is {list(tensor.shape)}, but {name}, which stands in its place "
                f"in the architecture, is {list(own.shape)}"
            )
    return dict(zip(expected, tensors.values(), strict=True))
