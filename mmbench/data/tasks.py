"""A task card → the examples of every split, targets in the form that training takes."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from mmbench.cards import Slot, TaskCard
from mmbench.data.columns import is_missing, name_some, read_given
from mmbench.data.examples import Column, Examples, LabelSets, TaskData
from mmbench.data.rows import RowNumbers, Rows, gather
from mmbench.data.sources import read_parts
from mmbench.data.splits import assign, by_content, by_stratum, hash_of, parts_used, split_rules
from mmbench.data.tables import Table
from mmbench.errors import DataError

ID_COLUMN = "id"


def load_task(card: TaskCard, *, limit: int | None = None) -> TaskData:
    """Read, check, split. DataError says what is wrong with the data or with the card.

    `limit` caps each split to so many rows: drawn by a stable hash in the classes' proportions,
    with at least one row of each class; single rows and not whole groups, which cannot leak since
    the groups have been parted before. Every model and seed gets the same rows. Where targets are
    keys, whole keys are drawn, in the order of their hash, up to the first that does not fit. Of a
    test split that draws the candidates as well: fewer of them are easier to find.
    """
    parts = read_parts(card.source)
    rules = split_rules(card, tuple(parts))
    used = {part: parts[part] for part in parts_used(rules)}
    rows = gather(card, used)
    assignment = assign(card, rules, rows)
    splits = assignment.splits
    known = rows.form.label_sets(
        card, {name: [rows.targets[row] for row in s.tolist()] for name, s in splits.items()}
    )
    if limit is not None:
        draw = _draw_keys if rows.keyed else _draw
        splits = {name: draw(card, rows, name, s, limit) for name, s in splits.items()}
    return TaskData(
        splits={name: _examples(card, rows, s, known) for name, s in splits.items()},
        labels=known.labels,
        parts=known.parts,
        dropped=_left_out(card, parts, used, assignment.dropped),
    )


def examples_from(
    inputs: Mapping[Slot, Sequence[str | Path | bytes | Sequence[str]]],
    ids: Sequence[str] | None = None,
) -> Examples:
    """Rows to predict on, without targets. Images and sounds are bytes, a Path or a path as str;
    texts may be lists of their words.

    ids default to "0", "1", …; DataError if columns differ in length, ids repeat, or a value is
    blank, absent or of the wrong type.
    """
    counts = {slot: len(values) for slot, values in inputs.items()}
    if len(set(counts.values())) != 1:
        raise DataError(f"inputs need equally many rows of every modality; there are {counts}")
    (count,) = set(counts.values())
    names = tuple(str(i) for i in range(count)) if ids is None else tuple(ids)
    if len(names) != count or len(set(names)) != count:
        raise DataError(f"{count} rows need {count} different ids; there are {len(set(names))}")
    read: dict[Slot, Column] = {}
    for slot, values in inputs.items():
        filed = slot in ("image", "audio")
        cells = [Path(v) if filed and isinstance(v, str) else v for v in values]
        read[slot] = read_given(Table(where="inputs", columns={slot: cells}), slot, slot)
        blank = [i for i, value in enumerate(read[slot]) if is_missing(value)]
        if blank:
            raise DataError(f"inputs: {slot} is blank in rows {name_some(blank)} (from 0)")
    return Examples(ids=names, inputs=read)


# --------------------------------------------------------------------------------- limit


def _draw(card: TaskCard, rows: Rows, name: str, numbers: RowNumbers, limit: int) -> RowNumbers:
    """At most `limit` of a split's rows, in the order of the source."""
    if len(numbers) <= limit:
        return numbers
    classes = by_stratum(rows, numbers.tolist())
    if name == "train" and limit < len(classes):
        raise DataError(
            f"task {card.name}: a limit of {limit} rows leaves some of {len(classes)} labels "
            f"without a training row; set it to {len(classes)} or more"
        )
    ordered = sorted(classes, key=lambda value: (isinstance(value, str), value))
    shares = _apportion(limit, [len(classes[value]) for value in ordered])
    drawn = [
        row
        for value, share in zip(ordered, shares, strict=True)
        for row in by_content(rows, classes[value])[:share]
    ]
    return np.asarray(sorted(drawn), dtype=np.int64)


def _apportion(limit: int, counts: Sequence[int]) -> list[int]:
    """`limit` < sum(counts) seats by largest remainder; one a class first, if there are enough."""
    first = 1 if limit >= len(counts) else 0
    seats = limit - first * len(counts)
    rows = sum(counts) - first * len(counts)
    exact = [seats * (count - first) / rows for count in counts]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(counts)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: seats - sum(shares)]:
        shares[i] += 1
    return [first + share for share in shares]


def _draw_keys(
    card: TaskCard, rows: Rows, name: str, numbers: RowNumbers, limit: int
) -> RowNumbers:
    """At most `limit` of a split's rows, no key without all of its own, in the order of the source.

    It ends at the first key that does not fit: so a larger draw holds the smaller one.
    """
    if len(numbers) <= limit:
        return numbers
    members = by_stratum(rows, numbers.tolist())
    ordered = sorted(members, key=lambda key: hash_of(str(key)))
    ends = list(accumulate(len(members[key]) for key in ordered))
    count = bisect_right(ends, limit)
    if not count:
        raise DataError(
            f"task {card.name}: a limit of {limit} rows holds no whole key of split {name!r}; the "
            f"first has {ends[0]} rows. Set it to {ends[0]} or more."
        )
    drawn = [row for key in ordered[:count] for row in members[key]]
    return np.asarray(sorted(drawn), dtype=np.int64)


# ------------------------------------------------------------------------------- examples


def _examples(card: TaskCard, rows: Rows, numbers: RowNumbers, known: LabelSets) -> Examples:
    chosen = numbers.tolist()
    groups = rows.groups if card.group is not None else None  # keys are the targets already
    return Examples(
        ids=_ids(rows, chosen),
        inputs={slot: [values[row] for row in chosen] for slot, values in rows.inputs.items()},
        targets=rows.form.encode([rows.targets[row] for row in chosen], known),
        groups=None if groups is None else tuple(str(groups[row]) for row in chosen),
    )


def _ids(rows: Rows, chosen: list[int]) -> tuple[str, ...]:
    """The id column where every row of the split has its own, else `part/row`."""
    part = next(part for part, span in rows.spans.items() if chosen[0] in span)
    table, start = rows.tables[part], rows.spans[part].start
    if ID_COLUMN in table.columns:
        column = table.values(ID_COLUMN)
        own = [column[row - start] for row in chosen]
        ids = tuple(str(value) for value in own if isinstance(value, str | int) and value != "")
        if len(set(ids)) == len(chosen):
            return ids
    return tuple(f"{part}/{row - start}" for row in chosen)


def _left_out(
    card: TaskCard, parts: Mapping[str, Table], used: Mapping[str, Table], copies: Mapping[str, int]
) -> dict[str, int]:
    """Every row that the source holds and no split, unless a rule of the card leaves it out."""
    dropped: Counter[str] = Counter(copies)
    for table in used.values():
        dropped.update(table.skipped)
    if not card.splits:
        for part in parts.keys() - used.keys():
            dropped[f"part {part!r} is no split"] += len(parts[part])
    return dict(sorted(dropped.items()))
