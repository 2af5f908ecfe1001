"""Records of the folders that a command is given."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmbench.compare.remembered import Remembered
    from mmbench.store import Stored


def records_in(folders: Sequence[Path]) -> "list[Stored]":
    """All of them, each folder once; StoreError names one without any."""
    from mmbench.errors import StoreError
    from mmbench.store import Store

    stored = []
    gc.disable()
    try:
        for folder in dict.fromkeys(path.resolve() for path in folders):
            found = Store(folder).select()
            if not found:
                raise StoreError(f"{folder}: no records here; mmbench run writes some")
            stored += found
    finally:
        gc.freeze()  # they stay to the end: to look through thousands again and again takes seconds
        gc.enable()
    return stored


def remembered() -> "Remembered":
    """Paired statistics of earlier reports, in the user's cache."""
    from mmbench.compare.remembered import Remembered
    from mmbench.data.cache import Cache, default_cache_root

    return Remembered(Cache(default_cache_root()))
