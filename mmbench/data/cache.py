"""Arrays that are computed once: tokens, pixels, features, by the digest of what made them.

An entry is a folder of memory-mapped `.npy` files and a small JSON beside them. It is built under
a temporary name and renamed into place, so an entry that exists is whole; two processes that
build the same one do the work twice and one of them wins.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbench.atomic import publish, temporary_beside

LOCATION = "MMBENCH_CACHE"
FACTS = "facts.json"


def default_cache_root() -> Path:
    """$MMBENCH_CACHE, or mmbench in the user's cache folder."""
    chosen = os.environ.get(LOCATION)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mmbench"


@dataclass(frozen=True, slots=True)
class Entry:
    """arrays: memory-mapped, read-only. facts: what was noted when they were computed."""

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


Build = Callable[[Path], Mapping[str, Any]]
"""Writes `<name>.npy` files into the folder it is given and returns the facts (JSON values)."""


@dataclass(frozen=True, slots=True)
class Cache:
    root: Path

    def get(self, kind: str, digest: str, build: Build) -> tuple[Entry, bool]:
        """The entry, built if it is absent, and whether it was there already."""
        folder = self.root / kind / digest[:2] / digest
        hit = folder.is_dir()
        if not hit:
            self._build(folder, build)
        return _open(folder), hit

    def _build(self, folder: Path, build: Build) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(folder)
        temporary.mkdir()
        try:
            facts = build(temporary)
            (temporary / FACTS).write_text(json.dumps(facts))
            for path in temporary.iterdir():
                with open(path, "rb") as file:
                    os.fsync(file.fileno())
            try:
                publish(temporary, folder)
            except OSError:
                if not folder.is_dir():  # otherwise another process published the same entry
                    raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _open(folder: Path) -> Entry:
    arrays = {path.stem: np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))}
    return Entry(arrays=arrays, facts=json.loads((folder / FACTS).read_text()))
