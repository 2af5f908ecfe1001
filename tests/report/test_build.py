"""What a report says first of a sweep, in both languages: its claims and its warnings."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.meters.noise import drifted, unstable_windows
from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import BulletList, Document, Lang
from mmbench.store import Stored
from tests.report.reading import flat, notices, only, sentences, words

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has tests of its own, and takes most of a report's time."""
    monkeypatch.setattr("mmbench.report.build.figure", lambda findings, say: [])


def test_a_claim_is_made_only_where_the_intervals_support_it(
    documents: dict[Lang, Document],
) -> None:
    emoji, _, _, reviews = sentences(documents["en"])
    assert "cannot be told apart" in emoji
    assert "fixture-effnet (pretrained) × full at 95.1% [93.3, 96.4]" in emoji
    assert "fixture-vit-zh (pretrained) × full at 94.7% [92.8, 96.1]" in emoji
    assert "best" not in emoji
    assert "the best by accuracy on test is fixture-bert-zh (pretrained) × full" in reviews


def test_the_same_is_claimed_in_chinese(documents: dict[Lang, Document]) -> None:
    emoji, _, _, reviews = sentences(documents["zh"])
    assert "无法分出高下" in emoji
    assert "最好" not in emoji
    assert "fixture-bert-zh（预训练）× full" in reviews
    assert "最好" in reviews


def test_a_scratch_leader_carries_its_mark(records: list[Record], store_all: StoreAll) -> None:
    models = ("fixture-bert-scratch", "fixture-minilm-en")
    found = build(store_all(only(records, task="fixture-reviews", models=models)), lang="en")
    assert "fixture-bert-scratch (scratch) × full" in sentences(found)[0]


def test_one_cell_alone_is_said_to_have_nothing_beside_it(
    records: list[Record], store_all: StoreAll
) -> None:
    found = build(store_all(records[:1]), lang="en")
    assert "nothing to compare it with" in sentences(found)[0]


def test_a_leader_with_a_failed_seed_is_not_called_the_best(
    records: list[Record], store_all: StoreAll
) -> None:
    reviews = only(records, task="fixture-reviews", models=("fixture-bert-zh", "fixture-minilm-en"))
    lost = [
        replace(record, status="failed", scores=())
        if record.trial.seed == 2 and record.trial.cell[0::2] == ("fixture-bert-zh", "full")
        else record
        for record in reviews
    ]
    found = build(store_all(lost), lang="en")
    assert "its seed 2 failed: no best is claimed" in sentences(found)[0]
    assert "1 of 3 seeds failed" in words(found)


def test_leaders_that_do_not_clearly_beat_the_majority_class_are_said_so(
    records: list[Record], store_all: StoreAll
) -> None:
    weak = only(records, task="fixture-emoji", models=("fixture-effnet-scratch",))
    texts = ("beat the majority class, 18.2%", "优于多数类基线（18.2%）")
    for lang, text in zip(LANGS, texts, strict=True):
        found = build(store_all(weak), lang=lang)
        assert text in sentences(found)[0]


def test_counts_of_what_was_compared_are_given(documents: dict[Lang, Document]) -> None:
    assert "9 models, 4 tasks and 5 recipes in 29 trials" in words(documents["en"])
    assert "Finished: 27; failed: 1; refused: 1." in words(documents["en"])
    assert "9 个模型、4 个任务、5 种训练方案，共 29 次试验" in words(documents["zh"])


def test_a_repeat_replaces_the_earlier_run_and_is_not_a_seed(
    records: list[Record], store_all: StoreAll
) -> None:
    again = replace(records[0], started_at="2026-12-01T10:00:00+00:00")
    found = build(store_all([again, *records]), lang="en")
    assert "29 trials" in words(found)


# ------------------------------------------------------------------------------ notices


def test_ending_below_majority_zero_shot_or_probe_is_said_loudly(
    documents: dict[Lang, Document],
) -> None:
    texts = (
        ("Worse than the majority baseline", "Ended below zero-shot", "Worse than the probe"),
        ("低于多数基线", "低于零样本", "低于同一模型的探测"),
    )
    for lang, (majority, zero_shot, probe) in zip(LANGS, texts, strict=True):
        found = notices(documents[lang])
        (below_zero_shot,) = (text for text in found if zero_shot in text)
        assert "fixture-match-zh × contrast-full" in below_zero_shot
        assert "46.0%" in below_zero_shot
        assert "53.0%" in below_zero_shot
        assert "fixture-match-en" not in below_zero_shot
        (below_majority,) = (text for text in found if majority in text)
        (below_probe,) = (text for text in found if probe in text)
        assert "fixture-effnet-scratch" in below_majority
        assert "15.9%" in below_majority
        assert "fixture-minilm-en" in below_probe
        assert "fixture-bert-zh" not in below_probe


def test_retrieval_below_chance_is_said_loudly_and_in_the_summary(
    records: list[Record], store_all: StoreAll
) -> None:
    (scratch,) = only(records, task="fixture-match-zh", models=("fixture-clip-scratch",))
    lost = [
        replace(score, value=0.02, low=0.001, high=0.03)
        if (score.stage, score.split, score.metric) == ("after", "test", "mean_recall")
        else score
        for score in scratch.scores
    ]
    texts = (
        ("Worse than chance", "beat chance, 2.7%"),
        ("低于随机水平", "优于随机水平（2.7%）"),
    )
    for lang, (loud, plain) in zip(LANGS, texts, strict=True):
        found = build(store_all([replace(scratch, scores=tuple(lost))]), lang=lang)
        assert any(loud in text for text in notices(found))
        assert plain in sentences(found)[0]


def test_a_cell_below_its_baseline_in_several_seeds_is_one_line(
    documents: dict[Lang, Document],
) -> None:
    (below,) = (text for text in notices(documents["en"]) if "Worse than the probe" in text)
    assert below.count("fixture-minilm-en") == 1
    assert all(f"seed {seed} has" in below for seed in (0, 1, 2))


def test_lost_input_and_recorded_warnings_are_shown(documents: dict[Lang, Document]) -> None:
    text = "\n".join(notices(documents["en"]))
    assert "8.3% of the texts of train were truncated" in text
    assert "31.0% of the tokens" in text
    assert "other processes kept 0.4 of 2 cores busy" in text


@pytest.mark.parametrize(("lang", "loud"), [("en", "unstable timing in 2"), ("zh", "计时不稳定")])
def test_unstable_timing_is_one_line_and_told_apart_where_it_is_folded(
    records: list[Record], store_all: StoreAll, lang: Lang, loud: str
) -> None:
    warnings = (
        *unstable_windows([1.0, 1.3] * 10, "training"),
        *drifted({"matrix product": (1.0, 1.2)}),
    )
    moved = only(records, task="fixture-reviews", models=("fixture-bert-zh",))
    moved[:2] = [replace(record, warnings=warnings) for record in moved[:2]]
    document = build(store_all(moved), lang=lang)
    (notice,) = notices(document)
    assert loud in notice
    assert "20%" not in notice
    (items,) = (
        block.items
        for block in flat(document.blocks)
        if isinstance(block, BulletList) and "20%" in block.items[0]
    )
    assert len(items) == 2


def test_a_sweep_without_trouble_has_no_notice(records: list[Record], store_all: StoreAll) -> None:
    quiet = only(records, task="fixture-reviews", models=("fixture-bert-zh",))
    assert notices(build(store_all(quiet), lang="en")) == []


# ------------------------------------------------------------------------------- quality
