"""The rows of a task as its splits have them, with what several checks ask of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmbench.cards import TaskCard
from mmbench.data.examples import Examples, TaskData
from mmbench.data.ragged import Ragged
from mmbench.data.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRows:
    """data: the splits. rows: what they were made of."""

    card: TaskCard
    data: TaskData
    rows: Rows
    _contents: dict[str, list[bytes]] = field(default_factory=dict, repr=False, compare=False)

    def contents(self, split: str) -> list[bytes]:
        """sha256 of the inputs of each row of the split; media by the content of their file."""
        if split not in self._contents:
            self._contents[split] = _contents(self.data.splits[split])
        return self._contents[split]

    def texts(self, split: str) -> Mapping[str, list[str]]:
        """Slot → the texts of the split's rows; words of a tagged text with no space between."""
        inputs = self.data.splits[split].inputs
        return {
            slot: [_joined(value) for value in inputs[slot]]
            for slot in ("text", "text_pair")
            if slot in inputs
        }

    def targets(self, split: str) -> list[Any]:
        """Of each row, as people read it: labels by their names, texts and numbers as they are."""
        return spelled(self.card, self.data, self.data.splits[split])


def spelled(card: TaskCard, data: TaskData, examples: Examples) -> list[Any]:
    targets = examples.targets
    if targets is None:
        return []
    if isinstance(targets, tuple):
        return list(targets)
    if isinstance(targets, Ragged):
        return [
            tuple(data.labels[tag] for tag in targets.take([row]).values)
            for row in range(len(targets))
        ]
    if data.parts:
        names = list(data.parts.values())
        return [
            tuple(own[i] for own, i in zip(names, row, strict=True)) for row in targets.tolist()
        ]
    if targets.ndim == 2:
        return [tuple(data.labels[i] for i in np.flatnonzero(row)) for row in targets]
    if data.labels:
        return [data.labels[i] for i in targets.tolist()]
    return list(targets.tolist())


def _contents(examples: Examples) -> list[bytes]:
    columns = [examples.inputs[slot] for slot in sorted(examples.inputs)]
    digests = []
    for row in range(len(examples)):
        total = hashlib.sha256()
        for column in columns:
            value = _bytes(column[row])
            total.update(len(value).to_bytes(8, "little"))
            total.update(value)
        digests.append(total.digest())
    return digests


def _bytes(value: str | Sequence[str] | bytes | Path) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, Path):
        return value.read_bytes()
    return _joined(value).encode()


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else "".join(value)
