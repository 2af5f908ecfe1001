"""The rows of one split, column by column, as they come from a source and before any model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mmbench.cards import Modality

EncodedImage = bytes | Path
"""An image file's content, or the path of one; decoded by the adapter that needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """N rows. `inputs` holds, by modality, N texts (str) or N encoded images.

    targets: [N] int64 class indices, or None for rows to predict on; of a task with keys, the place
    of the row's key among the split's own, so that equal ones belong together and those of two
    splits have nothing in common. groups: one key a row; rows of one group are not independent
    (the same concept drawn twice). ids are unique.
    """

    ids: tuple[str, ...]
    inputs: Mapping[Modality, Sequence[str] | Sequence[EncodedImage]]
    targets: NDArray[np.int64] | None = None
    groups: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> "Examples":
        """The rows at `indices`, in that order."""
        rows = [int(i) for i in indices]
        return replace(
            self,
            ids=tuple(self.ids[i] for i in rows),
            inputs={
                m: cast("Sequence[str] | Sequence[EncodedImage]", [column[i] for i in rows])
                for m, column in self.inputs.items()
            },
            targets=None if self.targets is None else self.targets[rows],
            groups=None if self.groups is None else tuple(self.groups[i] for i in rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """All splits of a task; `labels` in the order of the class indices, none where there are keys.

    `dropped` counts rows left out on purpose (duplicates, conflicting targets), by reason.
    """

    splits: Mapping[str, Examples]
    labels: tuple[str | int, ...]
    dropped: Mapping[str, int]
