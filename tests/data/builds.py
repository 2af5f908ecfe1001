"""Small builds for the cache's tests, and digests as real ones look."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmbench.data.cache import Build


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def writes(value: float, *, built: list[float] | None = None, count: int = 3) -> Build:
    """`count` times the value and twice as many ones; `built` hears of it."""

    def build(folder: Path) -> Mapping[str, object]:
        if built is not None:
            built.append(value)
        np.save(folder / "values.npy", np.full(count, value))
        np.save(folder / "ones.npy", np.ones(2 * count))
        return {"value": value}

    return build


def never(folder: Path) -> Mapping[str, object]:
    raise AssertionError(f"{folder} should not have been built")


def files_under(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if not path.is_dir())
