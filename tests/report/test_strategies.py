"""The section on ways to fine-tune: its counts, its costs, its words."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.cards.recipe import Strategy
from mmbench.compare.versus import Against
from mmbench.records import Measurement, Record
from mmbench.report import strategies as section
from mmbench.report.document import Details, Table
from mmbench.report.findings import findings
from mmbench.report.i18n import Messages
from mmbench.report.strategies import strategies
from mmbench.store import Stored
from tests.compare.conftest import make_record

StoreAll = Callable[[list[Record]], list[Stored]]
SCORES: tuple[tuple[Strategy, float], ...] = (("full", 0.9), ("probe", 0.8))


def record(strategy: Strategy, model: str, score: float, seconds: float, trained: float) -> Record:
    measured = (
        Measurement(name="parameters", unit="1", value=1000.0),
        Measurement(name="trainable_parameters", unit="1", value=trained),
        Measurement(name="peak_rss_bytes", unit="B", value=2.0**30),
    )
    made = make_record(
        model, strategy=strategy, test=(score, score - 0.02, score + 0.02), measurements=measured
    )
    return replace(made, seconds=seconds)


def test_a_row_a_strategy_and_every_cell_below(
    store_all: StoreAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"a": Against(drop=0.1, p=0.001, count=200), "b": None}
    monkeypatch.setattr("mmbench.report.findings.against", lambda first, *_: told[first.model.name])
    found = findings(
        store_all(
            [
                record("full", "a", 0.9, 100.0, 1000.0),
                record("probe", "a", 0.8, 10.0, 10.0),
                record("full", "b", 0.7, 200.0, 1000.0),
                record("probe", "b", 0.75, 30.0, 30.0),
            ]
        )
    )
    _, _, summary, details = strategies(found, Messages("en"))
    assert isinstance(summary, Table)
    assert summary.rows == (
        ("probe", "2", "1", "1", "0", "20.0", "2.0%"),
        ("full", "2", "1", "0", "1", "150", "100.0%"),
    )
    assert isinstance(details, Details)
    (table,) = details.blocks
    assert isinstance(table, Table)
    assert [(row[2], row[5], row[6], row[7], row[8]) for row in table.rows] == [
        ("full", "best", "100", "1,000", "1.00\N{NO-BREAK SPACE}GiB"),
        ("probe", "p = 0.001", "10.0", "10", "1.00\N{NO-BREAK SPACE}GiB"),
        ("probe", "best", "30.0", "30", "1.00\N{NO-BREAK SPACE}GiB"),
        ("full", "–", "200", "1,000", "1.00\N{NO-BREAK SPACE}GiB"),
    ]


def test_one_way_alone_is_no_section(store_all: StoreAll) -> None:
    found = findings(store_all([record("full", "a", 0.9, 100.0, 1000.0)]))
    assert strategies(found, Messages("zh")) == []


def test_more_tests_than_a_report_should_take_are_made_where_they_are_asked_for(
    store_all: StoreAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mmbench.report.findings.against", lambda *_: Against(drop=0.1, p=0.001, count=200)
    )
    monkeypatch.setattr(section, "MOST_TESTS", 1)
    records = [
        record(strategy, model, score, 10.0, 10.0)
        for model in ("a", "b")
        for strategy, score in SCORES
    ]

    def untested(*, all_pairs: bool) -> list[str]:
        _, _, summary, _ = strategies(
            findings(store_all(records)), Messages("en"), all_pairs=all_pairs
        )
        assert isinstance(summary, Table)
        return [row[4] for row in summary.rows]

    assert sorted(untested(all_pairs=False)) == ["0", "2"]
    assert untested(all_pairs=True) == ["0", "0"]
