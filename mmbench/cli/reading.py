"""Records of the folders that a command is given."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmbench.store import Stored


def records_in(folders: Sequence[Path]) -> "list[Stored]":
    """All of them, each folder once; StoreError names one without any."""
    from mmbench.errors import StoreError
    from mmbench.store import Store

    stored = []
    for folder in dict.fromkeys(path.resolve() for path in folders):
        found = Store(folder).select()
        if not found:
            raise StoreError(f"{folder}: no records here; mmbench run writes some")
        stored += found
    return stored
