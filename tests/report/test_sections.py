"""What the sections of a report show of a sweep, in both languages."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.errors import StoreError
from mmbench.records import Record, Score
from mmbench.report.build import build
from mmbench.report.document import (
    Code,
    Details,
    Document,
    Heading,
    Lang,
    Table,
)
from mmbench.report.numbers import NO_BREAK
from mmbench.store import Stored
from tests.report.reading import column, only, table_with, words

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def test_quality_is_before_and_after_with_the_majority_class_first(
    documents: dict[Lang, Document],
) -> None:
    table = table_with(documents["en"], f"test_shift (n{NO_BREAK}={NO_BREAK}900)")
    headers = [c.header.split(" ")[0] for c in table.columns[2:]]
    assert headers == ["test", "test_shift", "test_unseen", "validation", "train"]
    shift = column(table, table.columns[3].header)
    assert table.rows[0][0] == "majority class"
    assert shift[0].startswith("18.2 [")
    assert shift[1] == "n/a → 88.4 [86.2, 90.4]"
    assert column(table, "model")[-1] == "fixture-effnet-scratch (scratch)"


def test_a_score_before_fine_tuning_is_printed_where_there_is_one(
    records: list[Record], store_all: StoreAll
) -> None:
    scores = tuple(
        replace(score, value=0.251, note=None)
        if (score.stage, score.split) == ("before", "test")
        else score
        for score in records[0].scores
    )
    found = build(store_all([replace(records[0], scores=scores)]), lang="en")
    table = table_with(found, f"test (n{NO_BREAK}={NO_BREAK}1,200)")
    assert column(table, table.columns[2].header)[1].startswith("25.1 → 92.1 [")


def test_splits_are_explained_only_where_they_occur(
    records: list[Record], store_all: StoreAll, documents: dict[Lang, Document]
) -> None:
    assert "concepts that the training split does not contain" in words(documents["en"])
    reviews = build(store_all(only(records, task="fixture-reviews")), lang="en")
    assert "concepts that the training split does not contain" not in words(reviews)


def test_other_metrics_seeds_and_classes_are_folded(documents: dict[Lang, Document]) -> None:
    folded = [block for block in documents["zh"].blocks if isinstance(block, Details)]
    summaries = " ".join(block.summary for block in folded)
    assert "其他指标：fixture-reviews（宏平均 F1）" in summaries
    assert "各随机种子的得分：fixture-reviews" in summaries
    assert {"正面", "负面"} <= set(column(table_with(documents["zh"], "类别"), "类别")) | {
        cell
        for block in folded
        for table in block.blocks
        if isinstance(table, Table)
        for row in table.rows
        for cell in row
    }


def test_the_same_task_with_another_limit_has_a_table_of_its_own(
    records: list[Record], store_all: StoreAll
) -> None:
    trial = replace(records[0].trial, limit=100)
    limited = replace(records[0], trial=trial, key=trial.key)
    found = build(store_all([records[0], limited]), lang="en")
    titles = [b.text for b in found.blocks if isinstance(b, Heading) and b.level == 3]
    assert len([title for title in titles if title.startswith("fixture-reviews (v1")]) == 2
    assert any("limit 100" in title for title in titles)


def test_cells_that_look_alike_are_told_apart_by_a_piece_of_their_key(
    records: list[Record], store_all: StoreAll
) -> None:
    trial = replace(records[0].trial, digests={**records[0].trial.digests, "model": "other"})
    twin = replace(records[0], trial=trial, key=trial.key)
    table = table_with(build(store_all([records[0], twin]), lang="en"), "training (samples/s)")
    names = column(table, "model")
    assert len(set(names)) == 2
    assert all(name.startswith("fixture-bert-zh #") for name in names)


# ------------------------------------------------------------------------------ the rest


def test_failed_and_refused_cells_stand_with_their_reasons_and_no_traceback(
    documents: dict[Lang, Document],
) -> None:
    table = table_with(documents["en"], "reason")
    assert column(table, "status") == ["failed", "refused"]
    assert column(table, "seed") == ["0", "all"]
    assert "nan at step 41" in table.rows[0][-1]
    assert "SECRET-LOOKING-LINE" not in words(documents["en"])


def test_a_long_reason_is_cut_and_stays_one_line(
    records: list[Record], store_all: StoreAll
) -> None:
    failure = records[-2].failure
    assert failure is not None
    long = replace(records[-2], failure=replace(failure, message="word\n" * 1000))
    found = build(store_all([long]), lang="en")
    reason = table_with(found, "reason").rows[0][-1]
    assert len(reason) < 500
    assert "\n" not in reason


def test_nothing_but_failures_still_gives_a_report(
    records: list[Record], store_all: StoreAll
) -> None:
    for lang, text in zip(LANGS, ("nan at step 41", "第 41 步变为 nan"), strict=True):
        found = build(store_all(records[-2:]), lang=lang)
        assert text in words(found)


def test_environment_sources_and_reproduction_are_given(documents: dict[Lang, Document]) -> None:
    text = words(documents["en"])
    for fact in ("Fixture CPU @ 2.00GHz", "torch 2.11.0", "0.12 … 1.98", "an unpinned revision"):
        assert fact in text
    codes = [block.text for block in documents["en"].blocks if isinstance(block, Code)]
    assert codes == ["mmbench run fixture-suite"]


def test_regions_and_marks_are_in_the_readers_language(documents: dict[Lang, Document]) -> None:
    text = words(documents["zh"])
    for word in ("国内（CN）", "国外（US）", "预训练", "随机初始化", "探测", "全量微调"):
        assert word in text


def test_a_model_folder_of_this_machine_is_not_told(
    records: list[Record], store_all: StoreAll
) -> None:
    from mmbench.cards import FolderModel

    model = replace(records[0].trial.model, source=FolderModel(via="folder", path="/home/me/x"))
    trial = replace(records[0].trial, model=model)
    found = build(store_all([replace(records[0], trial=trial)]), lang="en")
    assert "/home/me" not in words(found)


def test_intervals_and_their_limits_are_explained(documents: dict[Lang, Document]) -> None:
    assert "the draw of test examples, which all seeds share" in words(documents["en"])
    assert "Wilson score interval" in words(documents["en"])
    assert "包络" in words(documents["zh"])
    assert "2000 次重采样" in words(documents["zh"])


def test_an_unknown_interval_method_is_named_as_the_record_does(
    records: list[Record], store_all: StoreAll
) -> None:
    score = Score(
        stage="after", split="test", metric="accuracy", value=0.9, count=10, interval="by magic"
    )
    found = build(store_all([replace(records[0], scores=(score,))]), lang="zh")
    assert "by magic" in words(found)


def test_no_record_at_all_is_an_error_with_advice() -> None:
    with pytest.raises(StoreError, match="run a suite first"):
        build([], lang="en")


def test_the_title_is_ours_unless_given(stored: list[Stored]) -> None:
    assert build(stored[:1], lang="zh").title == "微调对比报告"
    assert build(stored[:1], lang="zh", title="My run").title == "My run"
