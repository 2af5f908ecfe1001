"""The rows of one split, column by column, as they come from a source and before any model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mmbench.cards import Slot
from mmbench.data.ragged import Ragged

EncodedMedia = bytes | Path
"""The content of an image's or a sound's file, or its path; whoever needs it decodes it."""

Words = tuple[str, ...]
"""A text cut into its words, or its characters, by whoever tagged them."""

Column = Sequence[str] | Sequence[EncodedMedia] | Sequence[Words]

Targets = NDArray[Any] | Ragged | tuple[str, ...]
"""One a row; `targets.py` says which form a kind's have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """N rows. `inputs` holds, by slot, N texts (str, or their words) or N encoded media.

    targets: in the form of the kind's target (`targets.TARGETS`), or None for rows to predict on.
    groups: one key a row; rows of one group are not independent (the same concept drawn twice).
    ids are unique.
    """

    ids: tuple[str, ...]
    inputs: Mapping[Slot, Column]
    targets: Targets | None = None
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
                slot: cast("Column", [column[i] for i in rows])
                for slot, column in self.inputs.items()
            },
            targets=None if self.targets is None else targets_at(self.targets, rows),
            groups=None if self.groups is None else tuple(self.groups[i] for i in rows),
        )


def targets_at(targets: Targets, rows: Sequence[int]) -> Targets:
    """Those of the rows, in that order."""
    if isinstance(targets, Ragged):
        return targets.take(rows)
    if isinstance(targets, tuple):
        return tuple(targets[i] for i in rows)
    return targets[list(rows)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSets:
    """labels: those of the task, in the order of the class indices; none where targets are no
    classes. parts: those of each target, where a task has several."""

    labels: tuple[str | int, ...] = ()
    parts: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """All splits of a task, and its labels as `LabelSets` has them.

    `dropped` counts rows left out on purpose (duplicates, conflicting targets), by reason.
    """

    splits: Mapping[str, Examples]
    labels: tuple[str | int, ...]
    dropped: Mapping[str, int]
    parts: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
