"""Score records from measures, alike for every kind of task."""

from mmbench.metrics.resampling import Measures, scored
from mmbench.records import Score, Stage
from mmbench.train.objectives.base import ONE_GROUP, SplitRows


def score_records(stage: Stage, split: SplitRows, measures: Measures) -> list[Score]:
    """One record a metric, with the interval over the split's examples or their groups.

    A metric that is not defined on the split has no value, and a split that is all one group has
    no intervals; either way the note says so.
    """
    groups = split.examples.groups
    alone = groups is not None and len(set(groups)) < 2
    found = []
    for name, result in scored(measures, None if groups is None else list(groups)).items():
        notes = (split.note, result.note, ONE_GROUP if alone else None)
        span = result.interval
        found.append(
            Score(
                stage=stage,
                split=split.name,
                metric=name,
                value=result.value,
                count=len(split.examples),
                low=None if span is None else span.low,
                high=None if span is None else span.high,
                interval=None if span is None else span.method,
                note="; ".join(filter(None, notes)) or None,
            )
        )
    return found
