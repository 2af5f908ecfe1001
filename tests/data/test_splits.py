"""Splits: stable, stratified, and nothing in training that is also in a test."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmbench.cards import SplitRule, Target, TaskCard
from mmbench.data.rows import Rows, gather
from mmbench.data.splits import assign, split_rules
from mmbench.data.tables import Table
from mmbench.errors import DataError

Parts = Mapping[str, Mapping[str, list[Any]]]

CUT = {
    "train": SplitRule(),
    "test": SplitRule(cut_from="train", fraction=0.2),
    "validation": SplitRule(cut_from="train", fraction=0.1),
}


def card_of(**fields: Any) -> TaskCard:
    return TaskCard(
        name="mine",
        version=1,
        kind="classification",
        languages=("en",),
        inputs={"text": "text"},
        target=Target(column="label"),
        source=None,  # type: ignore[arg-type]  # the tables are made here
        metrics=("accuracy",),
        **fields,
    )


def split(parts: Parts, **fields: Any) -> tuple[dict[str, list[int]], Rows, Mapping[str, int]]:
    card = card_of(**fields)
    tables = {
        part: Table(where=f"{part}.csv", columns=dict(columns)) for part, columns in parts.items()
    }
    rules = split_rules(card, tuple(tables))
    rows = gather(card, tables)
    made = assign(card, rules, rows)
    return {name: numbers.tolist() for name, numbers in made.splits.items()}, rows, made.dropped


def table(count: int, **columns: list[Any]) -> dict[str, list[Any]]:
    texts = [f"text {i}" for i in range(count)]
    return {"text": texts, "label": [i % 2 for i in range(count)], **columns}


# ------------------------------------------------------------------------- parts and where


def test_parts_with_the_usual_names_are_the_splits() -> None:
    parts = {"test": table(4), "dev": table(2), "train": table(10), "extra": table(2)}
    splits, rows, _ = split(parts)
    places = {name: {rows.place(row).split("/")[0] for row in s} for name, s in splits.items()}
    assert places == {"train": {"train"}, "validation": {"dev"}, "test": {"test"}}


def test_what_is_missing_is_cut_from_train() -> None:
    splits, _, _ = split({"train": table(1000), "test": table(10)})
    assert {name: len(s) for name, s in splits.items()} == {
        "train": 900,
        "test": 10,
        "validation": 100,
    }


def test_one_part_of_any_name_is_cut_in_70_20_10() -> None:
    splits, _, _ = split({"all": table(1000)})
    assert {name: len(s) for name, s in splits.items()} == {
        "train": 700,
        "test": 200,
        "validation": 100,
    }
    assert sorted(row for s in splits.values() for row in s) == list(range(1000))


def test_where_selects_rows_by_what_a_column_holds() -> None:
    fold = ["True", "true", "false", "3"] * 5
    number = [1.0, 2.0, 3.0, 4.5] * 5
    rules = {
        "train": SplitRule(where={"fold": (True, 3)}),
        "test": SplitRule(where={"fold": ("false",), "number": (3,)}),
    }
    splits, _, _ = split({"all": table(20, fold=fold, number=number)}, splits=rules)
    assert splits["train"] == [i for i in range(20) if i % 4 != 2]
    assert splits["test"] == [i for i in range(20) if i % 4 == 2]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"train": SplitRule(part="trian")},
            r"splits.train.part is 'trian'; did you mean 'train'\?; the source has train, other",
        ),
        ({"train": SplitRule()}, r"the source has the parts train, other; set splits.train.part"),
        (
            {"train": SplitRule(part="train", where={"flod": ("a",)})},
            r"no column 'flod'; did you mean 'fold'.*Set splits.train.where",
        ),
        (
            {"train": SplitRule(part="train", where={"fold": ("a", "tset")})},
            r"splits.train.where.fold: no row holds 'tset'; did you mean 'test'.*holds a, test",
        ),
        (
            {
                "train": SplitRule(part="train"),
                "validation": SplitRule(cut_from="test", fraction=0.5),
                "test": SplitRule(cut_from="train", fraction=0.5),
            },
            "splits.validation is cut from 'test', which is itself cut later; put it first",
        ),
        (
            {
                "train": SplitRule(cut_from="test", fraction=0.5),
                "test": SplitRule(cut_from="train", fraction=0.5),
            },
            "splits.train is cut from 'test', which is itself cut later",
        ),
        (
            {
                "train": SplitRule(part="train"),
                "test": SplitRule(part="train", where={"fold": ("a",)}),
            },
            r"splits 'train' and 'test' share 5 rows \(train/0, ",
        ),
        (
            {
                "train": SplitRule(part="train"),
                "test": SplitRule(cut_from="train", fraction=0.01),
            },
            "split 'test' is empty; check splits.test and the other fractions",
        ),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(rules: dict[str, SplitRule], message: str) -> None:
    parts = {"train": table(10, fold=["a", "test"] * 5), "other": table(4)}
    with pytest.raises(DataError, match=message):
        split(parts, splits=rules)


def test_parts_without_a_train_or_with_two_of_a_kind_are_refused() -> None:
    with pytest.raises(DataError, match="no part is named 'train'; the source has a, b"):
        split({"a": table(4), "b": table(4)})
    with pytest.raises(DataError, match="dev and val could both be 'validation'; set splits"):
        split({"train": table(4), "dev": table(4), "val": table(4)})


def test_two_test_splits_may_share_rows_and_groups() -> None:
    parts = {"all": table(8, fold=["a", "b"] * 4, group=[0, 1, 0, 1, 2, 3, 2, 3])}
    rules = {
        "train": SplitRule(where={"fold": ("a",)}),
        "test": SplitRule(where={"fold": ("b",)}),
        "test_two": SplitRule(where={"fold": ("b",)}),
    }
    splits, _, _ = split(parts, splits=rules, group="group")
    assert splits["test"] == splits["test_two"]


# ------------------------------------------------------------------------------------ cuts


def test_each_class_gives_its_share() -> None:
    labels = ["rare"] * 30 + ["common"] * 970
    splits, rows, _ = split({"all": table(1000) | {"label": labels}}, splits=CUT)
    counts = {name: Counter(rows.targets[row] for row in s) for name, s in splits.items()}
    assert counts == {
        "train": {"rare": 21, "common": 679},
        "test": {"rare": 6, "common": 194},
        "validation": {"rare": 3, "common": 97},
    }


@given(st.permutations(range(40)))
def test_the_order_of_the_rows_does_not_change_their_split(order: list[int]) -> None:
    whole = table(40)
    shuffled = {name: [column[i] for i in order] for name, column in whole.items()}
    assert texts_of({"all": whole}) == texts_of({"all": shuffled})


def texts_of(parts: Parts) -> dict[str, set[Any]]:
    splits, rows, _ = split(parts, splits=CUT)
    return {name: {rows.inputs["text"][row] for row in s} for name, s in splits.items()}


def test_a_new_row_moves_few_others() -> None:
    before, after = texts_of({"all": table(1000)}), texts_of({"all": table(1001)})
    assert len(before["test"] - after["test"]) <= 1


@given(
    groups=st.lists(st.integers(0, 40).map(str), min_size=30, max_size=200).filter(
        lambda groups: len(set(groups)) >= 10
    ),
    order=st.randoms(use_true_random=False),
)
def test_a_group_is_never_split_and_row_order_does_not_matter(
    groups: list[str], order: random.Random
) -> None:
    whole = table(len(groups), group=groups)
    splits, _, _ = split({"all": whole}, splits=CUT, group="group")
    homes: dict[str, set[str]] = defaultdict(set)
    for name, numbers in splits.items():
        for row in numbers:
            homes[groups[row]].add(name)
    assert all(len(names) == 1 for names in homes.values())
    count = Counter(next(iter(names)) for names in homes.values())
    assert count["test"] >= 0.2 * len(homes) > count["test"] - 1

    shuffled = list(range(len(groups)))
    order.shuffle(shuffled)
    moved = {name: [column[i] for i in shuffled] for name, column in whole.items()}
    again, rows, _ = split({"all": moved}, splits=CUT, group="group")
    assert rows.groups is not None
    assert {
        g: {n for n, s in again.items() for row in s if rows.groups[row] == g} for g in homes
    } == homes


def test_a_share_of_groups_is_not_one_too_many_for_the_floats() -> None:
    groups = [str(i // 10) for i in range(300)]  # 0.1 × 30 is 3.0000000000000004
    rules = {"train": SplitRule(), "test": SplitRule(cut_from="train", fraction=0.1)}
    splits, _, _ = split({"all": table(300, group=groups)}, splits=rules, group="group")
    assert len({groups[row] for row in splits["test"]}) == 3


def test_groups_in_two_splits_are_refused_unless_exempt() -> None:
    parts = {
        "train": table(6, group=["a", "b", "c"] * 2),
        "test": table(4, group=["c", "d"] * 2),
        "validation": table(2, group=["e", "f"]),
    }
    rules = {name: SplitRule(part=name) for name in parts}
    with pytest.raises(
        DataError, match=r"'train' and 'test' share 1 groups of column 'group': 'c'.*group_exempt"
    ):
        split(parts, splits=rules, group="group")
    splits, _, _ = split(parts, splits=rules, group="group", group_exempt=("test",))
    assert len(splits["test"]) == 4
    parts["validation"]["group"] = ["d", "f"]
    with pytest.raises(DataError, match="'validation' and 'test' share 1 groups"):
        split(
            {"train": table(2, group=["x", "y"]), **{n: parts[n] for n in ("test", "validation")}},
            splits=rules,
            group="group",
            group_exempt=("validation",),
        )


# ---------------------------------------------------------------------------------- unique


def test_copies_are_counted_as_by_brute_force() -> None:
    rng = random.Random(0)
    pairs = [(f"t{rng.randrange(300)}", rng.choice([0, 0, 0, 1])) for _ in range(1000)]
    texts, labels = map(list, zip(*pairs, strict=True))
    splits, _, dropped = split({"all": {"text": texts, "label": labels}}, splits=CUT, unique=True)
    conflicting = [t for t in texts if len({label for u, label in pairs if u == t}) > 1]
    first = [i for i, t in enumerate(texts) if t not in conflicting and texts.index(t) == i]
    assert dropped == {
        "conflicting target": len(conflicting),
        "duplicate": 1000 - len(conflicting) - len(first),
    }
    assert sorted(row for s in splits.values() for row in s) == first
    assert min(dropped.values()) > 0


def test_a_copy_in_another_part_is_dropped_too() -> None:
    test: dict[str, list[Any]] = {
        "text": ["text 0", "new", "text 3", "newer"],
        "label": [0, 1, 0, 0],
    }
    validation: dict[str, list[Any]] = {"text": ["x", "y"], "label": [0, 1]}
    parts = {"train": table(10), "test": test, "validation": validation}
    splits, rows, dropped = split(parts, unique=True)
    assert [rows.inputs["text"][row] for row in splits["test"]] == ["new", "newer"]
    assert "text 3" not in [rows.inputs["text"][row] for row in splits["train"]]
    assert dropped == {"duplicate": 1, "conflicting target": 2}
