"""Rows of different lengths, one after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

IGNORED = -100
"""What a place holds that no row reaches; losses leave it out, as torch's do by default."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """N rows. values: [sum of lengths] int64. offsets: [N + 1] int64, row i is
    values[offsets[i]:offsets[i + 1]]."""

    values: NDArray[np.int64]
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        assert self.offsets[-1] == len(self.values), "the last offset ends the values"

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "Ragged":
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        flat = [value for row in rows for value in row]
        return cls(np.asarray(flat, dtype=np.int64), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)

    def rows(self) -> list[NDArray[np.int64]]:
        return [self.values[start:end] for start, end in pairwise(self.offsets)]

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> "Ragged":
        """The rows at `indices`, in that order."""
        chosen = np.asarray(indices, dtype=np.int64)
        rows = [self.values[self.offsets[i] : self.offsets[i + 1]] for i in chosen]
        offsets = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum(self.lengths[chosen], out=offsets[1:])
        return Ragged(np.concatenate([np.zeros(0, np.int64), *rows]), offsets)

    def padded(
        self, indices: Sequence[int] | NDArray[np.int64], fill: int = IGNORED
    ) -> NDArray[np.int64]:
        """[B, longest of these rows], filled up on the right."""
        rows = self.take(indices)
        found = np.full((len(rows), int(rows.lengths.max(initial=0))), fill, dtype=np.int64)
        for place, row in zip(found, rows.rows(), strict=True):
            place[: len(row)] = row
        return found
