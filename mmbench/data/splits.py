"""Which row goes into which split. It depends on what the rows hold, not on their order or place.

Cuts go by sha256: of the group key where the card names a group, of the key where targets are keys,
of the inputs otherwise. So the same rows are held out on every machine, with every model and seed,
and after a row is added.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from mmbench.cards import SplitRule, TaskCard
from mmbench.data.columns import name_some, require_column
from mmbench.data.rows import RowNumbers, Rows, copies, require_complete
from mmbench.errors import DataError, did_you_mean

TRAINING_SPLITS = ("train", "validation")
"""The splits that training sees: what they share with another split is a leak."""

USUAL_PARTS = {"train": ("train",), "test": ("test",), "validation": ("validation", "dev", "val")}
USUAL_CUTS = {"test": 0.2, "validation": 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """splits: name → its rows. dropped: rows left out on purpose, by reason."""

    splits: Mapping[str, RowNumbers]
    dropped: Mapping[str, int]


def split_rules(card: TaskCard, parts: Sequence[str]) -> dict[str, SplitRule]:
    """The card's rules, or the usual ones, each with its part named unless it is a cut.

    DataError if a rule names a part that the source has not, or none where it has several.
    """
    if not card.splits:
        return _usual_rules(card, parts)
    rules = {}
    for name, rule in card.splits.items():
        if rule.cut_from is None:
            if rule.part is None and len(parts) > 1:
                raise DataError(
                    f"task {card.name}: the source has the parts {', '.join(parts)}; "
                    f"set splits.{name}.part"
                )
            rule = replace(rule, part=rule.part or parts[0])
            if rule.part not in parts:
                raise DataError(
                    f"task {card.name}: splits.{name}.part is {rule.part!r}"
                    f"{did_you_mean(str(rule.part), parts)}; the source has {', '.join(parts)}"
                )
        rules[name] = rule
    return rules


def parts_used(rules: Mapping[str, SplitRule]) -> tuple[str, ...]:
    """The parts that some split draws from."""
    return tuple(dict.fromkeys(rule.part for rule in rules.values() if rule.part is not None))


def assign(card: TaskCard, rules: Mapping[str, SplitRule], rows: Rows) -> Assignment:
    """Every split's rows, by `rules` of `split_rules` over the `rows` of the parts they use.

    A `fraction` is of what the split that is cut held before any cut: with 20 % and 10 %, 70 %
    stay. DataError if a rule matches nothing, a value is missing, a split ends up empty, or one
    shares rows, groups or keys with a split that training sees.
    """
    splits = {
        name: _select(card, name, rule, rows)
        for name, rule in rules.items()
        if rule.cut_from is None
    }
    used = sorted({row for numbers in splits.values() for row in numbers.tolist()})
    require_complete(card, rows, used)
    dropped: dict[str, int] = {}
    if card.unique:
        out, dropped = copies(rows, used)
        splits = {n: _numbers([r for r in s.tolist() if r not in out]) for n, s in splits.items()}
    splits = _cut(card, rules, rows, splits)
    for name, numbers in splits.items():
        if not len(numbers):
            raise DataError(
                f"task {card.name}: split {name!r} is empty; check splits.{name}"
                + (" and the other fractions" if rules[name].cut_from else "")
            )
    _require_separate(card, rows, splits)
    return Assignment(splits={name: splits[name] for name in rules}, dropped=dropped)


# ------------------------------------------------------------------------------- selection


def _usual_rules(card: TaskCard, parts: Sequence[str]) -> dict[str, SplitRule]:
    rules: dict[str, SplitRule] = {}
    for name, usual in USUAL_PARTS.items():
        found = [part for part in usual if part in parts]
        if len(found) > 1:
            raise DataError(
                f"task {card.name}: the parts {' and '.join(found)} could both be {name!r}; "
                f"set splits in the card"
            )
        if found:
            rules[name] = SplitRule(part=found[0])
    if len(parts) == 1:
        rules = {"train": SplitRule(part=parts[0])}
    if "train" not in rules:
        raise DataError(
            f"task {card.name}: no part is named 'train'; the source has {', '.join(parts)}. "
            "Set splits in the card."
        )
    for name, fraction in USUAL_CUTS.items():
        rules.setdefault(name, SplitRule(cut_from="train", fraction=fraction))
    return rules


def _select(card: TaskCard, name: str, rule: SplitRule, rows: Rows) -> RowNumbers:
    assert rule.part is not None, "split_rules names the part"
    table = rows.tables[rule.part]
    kept = np.ones(len(table), dtype=bool)
    for column, wanted in rule.where.items():
        require_column(table, column, f"splits.{name}.where")
        cells = [_spelling(value) for value in table.values(column)]
        known = list(dict.fromkeys(cells))
        accepted = {_spelling(value) for value in wanted}
        for value in sorted(accepted.difference(known)):
            raise DataError(
                f"task {card.name}: splits.{name}.where.{column}: no row holds {value!r}"
                f"{did_you_mean(value, known[:1000])}; the column holds {name_some(known)}"
            )
        kept &= np.fromiter((cell in accepted for cell in cells), dtype=bool, count=len(cells))
    return _numbers(np.flatnonzero(kept) + rows.spans[rule.part].start)


def _spelling(value: object) -> str:
    """Values match if they are written alike: a CSV knows no types, and 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text


# ------------------------------------------------------------------------------------ cuts


def _cut(
    card: TaskCard, rules: Mapping[str, SplitRule], rows: Rows, splits: dict[str, RowNumbers]
) -> dict[str, RowNumbers]:
    """`splits` with those that are cut from another, in the order of the card."""
    whole = dict(splits)
    left = dict(splits)
    for name, rule in rules.items():
        if rule.cut_from is None or rule.fraction is None:
            continue
        if rule.cut_from not in whole:
            raise DataError(
                f"task {card.name}: splits.{name} is cut from {rule.cut_from!r}, which is itself "
                "cut later; put it first"
            )
        source, rest = whole[rule.cut_from].tolist(), left[rule.cut_from].tolist()
        if rows.groups is not None:
            taken = _first_groups(rows.groups, source, rest, rule.fraction)
        else:
            taken = _first_of_each_class(rows, source, rest, rule.fraction)
        left[rule.cut_from] = _numbers([row for row in rest if row not in taken])
        whole[name] = left[name] = _numbers([row for row in rest if row in taken])
    return left


def _first_groups(
    groups: Sequence[str | None], whole: list[int], rest: list[int], fraction: float
) -> set[int]:
    """All rows of the first groups in `rest`, by hash, until they are `fraction` of `whole`'s."""
    count = math.ceil(fraction * len({groups[row] for row in whole}) - 1e-9)
    ordered = sorted({groups[row] or "" for row in rest}, key=hash_of)
    chosen = set(ordered[:count])
    return {row for row in rest if groups[row] in chosen}


def _first_of_each_class(
    rows: Rows, whole: list[int], rest: list[int], fraction: float
) -> set[int]:
    """Of each class, the first rows in `rest` by hash: `fraction` of the class's in `whole`."""
    count = {stratum: len(members) for stratum, members in by_stratum(rows, whole).items()}
    taken: set[int] = set()
    for target, members in by_stratum(rows, rest).items():
        taken.update(by_content(rows, members)[: round(fraction * count[target])])
    return taken


def by_stratum(rows: Rows, numbers: list[int]) -> dict[Any, list[int]]:
    """Class or key → its rows; all under one where targets are neither."""
    strata: dict[Any, list[int]] = {}
    for row in numbers:
        strata.setdefault(rows.stratum(row), []).append(row)
    return strata


def by_content(rows: Rows, numbers: list[int]) -> list[int]:
    """Rows in the order of their hash; equal rows in the order of the source."""
    return sorted(numbers, key=lambda row: (rows.content(row), row))


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _numbers(rows: Sequence[int] | RowNumbers) -> RowNumbers:
    return np.asarray(rows, dtype=np.int64)


# ---------------------------------------------------------------------------------- checks


def _require_separate(card: TaskCard, rows: Rows, splits: Mapping[str, RowNumbers]) -> None:
    """Two test splits may share rows, groups or keys; a split that training sees shares nothing.

    A split in `group_exempt` may share groups and keys with those before it (train, then
    validation), never rows.
    """
    seen = [name for name in TRAINING_SPLITS if name in splits]
    others = [name for name in splits if name not in seen]
    for first, second in combinations([*seen, *others], 2):
        if first in others:
            break
        shared = np.intersect1d(splits[first], splits[second])
        if len(shared):
            places = name_some([rows.place(row) for row in shared.tolist()])
            raise DataError(
                f"task {card.name}: splits {first!r} and {second!r} share {len(shared)} rows "
                f"({places}); make their part or where differ"
            )
        if second not in card.group_exempt:
            _require_apart(card, rows, splits, first, second)


def _require_apart(
    card: TaskCard, rows: Rows, splits: Mapping[str, RowNumbers], first: str, second: str
) -> None:
    """No group and no key in both splits."""
    together: list[tuple[str, str | None, Sequence[object]]] = []
    if card.group is not None and rows.groups is not None:
        together.append(("group", card.group, rows.groups))
    if rows.keyed:
        together.append(("key", card.target.column, rows.targets))
    for what, column, values in together:
        common = {values[row] for row in splits[first]} & {values[row] for row in splits[second]}
        if common:
            exempt = f"list {second!r} in group_exempt"
            if card.group is None:
                exempt = f"set group: {column} and {exempt}"
            raise DataError(
                f"task {card.name}: splits {first!r} and {second!r} share {len(common)} {what}s "
                f"of column {column!r}: {name_some(sorted(map(repr, common)))}. Keep each {what} "
                f"in one split, or {exempt}."
            )
