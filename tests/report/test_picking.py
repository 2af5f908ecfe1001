"""What to pick: the sentence follows from the intervals, the limits and the baseline alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import BulletList, Details, Document, Heading, Lang, Table
from mmbench.report.i18n import Messages
from mmbench.report.limits import Limits
from mmbench.store import Stored

StoreAll = Callable[[list[Record]], list[Stored]]
PLENTY = Limits(min_samples_per_second=0.01)


def picks(document: Document) -> dict[str, str]:
    """Task → its sentence."""
    heading = Messages(document.lang)("pick.heading")
    blocks = document.blocks
    at = next(i for i, b in enumerate(blocks) if isinstance(b, Heading) and b.text == heading)
    sentences = next(block for block in blocks[at:] if isinstance(block, BulletList))
    separator = {"en": ": ", "zh": "："}[document.lang]
    told = [str(item).replace("\N{NO-BREAK SPACE}", " ") for item in sentences.items]
    return {text.split(separator)[0]: text.split(separator, 1)[1] for text in told}


def test_one_that_is_shown_to_be_better_is_taken(documents: dict[Lang, Document]) -> None:
    text = picks(documents["en"])["fixture-reviews"]
    assert text.startswith("take fixture-bert-zh (pretrained) × full at 92.0%")
    assert "better than that of 4 other cells" in text
    assert "One seed" not in text


def test_of_those_that_cannot_be_told_apart_the_cheapest_is_taken(
    documents: dict[Lang, Document],
) -> None:
    """full of both image models reaches 95 %; effnet's trial takes less."""
    text = picks(documents["en"])["fixture-emoji"]
    assert text.startswith("take fixture-effnet (pretrained) × full at 95.1%")
    assert "it cannot be told apart from fixture-vit-zh (pretrained) × full" in text
    assert text.endswith("One seed: another one may turn out otherwise.")


def test_limits_leave_out_what_breaks_them(stored: list[Stored]) -> None:
    limits = Limits(max_memory_gb=2.0)
    text = picks(build(stored, lang="en", limits=limits))["fixture-reviews"]
    assert "fixture-bert-zh" not in text.split("better than")[0]
    assert "fixture-bert-scratch (scratch) × full" in text
    none = picks(build(stored, lang="en", limits=Limits(max_memory_gb=0.001)))
    assert all(text.startswith("none keeps to the limits") for text in none.values())


def test_what_was_not_measured_is_counted_and_not_taken(stored: list[Stored]) -> None:
    text = picks(build(stored, lang="en", limits=Limits(max_latency_ms=1e9)))["fixture-emoji"]
    assert "none keeps to the limits" in text
    assert "not measured for a limit and left out" in text


def test_none_is_taken_that_is_not_shown_to_beat_its_baseline(
    records: list[Record], store_all: StoreAll
) -> None:
    def sunk(record: Record) -> Record:
        scores = tuple(
            replace(score, value=0.2, low=0.1, high=0.9)
            if score.stage == "after" and score.split == "test"
            else score
            for score in record.scores
        )
        return replace(record, scores=scores)

    found = picks(build(store_all([sunk(record) for record in records[:6]]), lang="en"))
    assert found
    assert all(text.startswith("none. Nothing is shown to be better") for text in found.values())


def test_one_cell_is_no_choice(records: list[Record], store_all: StoreAll) -> None:
    (text,) = picks(build(store_all(records[:1]), lang="en")).values()
    assert "stands alone; there is nothing to choose from" in text


def test_machines_that_differ_decide_nothing_by_their_cost(
    records: list[Record], store_all: StoreAll
) -> None:
    tied = [r for r in records if r.trial.task.name == "fixture-emoji"]
    tied = [r for r in tied if r.trial.recipe.name == "full" and r.trial.model.start != "scratch"]
    other = replace(tied[0].fingerprint, device_name="Another CPU")
    moved = [replace(tied[0], fingerprint=other), *tied[1:]]
    (text,) = picks(build(store_all(moved), lang="en")).values()
    assert "they ran on different machines" in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_places_follow_the_intervals(documents: dict[Lang, Document], lang: Lang) -> None:
    summary = Messages(lang)("pick.leaderboard")
    folded = next(
        block
        for block in documents[lang].blocks
        if isinstance(block, Details) and block.summary == summary
    )
    table = next(block for block in folded.blocks if isinstance(block, Table))
    reviews = [row for row in table.rows if row[0] == "fixture-reviews"]
    ranks = [int(row[1]) for row in reviews]
    assert ranks == sorted(ranks)
    assert ranks[:2] == [1, 2]


def test_one_that_alone_beats_the_baseline_is_taken_before_one_that_may_not(
    records: list[Record], store_all: StoreAll
) -> None:
    """Its interval overlaps the other one's, and lies above the majority class, 50 %."""
    ends = {"full": (0.60, 0.55, 0.65), "probe": (0.54, 0.48, 0.60)}

    def moved(record: Record) -> Record:
        value, low, high = ends[record.trial.recipe.name]
        scores = tuple(
            replace(score, value=value, low=low, high=high)
            if (score.stage, score.split) == ("after", "test")
            else replace(score, value=0.5, low=0.5, high=0.5)
            if (score.stage, score.split) == ("majority", "test")
            else score
            for score in record.scores
        )
        return replace(record, scores=scores)

    two = [r for r in records if r.trial.model.name == "fixture-bert-zh" and r.trial.seed == 0]
    two = [r for r in two if r.trial.task.name == "fixture-reviews"]
    (text,) = picks(build(store_all([moved(record) for record in two]), lang="en")).values()
    assert text.startswith("take fixture-bert-zh (pretrained) × full at 60.0%")
    assert "the only one that is shown to be better than" in text
