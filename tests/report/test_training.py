"""Learning curves: a few points of each, and in-batch accuracy under its own name."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Document, Lang
from mmbench.report.training import MOST_POINTS
from mmbench.store import Stored
from tests.report.reading import column, only, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def test_in_batch_accuracy_names_its_batch_and_is_never_called_a_recall(
    documents: dict[Lang, Document],
) -> None:
    table = table_with(documents["en"], "in-batch accuracy")
    assert column(table, "in-batch accuracy")[0] == "10.0% (batch of 256)"
    assert "it is not a recall" in words(documents["en"])
    assert "它不是召回率" in words(documents["zh"])
    headers = [c.header for c in table.columns]
    assert not any("recall" in header for header in headers)


def test_a_batch_is_no_larger_than_the_training_split(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    few = tuple(replace(facts, examples=98) for facts in pair.data)
    table = table_with(build(store_all([replace(pair, data=few)]), lang="en"), "training loss")
    assert column(table, "in-batch accuracy")[0] == "10.0% (batch of 98)"


def test_without_in_batch_accuracy_there_is_no_column_for_it(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    bare = replace(pair, curve=tuple(replace(point, in_batch={}) for point in pair.curve))
    found = build(store_all([bare]), lang="en")
    assert "training loss" in words(found)
    assert "In-batch accuracy" not in words(found)


def test_a_long_curve_is_cut_to_its_ends_its_best_and_some_between(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    table = table_with(build(store_all([pair]), lang="en"), "training loss")
    steps = [int(step) for step in column(table, "step")]
    assert len(steps) == MOST_POINTS < 15
    assert (steps[0], steps[-1]) == (10, 150)
    assert steps == sorted(steps)
    remarks = dict(zip(steps, column(table, "remark"), strict=True))
    assert [step for step, remark in remarks.items() if remark == "best"] == [140]


def test_only_the_learning_rate_that_was_chosen_has_a_curve(
    records: list[Record], store_all: StoreAll
) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    table = table_with(build(store_all([pair]), lang="en"), "training loss")
    assert set(column(table, "learning rate")) == {"0.001"}


def test_records_without_a_curve_give_no_empty_table(
    records: list[Record], store_all: StoreAll
) -> None:
    found = build(store_all(only(records, task="fixture-reviews")), lang="en")
    assert "Learning curves" not in words(found)


def test_a_loss_close_to_nothing_keeps_its_size(records: list[Record], store_all: StoreAll) -> None:
    (pair,) = only(records, task="fixture-match-en", models=("fixture-pair-en",))
    tiny = tuple(replace(point, train_loss=2.4e-5) for point in pair.curve)
    table = table_with(build(store_all([replace(pair, curve=tiny)]), lang="en"), "training loss")
    assert set(column(table, "training loss")) == {"2.4e-05"}
