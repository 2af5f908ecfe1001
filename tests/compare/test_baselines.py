"""Trials that ended below what could be had without them are named, and no others."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.compare.baselines import below_baselines
from mmbench.fingerprint import Fingerprint
from mmbench.kinds import KINDS
from mmbench.metrics.table import metric
from mmbench.records import Record, Score, Stage
from tests.compare.kinds import record_of

MakeRecord = Callable[..., Record]


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


WAYS: dict[str, dict[str, object]] = {
    "partial": {"blocks": 1},
    "bitfit": {},
    "lora": {"lora_rank": 4, "lora_alpha": 8.0},
}


def with_recipe(record: Record, **changes: object) -> Record:
    recipe = replace(record.trial.recipe, **changes)  # type: ignore[arg-type]
    return replace(record, trial=replace(record.trial, recipe=recipe))


@pytest.mark.parametrize("strategy", WAYS)
def test_every_strategy_is_held_against_every_baseline(
    make_record: MakeRecord, strategy: str
) -> None:
    way = {"strategy": strategy, **WAYS[strategy]}
    probe = make_record(strategy="probe", test=(0.85, 0.8, 0.9))
    low = with_recipe(make_record(test=(0.42, 0.36, 0.48), before=0.66), **way)
    found = {item.baseline for item in below_baselines([probe, low])}
    assert found == {"majority", "zero_shot", "probe"}


def test_a_probe_of_other_shots_is_no_baseline(make_record: MakeRecord) -> None:
    probe = make_record(strategy="probe", test=(0.85, 0.8, 0.9))
    few = make_record(test=(0.80, 0.75, 0.84))
    assert below_baselines([probe, with_recipe(few, shots=5)]) == []
    both = [with_recipe(record, shots=5) for record in (probe, few)]
    assert [item.baseline for item in below_baselines(both)] == ["probe"]


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


@pytest.mark.parametrize("strategy", ["probe", "head", "full"])
def test_a_trial_that_ended_below_its_own_zero_shot_score_is_named(
    make_record: MakeRecord, strategy: str
) -> None:
    harmed = make_record(strategy=strategy, test=(0.61, 0.57, 0.64), before=0.66)
    (found,) = below_baselines([harmed, make_record("b", test=(0.7, 0.6, 0.8), before=0.66)])
    assert (found.baseline, found.baseline_value, found.clear) == ("zero_shot", 0.66, True)
    assert found.record is harmed


def test_a_score_before_training_that_is_not_applicable_is_no_baseline(
    make_record: MakeRecord,
) -> None:
    record = make_record(test=(0.61, 0.57, 0.64))
    nothing = Score(
        stage="before", split="test", metric="accuracy", value=None, count=200, note="no space"
    )
    assert below_baselines([replace(record, scores=(*record.scores, nothing))]) == []


def test_a_zero_shot_recipe_is_not_held_against_itself(make_record: MakeRecord) -> None:
    retrieval = {"metric": "mean_recall", "majority": None, "chance": 0.1}
    found = make_record(strategy="zero_shot", test=(0.05, 0.03, 0.08), **retrieval)
    assert below_baselines([found]) == []


def test_a_trial_of_retrieval_below_chance_is_named(make_record: MakeRecord) -> None:
    retrieval = {"metric": "mean_recall", "majority": None, "chance": 0.1}
    records = [
        make_record("a", test=(0.05, 0.03, 0.08), **retrieval),
        make_record("b", test=(0.12, 0.09, 0.15), **retrieval),
    ]
    (found,) = below_baselines(records)
    assert (found.baseline, found.baseline_value, found.clear) == ("chance", 0.1, True)
    assert found.record.trial.model.name == "a"


def test_a_median_rank_is_below_a_baseline_when_it_is_higher(make_record: MakeRecord) -> None:
    rank = {"metric": "i2t_median_rank", "majority": None, "chance": 50.0, "before": 20.0}
    (found,) = below_baselines([make_record(test=(30.0, 25.0, 36.0), **rank)])
    assert (found.baseline, found.clear) == ("zero_shot", True)
    (found,) = below_baselines([make_record(test=(30.0, 19.0, 36.0), **rank)])
    assert not found.clear


def test_failed_zero_shot_and_unscored_trials_are_below_nothing(make_record: MakeRecord) -> None:
    records = [
        make_record(status="failed"),
        make_record("b", strategy="zero_shot", test=(0.1, 0.05, 0.15)),
        make_record("c", test=None),
        make_record("d", test=(0.1, 0.05, 0.15), majority=None),
    ]
    assert below_baselines(records) == []


EVERY_METRIC = [(kind, name) for kind, row in KINDS.items() for name in row.metrics]


def scored(kind: str, name: str, **values: float) -> Record:
    """A record of the kind with these scores on test, by stage, each within a hundredth."""
    record = record_of(kind, metric=name)
    stages: dict[str, Stage] = {row.baseline: row.baseline for row in KINDS.values()}
    stages |= {"before": "before", "after": "after"}
    scores = tuple(
        Score(
            stage=stages[stage],
            split="test",
            metric=name,
            value=value,
            low=value - 0.01,
            high=value + 0.01,
            count=200,
        )
        for stage, value in values.items()
    )
    return replace(record, scores=scores)


@pytest.mark.parametrize(("kind", "name"), EVERY_METRIC)
def test_every_metric_of_every_kind_has_its_worse_side(kind: str, name: str) -> None:
    """Below what the kind is held against, and below its own zero-shot score, as is worse there."""
    worse = -0.2 if metric(name).higher_is_better else 0.2
    bar = KINDS[kind].baseline
    low = scored(kind, name, **{bar: 0.5, "before": 0.5, "after": 0.5 + worse})
    found = below_baselines([low])
    assert [(item.baseline, item.clear) for item in found] == [(bar, True), ("zero_shot", True)]
    near = scored(kind, name, **{bar: 0.5, "after": 0.5 + worse / 40})
    assert [(item.baseline, item.clear) for item in below_baselines([near])] == [(bar, False)]
    for fine in (0.5, 0.5 - worse):
        assert below_baselines([scored(kind, name, **{bar: 0.5, "after": fine})]) == []


@pytest.mark.parametrize("kind", [k for k, row in KINDS.items() if "probe" in row.strategies])
def test_a_probe_is_a_baseline_of_every_kind_that_has_one(kind: str) -> None:
    name = KINDS[kind].metrics[0]
    worse = -0.2 if metric(name).higher_is_better else 0.2
    probe = with_recipe(scored(kind, name, after=0.5), strategy="probe")
    full = scored(kind, name, after=0.5 + worse)
    (found,) = below_baselines([probe, full])
    assert (found.baseline, found.record) == ("probe", full)
