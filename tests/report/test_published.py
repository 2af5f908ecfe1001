"""Published values: only like beside like, both protocols told, sources cited."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.cards.model import Published
from mmbench.cards.recipe import Strategy
from mmbench.records import Record
from mmbench.report.document import Block, BulletList, Table
from mmbench.report.findings import findings
from mmbench.report.i18n import Messages
from mmbench.report.published import published
from mmbench.store import Stored
from tests.compare.conftest import make_record

StoreAll = Callable[[list[Record]], list[Stored]]
SOURCE = "https://example.org/paper"


def record(
    protocol: str,
    strategy: Strategy = "full",
    *,
    task: str = "fixture-task",
    metric: str = "accuracy",
    limit: int | None = None,
    before: float | None = None,
) -> Record:
    value = Published(task=task, metric=metric, value=0.9, protocol=protocol, source=SOURCE)
    made = make_record(strategy=strategy, test=(0.85, 0.8, 0.9), limit=limit, before=before)
    trial = replace(made.trial, model=replace(made.trial.model, published=(value,)))
    return replace(made, trial=trial, key=trial.key)


@pytest.fixture(name="told")
def fixture_told(store_all: StoreAll) -> Callable[..., list[Block]]:
    return lambda *records: published(findings(store_all(list(records))), Messages("en"))


def test_ours_stands_beside_with_the_difference_and_both_protocols(
    told: Callable[..., list[Block]],
) -> None:
    _, _, table, sources = told(record("fine-tuned, hidden test set", limit=1000))
    assert isinstance(table, Table)
    (row,) = table.rows
    assert row[2:] == (
        "accuracy (%)",
        "85.0 [80.0,\N{NO-BREAK SPACE}90.0]",
        "90.0",
        "−5.0",
        "full, test (n = 200), 1 seed, at most 1,000 rows a split",
        "fine-tuned, hidden test set",
    )
    assert isinstance(sources, BulletList)
    assert sources.items == (f"a: {SOURCE}",)


@pytest.mark.parametrize(
    ("protocol", "strategy"),
    [
        ("fine-tuned, test set", "probe"),
        ("linear probe, test set", "full"),
        ("zero-shot, test set", "full"),
        ("ensemble of ten", "full"),
    ],
)
def test_unlike_is_not_set_beside(
    told: Callable[..., list[Block]], protocol: str, strategy: Strategy
) -> None:
    assert told(record(protocol, strategy)) == []


def test_other_tasks_and_metrics_are_not_ours(told: Callable[..., list[Block]]) -> None:
    assert told(record("fine-tuned", task="another")) == []
    assert told(record("fine-tuned", metric="f1_macro")) == []


def test_zero_shot_stands_beside_the_score_before_training(
    told: Callable[..., list[Block]],
) -> None:
    _, _, table, _ = told(record("zero-shot, test set", before=0.6))
    assert isinstance(table, Table)
    assert table.rows[0][3:7] == ("60.0", "90.0", "−30.0", "zero_shot, test (n = 200), 1 seed")


def test_a_zero_shot_value_has_one_row_a_model(told: Callable[..., list[Block]]) -> None:
    both = [record("zero-shot", before=0.6), record("zero-shot", "probe", before=0.6)]
    _, _, table, _ = told(*both)
    assert isinstance(table, Table)
    assert len(table.rows) == 1
    _, _, table, _ = told(record("fine-tuned"), record("fine-tuned", "bitfit"))
    assert isinstance(table, Table)
    assert len(table.rows) == 2
