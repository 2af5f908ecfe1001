"""What is claimed and what is warned of: never more, and never less, than the numbers say."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.compare.cells import cells
from mmbench.compare.checks import (
    Verdict,
    at_grid_edge,
    below_baselines,
    input_concerns,
    main_split,
    separable,
    splits_scored,
)
from mmbench.metrics import table
from mmbench.records import Fingerprint, GridPoint, Record, SplitFacts

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
    assert above.above_majority is True
    assert within.above_majority is False
    assert unknown.above_majority is None


def test_pretrained_and_scratch_are_judged_together_and_keep_their_marks(
    make_record: MakeRecord,
) -> None:
    verdict = verdict_of([make_record("a"), make_record("b", scratch=True)])
    assert {(cell.model.name, cell.mark) for cell in verdict.leaders} == {
        ("a", "pretrained"),
        ("b", "scratch"),
    }


# ---------------------------------------------------------------------------- baselines


def test_a_trial_below_the_majority_class_is_named(make_record: MakeRecord) -> None:
    (found,) = below_baselines([make_record(test=(0.42, 0.36, 0.48)), make_record("b")])
    assert (found.baseline, found.value, found.baseline_value) == ("majority", 0.42, 0.5)
    assert found.record.trial.model.name == "a"
    assert found.clear


def test_below_by_less_than_the_interval_is_named_but_not_clear(make_record: MakeRecord) -> None:
    (found,) = below_baselines([make_record(test=(0.48, 0.42, 0.54))])
    assert not found.clear


def test_equal_to_the_majority_class_is_not_below(make_record: MakeRecord) -> None:
    assert below_baselines([make_record(test=(0.5, 0.45, 0.55))]) == []


@pytest.mark.parametrize("strategy", ["head", "full"])
def test_a_fine_tuning_below_its_own_probe_is_named(make_record: MakeRecord, strategy: str) -> None:
    records = [
        make_record(strategy="probe", test=(0.85, 0.8, 0.9)),
        make_record(strategy=strategy, test=(0.80, 0.75, 0.84)),
    ]
    (found,) = below_baselines(records)
    assert (found.baseline, found.baseline_recipe, found.clear) == ("probe", "probe", True)
    assert found.record.trial.recipe.strategy == strategy


def test_the_probe_of_another_seed_model_data_or_machine_is_no_baseline(
    make_record: MakeRecord, fingerprint: Fingerprint
) -> None:
    better = {"strategy": "probe", "test": (0.95, 0.9, 0.99)}
    records = [
        make_record(test=(0.80, 0.75, 0.84)),
        make_record(seed=1, **better),
        make_record("b", **better),
        make_record(data="d2", **better),
        make_record(fingerprint=replace(fingerprint, threads=8), **better),
    ]
    assert below_baselines(records) == []


def test_failed_zero_shot_and_unscored_trials_are_below_nothing(make_record: MakeRecord) -> None:
    records = [
        make_record(status="failed"),
        make_record("b", strategy="zero_shot", test=(0.1, 0.05, 0.15)),
        make_record("c", test=None),
        make_record("d", test=(0.1, 0.05, 0.15), majority=None),
    ]
    assert below_baselines(records) == []


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
