"""Score records: one a metric, and each says why it has no value or no interval."""

from typing import cast

import numpy as np
import pytest

from mmbench.data.examples import Examples
from mmbench.data.prepared import Prepared
from mmbench.metrics.binary import measures as binary_measures
from mmbench.metrics.regression import measures
from mmbench.records import Score
from mmbench.train.objectives.base import ONE_GROUP, SplitRows
from mmbench.train.objectives.scores import score_records

TARGETS = np.array([0.0, 1.0, 2.0, 3.0])
PREDICTED = np.array([0.5, 1.0, 2.0, 2.0])


def split(groups: tuple[str, ...] | None = None, note: str | None = None) -> SplitRows:
    examples = Examples(ids=("a", "b", "c", "d"), inputs={"text": list("abcd")}, groups=groups)
    return SplitRows(name="test", examples=examples, rows=cast(Prepared, None), note=note)


def scored(of: SplitRows, names: tuple[str, ...] = ("mae", "rmse")) -> list[Score]:
    return score_records("after", of, measures(names, TARGETS, PREDICTED))


def test_each_metric_is_one_record_over_all_examples_with_its_interval() -> None:
    mae, rmse = scored(split())
    assert (mae.metric, rmse.metric) == ("mae", "rmse")
    assert mae.value == pytest.approx(0.375)
    assert rmse.value == pytest.approx(np.sqrt(1.25 / 4))
    for score in (mae, rmse):
        assert (score.stage, score.split, score.count) == ("after", "test", 4)
        assert score.value is not None
        assert score.low is not None
        assert score.high is not None
        assert score.low <= score.value <= score.high
        assert score.interval
        assert score.note is None


def test_rows_of_one_group_have_a_value_and_no_interval_and_say_why() -> None:
    (mae,) = scored(split(groups=("g",) * 4, note="on 4 of 9 rows"), ("mae",))
    assert mae.value == pytest.approx(0.375)
    assert mae.low is None
    assert mae.interval is None
    assert mae.note is not None
    assert mae.note.startswith("on 4 of 9 rows; ")
    assert ONE_GROUP in mae.note


def test_what_is_not_defined_has_no_value_and_says_why() -> None:
    """There is no ROC curve of one class."""
    found = binary_measures(("roc_auc",), np.zeros(4, dtype=int), np.array([0.1, 0.2, 0.6, 0.7]))
    (score,) = score_records("after", split(), found)
    assert score.value is None
    assert score.low is None
    assert score.note
