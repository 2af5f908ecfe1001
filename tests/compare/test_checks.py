"""What is claimed and what is warned of: never more, and never less, than the numbers say."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.compare.cells import cells
from mmbench.compare.checks import (
    Verdict,
    at_grid_edge,
    input_concerns,
    main_split,
    separable,
    splits_scored,
)
from mmbench.metrics import table
from mmbench.records import GridPoint, Record, SplitFacts
from tests.compare.kinds import record_of

MakeRecord = Callable[..., Record]


def verdict_of(records: list[Record], split: str = "test") -> Verdict:
    return separable(cells(records), records[0].trial.task, split)


def names(verdict: Verdict) -> list[str]:
    return [cell.model.name for cell in verdict.leaders]


# ---------------------------------------------------------------------- who may be best


def test_a_cell_wholly_above_all_others_is_the_best(make_record: MakeRecord) -> None:
    verdict = verdict_of(
        [
            make_record("a", test=(0.80, 0.76, 0.84)),
            make_record("b", test=(0.90, 0.87, 0.93)),
            make_record("c", test=(0.70, 0.65, 0.75)),
        ]
    )
    assert names(verdict) == ["b"]
    assert verdict.supported
    assert verdict.compared == 3


def test_overlapping_intervals_are_not_told_apart(make_record: MakeRecord) -> None:
    verdict = verdict_of(
        [
            make_record("a", test=(0.80, 0.76, 0.84)),
            make_record("b", test=(0.83, 0.79, 0.87)),
            make_record("c", test=(0.70, 0.65, 0.75)),
        ]
    )
    assert names(verdict) == ["b", "a"]
    assert not verdict.supported


def test_intervals_that_touch_are_not_told_apart(make_record: MakeRecord) -> None:
    verdict = verdict_of(
        [make_record("a", test=(0.8, 0.7, 0.85)), make_record("b", test=(0.9, 0.85, 0.95))]
    )
    assert names(verdict) == ["b", "a"]
    assert not verdict.supported


def test_the_widest_interval_stays_in_the_running(make_record: MakeRecord) -> None:
    """Not shown to be worse than the cell with the highest low, although its mean is lower."""
    verdict = verdict_of(
        [
            make_record("a", test=(0.85, 0.83, 0.87)),
            make_record("b", test=(0.80, 0.60, 0.92)),
            make_record("c", test=(0.75, 0.72, 0.78)),
        ]
    )
    assert names(verdict) == ["a", "b"]


def test_a_cell_without_an_interval_can_neither_win_nor_be_beaten(make_record: MakeRecord) -> None:
    verdict = verdict_of(
        [make_record("a", test=(0.95, None, None)), make_record("b", test=(0.80, 0.76, 0.84))]
    )
    assert names(verdict) == ["a", "b"]
    assert not verdict.supported


def test_a_flawless_score_whose_bootstrap_has_no_width_is_no_evidence(
    make_record: MakeRecord,
) -> None:
    verdict = verdict_of(
        [make_record("a", test=(1.0, 1.0, 1.0)), make_record("b", test=(0.95, 0.91, 0.99))]
    )
    assert names(verdict) == ["a", "b"]
    assert not verdict.supported


def test_a_constant_prediction_with_an_interval_of_no_width_is_beaten(
    make_record: MakeRecord,
) -> None:
    verdict = verdict_of(
        [make_record("a", test=(0.5, 0.5, 0.5)), make_record("b", test=(0.95, 0.91, 0.99))]
    )
    assert names(verdict) == ["b"]


def test_one_cell_alone_is_not_the_best_of_anything(make_record: MakeRecord) -> None:
    verdict = verdict_of([make_record("a")])
    assert verdict.compared == 1
    assert not verdict.supported


def test_a_cell_with_a_failed_seed_is_ahead_but_never_the_best(make_record: MakeRecord) -> None:
    verdict = verdict_of(
        [
            make_record("a", test=(0.95, 0.92, 0.97)),
            make_record("a", seed=1, status="failed"),
            make_record("b", test=(0.80, 0.76, 0.84)),
        ]
    )
    assert names(verdict) == ["a"]
    assert not verdict.supported


def test_cells_without_a_score_are_left_out(make_record: MakeRecord) -> None:
    verdict = verdict_of([make_record("a", test=None), make_record("b", test=None)])
    assert verdict.leaders == ()
    assert not verdict.supported


def test_where_lower_is_better_the_lowest_wins(
    make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(table.METRICS["accuracy"], name="error_rate", higher_is_better=False)
    monkeypatch.setattr(table, "METRICS", {**table.METRICS, "error_rate": row})
    verdict = verdict_of(
        [
            make_record("a", metric="error_rate", test=(0.10, 0.07, 0.13), majority=None),
            make_record("b", metric="error_rate", test=(0.30, 0.25, 0.35), majority=None),
        ]
    )
    assert names(verdict) == ["a"]
    assert verdict.supported


def test_leaders_are_held_against_the_majority_class(make_record: MakeRecord) -> None:
    above = verdict_of([make_record(test=(0.8, 0.7, 0.9), majority=(0.5, 0.4, 0.6))])
    within = verdict_of([make_record(test=(0.6, 0.5, 0.7), majority=(0.5, 0.4, 0.6))])
    unknown = verdict_of([make_record(majority=None)])
    assert above.above_baseline is True
    assert within.above_baseline is False
    assert unknown.above_baseline is None


def test_leaders_of_retrieval_are_held_against_chance_which_needs_no_interval(
    make_record: MakeRecord,
) -> None:
    retrieval = {"metric": "mean_recall", "majority": None}
    above = verdict_of([make_record(test=(0.2, 0.11, 0.3), chance=0.1, **retrieval)])
    within = verdict_of([make_record(test=(0.2, 0.09, 0.3), chance=0.1, **retrieval)])
    assert above.above_baseline is True
    assert within.above_baseline is False


def test_of_two_median_ranks_the_lower_is_better(make_record: MakeRecord) -> None:
    rank = {"metric": "t2i_median_rank", "majority": None, "chance": 50.0}
    verdict = verdict_of(
        [
            make_record("a", test=(12.0, 9.0, 16.0), **rank),
            make_record("b", test=(30.0, 24.0, 37.0), **rank),
        ]
    )
    assert names(verdict) == ["a"]
    assert verdict.supported
    assert verdict.above_baseline is True


def test_a_median_rank_of_one_in_every_resample_is_no_evidence(make_record: MakeRecord) -> None:
    rank = {"metric": "t2i_median_rank", "majority": None}
    verdict = verdict_of(
        [
            make_record("a", test=(1.0, 1.0, 1.0), **rank),
            make_record("b", test=(2.0, 2.0, 3.0), **rank),
        ]
    )
    assert names(verdict) == ["a", "b"]


def test_pretrained_and_scratch_are_judged_together_and_keep_their_marks(
    make_record: MakeRecord,
) -> None:
    verdict = verdict_of([make_record("a"), make_record("b", scratch=True)])
    assert {(cell.model.name, cell.mark) for cell in verdict.leaders} == {
        ("a", "pretrained"),
        ("b", "scratch"),
    }


# ------------------------------------------------------------------------------- inputs


def test_truncated_texts_and_unknown_tokens_are_named_once_by_their_worst_split(
    make_record: MakeRecord,
) -> None:
    facts = (
        SplitFacts(split="train", examples=100, truncated=10, unknown_token_share=0.2),
        SplitFacts(split="test", examples=100, truncated=30, unknown_token_share=0.4),
    )
    found = input_concerns([make_record(seed=seed, facts=facts) for seed in (0, 1)])
    assert [(c.kind, c.split, c.share) for c in found] == [
        ("truncated", "test", 0.3),
        ("unknown_tokens", "test", 0.4),
    ]


def test_truncation_is_a_share_of_the_distinct_texts_where_these_are_paired_with_images(
    make_record: MakeRecord,
) -> None:
    facts = SplitFacts(
        split="test", examples=500, truncated=10, candidates={"image": 500, "text": 100}
    )
    (found,) = input_concerns([make_record(facts=(facts,), scratch=True)])
    assert (found.share, found.mark) == (0.1, "scratch")


def test_a_little_truncation_is_no_concern(make_record: MakeRecord) -> None:
    facts = (SplitFacts(split="test", examples=100, truncated=2, unknown_token_share=0.01),)
    assert input_concerns([make_record(facts=facts)]) == []


# ------------------------------------------------------------------------ splits, grids


def test_test_answers_for_a_task_and_else_the_first_split_named_so() -> None:
    assert main_split(["train", "test_shift", "test"]) == "test"
    assert main_split(["train", "test_unseen", "test_shift"]) == "test_shift"
    assert main_split(["train", "validation", "latest"]) is None


def test_splits_are_ordered_tests_first_and_train_last(make_record: MakeRecord) -> None:
    extra = dict.fromkeys(("train", "other", "validation", "test_shift"), (0.5, 0.4, 0.6))
    found = splits_scored([make_record(splits=extra)])
    assert found == ["test", "test_shift", "validation", "other", "train"]


@pytest.mark.parametrize(
    ("rates", "chosen", "edge"),
    [((1, 2, 3), 1, True), ((1, 2, 3), 3, True), ((1, 2, 3), 2, False), ((1, 2), 2, False)],
)
def test_a_choice_at_the_edge_of_the_grid_is_seen(
    make_record: MakeRecord, rates: tuple[int, ...], chosen: int, edge: bool
) -> None:
    grid = tuple(
        GridPoint(
            learning_rate=rate * 1e-5,
            validation=0.8,
            best_step=10,
            steps=20,
            seconds=5.0,
            stopped_early=False,
            chosen=rate == chosen,
        )
        for rate in rates
    )
    assert at_grid_edge(make_record(grid=grid)) is edge


def test_clips_that_were_cut_are_not_told_as_texts() -> None:
    facts = SplitFacts(split="test", examples=100, truncated=30)
    record = replace(record_of("transcription"), data=(facts,))
    task = replace(record.trial.task, inputs={"audio": "clip"})
    heard = replace(record, trial=replace(record.trial, task=task))
    (found,) = input_concerns([heard])
    assert (found.kind, found.share) == ("cut_clips", 0.3)
