"""What a gate reads of a trial that has run: its answers must give the scores of its record."""

import numpy as np
import pytest

from mmbench.compare.predictions import read_predictions, side_by_side
from mmbench.compare.resampled import value_of
from mmbench.records import Stage
from mmbench.store import Stored


def can_be_compared(stored: Stored, split: str = "test") -> None:
    """Of every metric of the task that has a value."""
    record, task = stored.record, stored.record.trial.task
    columns = read_predictions(stored, split)
    answers = side_by_side(task, columns, columns)
    assert answers is not None
    once = np.ones(len(answers), dtype=np.int64)
    stage: Stage = "before" if record.trial.recipe.strategy == "zero_shot" else "after"
    for metric in task.metrics:
        score = record.score(stage, split, metric)
        assert score is not None
        assert score.value is not None
        assert value_of(metric, answers, answers.candidate)(once) == pytest.approx(
            score.value, rel=1e-6
        ), metric
