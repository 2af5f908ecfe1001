"""Latency and the account of a training run, folded below the tables of cost."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Details, Document, Lang
from mmbench.report.timing import MOST_UNSTABLE
from mmbench.store import Stored
from tests.report.reading import column, only, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def folded(document: Document) -> list[str]:
    return [block.summary for block in document.blocks if isinstance(block, Details)]


@pytest.mark.parametrize(
    ("lang", "header", "summary"),
    [
        ("en", "model, p50 (ms)", "Latency of one sample, and where the time of training went"),
        ("zh", "模型 p50（毫秒）", "单样本延迟与训练时间明细"),
    ],
)
def test_latencies_are_told_in_milliseconds_with_their_interval(
    documents: dict[Lang, Document], lang: Lang, header: str, summary: str
) -> None:
    assert summary in folded(documents[lang])
    told = set(column(table_with(documents[lang], header), header))
    assert all(text.startswith("8.10 [") for text in told)


def test_warm_up_and_what_no_meter_saw_are_told(documents: dict[Lang, Document]) -> None:
    table = table_with(documents["en"], "unaccounted")
    assert set(column(table, "unaccounted")) == {"0.4%"}
    assert set(column(table, "warm-up (windows)")) == {"2"}


def test_an_older_record_without_them_has_no_such_section(
    records: list[Record], store_all: StoreAll
) -> None:
    older = [replace(record, measurements=()) for record in records[:2]]
    found = build(store_all(older), lang="en")
    assert not any("Latency" in summary for summary in folded(found))


def test_a_missing_p99_is_named_below_the_table(records: list[Record], store_all: StoreAll) -> None:
    found = build(store_all(only(records, task="fixture-reviews")), lang="en")
    assert "model, p99 (ms)" in words(found)
    with pytest.raises(AssertionError, match="p99"):
        table_with(found, "model, p99 (ms)")


@pytest.mark.parametrize(("lang", "told"), [("en", "and 2 more trials"), ("zh", "另有 2 次试验")])
def test_of_many_unstable_trials_some_are_named_and_the_others_counted(
    records: list[Record], store_all: StoreAll, lang: Lang, told: str
) -> None:
    from mmbench.meters.noise import unstable_windows

    warnings = tuple(unstable_windows([1.0, 1.3] * 10, "training"))
    seeds = [replace(records[0].trial, seed=seed) for seed in range(MOST_UNSTABLE + 2)]
    noisy = [replace(records[0], trial=t, key=t.key, warnings=warnings) for t in seeds]
    found = words(build(store_all(noisy), lang=lang))
    assert told in found


def test_a_warning_of_an_unstable_run_reaches_the_summary_with_its_advice(
    records: list[Record], store_all: StoreAll
) -> None:
    from mmbench.meters.noise import unstable_windows

    warnings = tuple(unstable_windows([1.0, 1.3] * 10, "training"))
    noisy = replace(records[0], warnings=warnings)
    for lang, advice in (("en", "use mmbench gate --against"), ("zh", "改用交替运行的")):
        found = build(store_all([noisy]), lang="en" if lang == "en" else "zh")
        assert advice in words(found)
