"""Architectures of `timm`, shrunk by the arguments of their entry points."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

CONVOLUTIONS_SIZE = 64
"""Pixels a side for an architecture that has no arguments to shrink it by: its work shrinks."""

_BLOCKS = {"embed_dim": 32, "depth": 2, "num_heads": 2}
_STAGES = {"depths": (1, 1, 1, 1)}
SMALL: Mapping[str, Mapping[str, Any]] = {
    "beit": _BLOCKS,
    "convnext": {**_STAGES, "dims": (8, 16, 24, 32)},
    "deit": _BLOCKS,
    "eva": _BLOCKS,
    "resnet": {"layers": (1, 1, 1, 1), "channels": (8, 16, 24, 32), "zero_init_last": False},
    "swin_transformer": {**_STAGES, "embed_dim": 16, "num_heads": (1, 2, 4, 8)},
    "swin_transformer_v2": {**_STAGES, "embed_dim": 16, "num_heads": (1, 2, 4, 8)},
    "vision_transformer": _BLOCKS,
}
"""By the module of timm that holds the architecture."""


def small_arguments(architecture: str) -> Mapping[str, Any] | None:
    """What makes it small; None where it stays as large as it is."""
    import timm
    from timm.models import model_entrypoint

    if not timm.is_model(architecture):
        return None  # whoever loads it says more
    return SMALL.get(model_entrypoint(architecture).__module__.rpartition(".")[2])


@contextmanager
def small_towers() -> Iterator[None]:
    """Within it, every model that timm makes is small: open_clip passes a tower of timm no more
    than its name."""
    from timm.models import _factory as inner

    _factory: Any = inner  # which lists no names
    entry_of = _factory.model_entrypoint

    def smaller(name: str, *arguments: Any) -> Any:
        make, small = entry_of(name, *arguments), small_arguments(name) or {}
        return lambda **given: make(**{**small, **given})

    _factory.model_entrypoint = smaller
    try:
        yield
    finally:
        _factory.model_entrypoint = entry_of
