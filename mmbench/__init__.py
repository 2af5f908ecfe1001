"""mmbench: which backbone should I fine-tune for my task, and what will it cost?"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mmbench.api import embed, evaluate, finetune, predict, run, write_report

__all__ = ["__version__", "embed", "evaluate", "finetune", "predict", "run", "write_report"]


def __getattr__(name: str) -> object:
    """The interface is imported on first use: `import mmbench` alone costs nothing."""
    if name in __all__:
        return getattr(import_module("mmbench.api"), name)
    raise AttributeError(f"module 'mmbench' has no attribute {name!r}")
