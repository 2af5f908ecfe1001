"""All rows that a task's splits draw from, under one numbering, before they are split."""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbench.cards import Slot, TaskCard
from mmbench.data.columns import READERS, is_missing, keys, name_some, require_column, words
from mmbench.data.examples import EncodedMedia, Words
from mmbench.data.tables import Table
from mmbench.data.targets import TARGETS, TargetType
from mmbench.errors import DataError
from mmbench.kinds import kind

RowNumbers = NDArray[np.int64]
"""Which rows, by their number in `Rows`, in the order of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """N rows: those of the parts in `tables`, one part after the other.

    inputs, targets, groups: N values each, None where missing. form: what the targets are. groups:
    what no cut divides, the card's groups or else the keys. spans: part → its row numbers.
    """

    tables: Mapping[str, Table]
    spans: Mapping[str, range]
    inputs: Mapping[Slot, list[Any]]  # str, Words, or EncodedMedia
    targets: Sequence[Any]
    form: TargetType
    groups: Sequence[str | None] | None
    _content: dict[int, bytes] = field(default_factory=dict, repr=False, compare=False)

    def content(self, row: int) -> bytes:
        """sha256 of the row's inputs, images by the content of their file; kept once computed."""
        if row not in self._content:
            digest = hashlib.sha256()
            for slot in sorted(self.inputs):
                value = _as_bytes(self.inputs[slot][row])
                digest.update(b"%s %d " % (slot.encode(), len(value)))
                digest.update(value)
            self._content[row] = digest.digest()
        return self._content[row]

    @property
    def keyed(self) -> bool:
        """The targets are keys, which say what belongs together."""
        return self.form is TARGETS["key"]

    def stratum(self, row: int) -> Hashable:
        return self.form.stratum(self.targets[row])

    def place(self, row: int) -> str:
        """`part/row`, the row counted from 0 within its part."""
        part = next(part for part, span in self.spans.items() if row in span)
        return f"{part}/{row - self.spans[part].start}"


def gather(card: TaskCard, tables: Mapping[str, Table]) -> Rows:
    """The card's columns of all `tables`; DataError if one is absent or of the wrong type."""
    columns: dict[str, str] = {f"inputs.{slot}": column for slot, column in card.inputs.items()}
    columns |= card.target_columns
    if card.group is not None:
        columns["group"] = card.group
    for table in tables.values():
        for field_name, column in columns.items():
            require_column(table, column, field_name)
    everything = list(tables.values())
    ends = list(accumulate((len(table) for table in everything), initial=0))
    form = TARGETS[kind(card.kind).target]
    tagged = form is TARGETS["tags"]
    inputs = {
        slot: [
            value
            for table in everything
            for value in (words if tagged else READERS[slot])(table, column)
        ]
        for slot, column in card.inputs.items()
    }
    targets = [value for table in everything for value in form.read(card, table)]
    group = card.group or (card.target.column if form is TARGETS["key"] else None)
    return Rows(
        tables=tables,
        spans={part: range(*ab) for part, ab in zip(tables, pairwise(ends), strict=True)},
        inputs=inputs,
        targets=targets,
        form=form,
        groups=(None if group is None else [v for table in everything for v in keys(table, group)]),
    )


def require_complete(card: TaskCard, rows: Rows, used: Iterable[int]) -> None:
    """DataError if a row that a split uses lacks an input, its target or its group."""
    checked = list(used)
    columns: list[tuple[str, str, Sequence[object]]] = [
        (f"input {slot}", card.inputs[slot], values) for slot, values in rows.inputs.items()
    ]
    columns.append(("target", ", ".join(card.target_columns.values()), rows.targets))
    if rows.groups is not None and card.group is not None:
        columns.append(("group", card.group, rows.groups))
    for what, column, values in columns:
        missing = [row for row in checked if is_missing(values[row])]
        if missing:
            places = name_some([rows.place(row) for row in missing])
            raise DataError(
                f"task {card.name}: the {what} (column {column!r}) is missing or blank in "
                f"{len(missing)} of {len(checked)} rows: {places} (rows counted from 0). Fill or "
                "remove them; nothing is dropped in silence."
            )
    if rows.form is TARGETS["tags"]:
        _require_a_tag_each(card, rows, checked)


def _require_a_tag_each(card: TaskCard, rows: Rows, used: Sequence[int]) -> None:
    wrong = [
        row
        for row in used
        for values in rows.inputs.values()
        if len(values[row]) != len(rows.targets[row])
    ]
    if wrong:
        raise DataError(
            f"task {card.name}: {len(wrong)} of {len(used)} rows have not one tag a word: "
            f"{name_some([rows.place(row) for row in wrong])} (rows counted from 0)"
        )


def copies(rows: Rows, used: Iterable[int]) -> tuple[set[int], dict[str, int]]:
    """The rows to leave out so that no input stands twice, and how many by reason.

    Of an input with one target the first row stays; of one with several classes, none. An input
    is the image with the text where there are both: one of them alone may stand in many rows. Of
    several keys or texts the first row stays as well, since these contradict nothing.
    """
    same: dict[bytes, list[int]] = {}
    for row in used:
        same.setdefault(rows.content(row), []).append(row)
    duplicate: set[int] = set()
    conflicting: set[int] = set()
    for members in same.values():
        if rows.form.contradicts and len({rows.targets[row] for row in members}) > 1:
            conflicting.update(members)
        else:
            duplicate.update(members[1:])
    counts = {"duplicate": len(duplicate), "conflicting target": len(conflicting)}
    return duplicate | conflicting, counts


def _as_bytes(value: str | Words | EncodedMedia | None) -> bytes:
    assert value is not None, "rows are checked to be complete before they are hashed"
    if isinstance(value, tuple):
        return "\0".join(value).encode()
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Path):
        return value.read_bytes()
    return value
