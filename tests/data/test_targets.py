"""What each form of target is read as, cut by, and handed to training as."""

from typing import Any

import numpy as np
import pytest

from mmbench.cards import BundledData, Label, Target, TargetPart, TaskCard
from mmbench.data.examples import LabelSets
from mmbench.data.ragged import Ragged
from mmbench.data.tables import Table
from mmbench.data.targets import TARGETS
from mmbench.errors import CardError, DataError
from mmbench.kinds import TargetForm


def card(target: Target) -> TaskCard:
    return TaskCard(
        name="t",
        version=1,
        kind="classification",
        languages=("en",),
        inputs={"text": "x"},
        target=target,
        source=BundledData(via="bundled", files={"train": "x.parquet"}),
        metrics=("accuracy",),
    )


def table(*cells: Any, **columns: list[Any]) -> Table:
    return Table(where="t.csv", columns=columns or {"y": list(cells)})


def read(form: TargetForm, target: Target, found: Table) -> list[Any]:
    return TARGETS[form].read(card(target), found)


def test_label_sets_come_from_lists_or_from_a_separated_text() -> None:
    lists = table(["b", "a"], [], ["a", "a"], None)
    assert read("labels", Target(column="y"), lists) == [("b", "a"), (), ("a",), None]
    texts = table("b | a", "a", "", None)
    target = Target(column="y", separator="|")
    assert read("labels", target, texts) == [("b", "a"), ("a",), (), None]


def test_a_text_without_a_separator_is_no_set_of_labels() -> None:
    with pytest.raises(DataError, match=r"holds 'a b' \(str\), not a list of labels"):
        read("labels", Target(column="y"), table("a b"))


def test_label_sets_become_one_column_a_label() -> None:
    form = TARGETS["labels"]
    splits = {"train": [("b", "a"), ("a",)], "test": [(), ("b",)]}
    known = form.label_sets(card(Target(column="y")), splits)
    assert known.labels == ("a", "b")
    np.testing.assert_array_equal(form.encode(splits["train"], known), [[1, 1], [1, 0]])
    np.testing.assert_array_equal(form.encode(splits["test"], known), [[0, 0], [0, 1]])


def test_a_label_that_no_training_row_has_is_refused_wherever_it_stands() -> None:
    with pytest.raises(DataError, match=r"split 'test' has labels that no training row has: 'c'"):
        TARGETS["labels"].label_sets(
            card(Target(column="y")), {"train": [("a",)], "test": [("a", "c")]}
        )
    with pytest.raises(DataError, match=r"split 'test' has labels that no training row has: 'I-X'"):
        TARGETS["tags"].label_sets(
            card(Target(column="y")), {"train": [("O", "B-X")], "test": [("O", "I-X")]}
        )


def test_numbers_may_be_spelled_out_and_must_be_finite() -> None:
    found = read("number", Target(column="y"), table(1, 2.5, "3e-1", None, ""))
    assert found == [1.0, 2.5, 0.3, None, None]
    for wrong in ("many", float("inf"), "nan", [1]):
        with pytest.raises(DataError, match="not a number"):
            read("number", Target(column="y"), table(wrong))
    encoded = TARGETS["number"].encode([1.0, 2.5], LabelSets())
    assert isinstance(encoded, np.ndarray)
    assert encoded.dtype == np.float32


def test_tags_are_one_a_word() -> None:
    form = TARGETS["tags"]
    rows = read("tags", Target(column="y"), table(["O", "B-X", "I-X"], ["O"]))
    known = form.label_sets(card(Target(column="y")), {"train": rows})
    encoded = form.encode(rows, known)
    assert isinstance(encoded, Ragged)
    assert known.labels == ("B-X", "I-X", "O")
    assert [row.tolist() for row in encoded.rows()] == [[2, 0, 1], [2]]


def test_several_targets_have_labels_of_their_own() -> None:
    parts = {
        "shape": TargetPart(column="shape"),
        "size": TargetPart(column="n", labels=(Label(value=2), Label(value=1)), weight=0.5),
    }
    target = Target(parts=parts)
    rows = read("classes", target, table(shape=["round", "flat", ""], n=[1, 2, 2]))
    assert rows == [("round", 1), ("flat", 2), None]
    form = TARGETS["classes"]
    known = form.label_sets(card(target), {"train": rows[:2]})
    assert known.parts == {"shape": ("flat", "round"), "size": (2, 1)}
    np.testing.assert_array_equal(form.encode(rows[:2], known), [[1, 1], [0, 0]])
    assert form.stratum(rows[0]) == "round"


def test_a_part_names_its_place_in_the_card_when_its_labels_are_wrong() -> None:
    target = Target(parts={"size": TargetPart(column="n", labels=(Label(value=1),))})
    with pytest.raises(DataError, match=r"target\.parts\.size\.labels lacks: 2 \(1 rows\)"):
        TARGETS["classes"].label_sets(card(target), {"train": [(1,), (2,)]})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "either a column, or parts"),
        ({"column": "y", "parts": {"a": TargetPart(column="y")}}, "either a column, or parts"),
        ({"parts": {"a": TargetPart(column="y")}, "separator": "|"}, "do not go with parts"),
    ],
)
def test_a_target_is_one_column_or_several_parts(fields: Any, message: str) -> None:
    with pytest.raises(CardError, match=message):
        Target(**fields)


def test_a_weight_lies_above_zero() -> None:
    with pytest.raises(CardError, match="weight is 0"):
        TargetPart(column="y", weight=0)
