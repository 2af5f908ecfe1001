"""Trials that ended below what could be had without them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mmbench.compare.cells import basis_of, setup_of
from mmbench.compare.checks import goodness, main_split, splits_scored
from mmbench.kinds import Baseline, kind
from mmbench.metrics.table import metric
from mmbench.records import Record, Score

Bar = Baseline | Literal["zero_shot", "probe"]
"""What a trial is held against: what the kind of task asks for at least, what the model answered
before any training, and a probe of the same model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A trial that ended worse than it could have without its training.

    `clear`: not even the near end of the trial's interval reaches the baseline. `baseline_recipe`:
    the probe's.
    """

    record: Record
    baseline: Bar
    baseline_recipe: str | None
    split: str
    metric: str
    value: float
    baseline_value: float
    clear: bool


def below_baselines(records: Sequence[Record]) -> list[Below]:
    """Finished trials whose primary metric on the main test split lies below a baseline.

    Every trained trial is held against the baseline of its kind of task (the majority class, or
    chance) and against its own score before training, where it has one; all but probes also against
    each probe of the same model, task and seed, trained on as many examples, on the same setup.
    """
    finished = [record for record in records if record.status == "ok"]
    probes: dict[tuple[object, ...], list[Record]] = {}
    for record in finished:
        if record.trial.recipe.strategy == "probe":
            probes.setdefault(_twin_key(record), []).append(record)
    found = []
    for record in finished:
        strategy = record.trial.recipe.strategy
        if strategy == "zero_shot":
            continue
        found.extend(_below(record, record, kind(record.trial.task.kind).baseline))
        found.extend(_below(record, record, "zero_shot"))
        if probes and strategy != "probe":
            for probe in probes.get(_twin_key(record), []):
                found.extend(_below(record, probe, "probe"))
    return found


def _below(record: Record, against: Record, bar: Bar) -> list[Below]:
    split, name = main_split(splits_scored([record])), record.trial.task.primary
    if split is None:
        return []
    own, other = record.score("after", split, name), _bar(against, bar, split, name)
    if own is None or own.value is None or other is None or other.value is None:
        return []
    if goodness(own.value, name) >= goodness(other.value, name):
        return []
    near = own.high if metric(name).higher_is_better else own.low
    return [
        Below(
            record=record,
            baseline=bar,
            baseline_recipe=against.trial.recipe.name if bar == "probe" else None,
            split=split,
            metric=name,
            value=own.value,
            baseline_value=other.value,
            clear=near is not None and goodness(near, name) < goodness(other.value, name),
        )
    ]


def _bar(record: Record, bar: Bar, split: str, name: str) -> Score | None:
    if bar == "probe":
        return record.score("after", split, name)
    return record.score("before" if bar == "zero_shot" else bar, split, name)


def _twin_key(record: Record) -> tuple[object, ...]:
    trial = record.trial
    return (
        trial.model.name,
        trial.digests.get("model"),
        basis_of(record),
        trial.seed,
        trial.recipe.shots,
        setup_of(record.fingerprint),
    )
