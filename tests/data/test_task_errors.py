"""What is wrong with data or card is said with its place and the field to change."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import Label, SplitRule, Target
from mmbench.data.tasks import load_task
from mmbench.errors import DataError

ONE_SPLIT = {"train": SplitRule()}


def test_a_missing_column_names_those_there_are_and_the_field(
    make_card: Any, write_csv: Any
) -> None:
    path = write_csv("d.csv", ("text", "label", "author"), [("a", 1, "x")])
    for fields, message in (
        ({"columns": ("txt", "label")}, r"no column 'txt'; did you mean 'text'\?.*Set inputs.text"),
        ({"columns": ("text", "lable")}, r"'label'\?; it has text, label, author. Set target.col"),
        ({"group": "autor"}, r"no column 'autor'; did you mean 'author'\?.*Set group in the task"),
    ):
        with pytest.raises(DataError, match=message):
            load_task(make_card(files={"all": path}, **fields))


def test_missing_values_are_refused_with_their_number_and_places(
    make_card: Any, tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [
        {"text": f"t{i}", "label": i % 2, "author": str(i)} for i in range(20)
    ]
    for column, values, what in (
        ("text", (None, "", " \u3000 "), "the input text"),
        ("label", (None, "", float("nan")), "the target"),
        ("author", (None, "", None), "the group"),
    ):
        broken = [dict(row) for row in rows]
        for place, value in zip((3, 5, 8), values, strict=True):
            broken[place][column] = value
        (tmp_path / "d.jsonl").write_text("\n".join(json.dumps(row) for row in broken))
        card = make_card(files={"all": tmp_path / "d.jsonl"}, group="author", unique=True)
        with pytest.raises(
            DataError,
            match=f"{what} .column '{column}'. is missing or blank in 3 of 20 rows: "
            "all/3, all/5, all/8 ",
        ):
            load_task(card)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": 1.5, "label": 1}, r"'text' holds 1.5 \(float\), not text"),
        ({"text": ["a"], "label": 1}, r"'text' holds \['a'\] \(list\), not text"),
        ({"text": "a", "label": 0.5}, r"'label' holds 0.5 \(float\), not a label"),
        ({"text": "a\ud800", "label": 1}, "hold half of a surrogate pair"),
    ],
)
def test_values_of_the_wrong_type_are_refused(
    make_card: Any, tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    (tmp_path / "d.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match=message):
        load_task(make_card(files={"all": tmp_path / "d.jsonl"}))


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (("a", "b", "c"), "no training row has the label 'c'; remove it from target.labels"),
        (("a",), r"split 'train' has labels that target.labels lacks: 'b' \(20 rows\)"),
        (("a", "b", "a"), "target.labels repeats a value"),
        (None, r"split 'test' has labels that no training row has: '-1' \(2 rows\).*may hide"),
    ],
)
def test_labels_of_card_and_data_must_agree(
    make_card: Any, write_csv: Any, listed: tuple[str, ...] | None, message: str
) -> None:
    header = ("text", "label")
    train = write_csv("train.csv", header, [(f"t{i}", "ab"[i % 2]) for i in range(40)])
    hidden = ("-1", "-1", "a") if listed is None else ("a", "b", "a")
    test = write_csv("test.csv", header, list(zip("xyz", hidden, strict=True)))
    labels = None if listed is None else tuple(Label(value=value) for value in listed)
    card = make_card(
        files={"train": train, "test": test},
        splits={name: SplitRule(part=name) for name in ("train", "test")},
        target=Target(column="label", labels=labels),
    )
    with pytest.raises(DataError, match=message):
        load_task(card)


def test_a_number_that_the_card_quotes_is_explained(make_card: Any, write_csv: Any) -> None:
    path = write_csv("d.csv", ("text", "label"), [("a", 0), ("b", 1)])
    labels = (Label(value="0"), Label(value="1"))
    card = make_card(
        files={"all": path}, splits=ONE_SPLIT, target=Target(column="label", labels=labels)
    )
    with pytest.raises(DataError, match="a number and a text differ: quote the label in the card"):
        load_task(card)
