"""The forms of a target: how each is read, split by, checked, and handed to training."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from mmbench.cards import Label, TaskCard
from mmbench.data.columns import (
    is_missing,
    keys,
    label_sets,
    labels,
    name_some,
    numbers,
    texts,
    words,
)
from mmbench.data.examples import LabelSets, Targets
from mmbench.data.ragged import Ragged
from mmbench.data.tables import Table
from mmbench.errors import DataError, did_you_mean
from mmbench.kinds import TargetForm

LabelValue = str | int
Counts = Mapping[Any, int]


class TargetType(ABC):
    """One form. contradicts: two different targets of one input cannot both be right."""

    contradicts = True

    def read(self, card: TaskCard, table: Table) -> list[Any]:
        """A value a row, None where it is missing."""
        assert card.target.column is not None, "plan and gather refuse a card without one"
        return self.cells(table, card.target.column, card)

    @abstractmethod
    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]: ...

    def stratum(self, value: Any) -> Hashable:
        """What a cut keeps in proportion: rows of one stratum. None: all alike."""
        return None

    def label_sets(self, card: TaskCard, splits: Mapping[str, Sequence[Any]]) -> LabelSets:
        """splits: the targets of each. DataError where the card or the data are wrong."""
        return LabelSets()

    @abstractmethod
    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets: ...


class ClassTarget(TargetType):
    """One of C classes: [N] int64 class indices."""

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return labels(table, column)

    def stratum(self, value: Any) -> Hashable:
        return value  # type: ignore[no-any-return]

    def label_sets(self, card: TaskCard, splits: Mapping[str, Sequence[Any]]) -> LabelSets:
        return LabelSets(labels=_labels(card.name, "target", card.target.labels, splits))

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        index = _index(known.labels)
        return np.asarray([index[value] for value in values], dtype=np.int64)


class KeyTarget(TargetType):
    """What belongs together: [N] int64, the place of the row's key among the split's own."""

    contradicts = False

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return keys(table, column)

    def stratum(self, value: Any) -> Hashable:
        return value  # type: ignore[no-any-return]

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        index = _index(sorted({str(value) for value in values}))
        return np.asarray([index[value] for value in values], dtype=np.int64)


class LabelSetTarget(TargetType):
    """Any number of C labels: [N, C] float32, 1 where the row has the label."""

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return label_sets(table, column, card.target.separator)

    def label_sets(self, card: TaskCard, splits: Mapping[str, Sequence[Any]]) -> LabelSets:
        return LabelSets(labels=_labels(card.name, "target", card.target.labels, _flat(splits)))

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        index = _index(known.labels)
        found = np.zeros((len(values), len(index)), dtype=np.float32)
        for row, value in enumerate(values):
            found[row, [index[label] for label in value]] = 1.0
        return found


class NumberTarget(TargetType):
    """A number: [N] float32."""

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return numbers(table, column)

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        return np.asarray(values, dtype=np.float32)


class TagsTarget(TargetType):
    """A tag for each word of the text: `Ragged` of tag indices."""

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return words(table, column)

    def label_sets(self, card: TaskCard, splits: Mapping[str, Sequence[Any]]) -> LabelSets:
        return LabelSets(labels=_labels(card.name, "target", card.target.labels, _flat(splits)))

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        index = _index(known.labels)
        return Ragged.of([[index[tag] for tag in value] for value in values])


class TextTarget(TargetType):
    """A text: N of them, as they stand. Two texts of one input may both be right."""

    contradicts = False

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return texts(table, column)

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        return tuple(values)


class SeveralTarget(TargetType):
    """A class of each of K targets: [N, K] int64, in the order of the card's parts."""

    def read(self, card: TaskCard, table: Table) -> list[Any]:
        columns = [self.cells(table, part.column, card) for part in card.target.parts.values()]
        rows = zip(*columns, strict=True)
        return [None if any(map(is_missing, row)) else row for row in rows]

    def cells(self, table: Table, column: str, card: TaskCard) -> list[Any]:
        return labels(table, column)

    def stratum(self, value: Any) -> Hashable:
        """The class of the first target."""
        first: Hashable = value[0]
        return first

    def label_sets(self, card: TaskCard, splits: Mapping[str, Sequence[Any]]) -> LabelSets:
        found = {}
        for place, (name, part) in enumerate(card.target.parts.items()):
            own = {split: [row[place] for row in rows] for split, rows in splits.items()}
            found[name] = _labels(card.name, f"target.parts.{name}", part.labels, own)
        return LabelSets(parts=found)

    def encode(self, values: Sequence[Any], known: LabelSets) -> Targets:
        indices = [_index(own) for own in known.parts.values()]
        rows = [[index[v] for index, v in zip(indices, row, strict=True)] for row in values]
        return np.asarray(rows, dtype=np.int64).reshape(len(values), len(indices))


TARGETS: Mapping[TargetForm, TargetType] = MappingProxyType(
    {
        "class": ClassTarget(),
        "key": KeyTarget(),
        "labels": LabelSetTarget(),
        "number": NumberTarget(),
        "tags": TagsTarget(),
        "text": TextTarget(),
        "classes": SeveralTarget(),
    }
)


# -------------------------------------------------------------------------------- labels


def _labels(
    task: str,
    field: str,
    listed: tuple[Label, ...] | None,
    splits: Mapping[str, Iterable[Any]],
) -> tuple[LabelValue, ...]:
    """The card's labels in its order, or those of the training split sorted, after all checks."""
    found = {name: Counter(values) for name, values in splits.items()}
    in_training = list(found["train"])
    if listed is None:
        known = tuple(sorted(in_training, key=lambda value: (isinstance(value, str), value)))
    else:
        known = tuple(label.value for label in listed)
        _require_listed(task, field, known, found)
    for name, counts in found.items():
        unseen = {value: count for value, count in counts.items() if value not in found["train"]}
        if unseen:
            raise DataError(
                f"task {task}: split {name!r} has labels that no training row has: "
                f"{_counted(unseen)}. Change splits so that training has them, or leave the split "
                "out (a published test split may hide its labels)."
            )
    return known


def _require_listed(
    task: str, field: str, known: Sequence[LabelValue], found: Mapping[str, Counts]
) -> None:
    if len(set(known)) < len(known):
        raise DataError(f"task {task}: {field}.labels repeats a value: {list(known)}")
    for name, counts in found.items():
        unlisted = {value: count for value, count in counts.items() if value not in known}
        if unlisted:
            raise DataError(
                f"task {task}: split {name!r} has labels that {field}.labels lacks: "
                f"{_counted(unlisted)}{_hint(next(iter(unlisted)), known)}; the card lists "
                f"{name_some([repr(label) for label in known])}"
            )
    absent = [repr(label) for label in known if label not in found["train"]]
    if absent:
        raise DataError(
            f"task {task}: no training row has the label {name_some(absent)}; remove it from "
            f"{field}.labels or change splits"
        )


def _hint(value: object, known: Sequence[LabelValue]) -> str:
    spelled = [str(label) for label in known]
    if str(value) in spelled:
        return " (a number and a text differ: quote the label in the card, or do not)"
    return did_you_mean(str(value), spelled)


def _counted(values: Counts) -> str:
    return name_some([f"{value!r} ({count} rows)" for value, count in values.items()])


def _flat(splits: Mapping[str, Sequence[Sequence[Any]]]) -> Mapping[str, list[Any]]:
    return {name: [value for row in rows for value in row] for name, rows in splits.items()}


def _index(known: Iterable[LabelValue]) -> dict[Any, int]:
    return {label: place for place, label in enumerate(known)}
