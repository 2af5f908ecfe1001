"""Metrics of two classes against scikit-learn, with ties and with one class alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from sklearn import metrics as reference

from mmbench.errors import CardError
from mmbench.metrics.binary import MEASURES, measures
from mmbench.metrics.intervals import interval
from mmbench.metrics.resampling import Counted, Scored, known_values, scored, values

NAMES = tuple(MEASURES)
CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None, database=None)
@given(CASES)
def test_values_equal_scikit_learn(case: list[tuple[int, int]]) -> None:
    targets, tenths = np.transpose(case)
    got = values(measures(NAMES, targets, tenths / 10))
    predicted = tenths > 5
    assert got["accuracy"] == pytest.approx(reference.accuracy_score(targets, predicted))
    assert got["f1_positive"] == pytest.approx(
        reference.f1_score(targets, predicted, zero_division=0)
    )
    if len(set(targets)) == 2:
        assert got["roc_auc"] == pytest.approx(reference.roc_auc_score(targets, tenths))
    else:
        assert got["roc_auc"] is None


def test_a_constant_ranks_like_chance_and_a_reversed_order_is_worst() -> None:
    for chances, value in (([0.5] * 4, 0.5), ([0.1, 0.2, 0.8, 0.9], 1.0), ([1, 0.9, 0.2, 0], 0.0)):
        assert values(measures(["roc_auc"], [0, 0, 1, 1], chances)) == {"roc_auc": value}


def test_a_resample_counts_an_example_as_often_as_it_was_drawn() -> None:
    rng = np.random.default_rng(1)
    targets, chances = rng.integers(2, size=50), rng.integers(6, size=50) / 5
    measure = measures(["roc_auc"], targets, chances)["roc_auc"]
    assert isinstance(measure, Counted)
    for _ in range(20):
        drawn = rng.integers(50, size=50)
        times = np.bincount(drawn, minlength=50).astype(np.float64)
        again = reference.roc_auc_score(targets[drawn], chances[drawn])
        assert measure.value(times) == pytest.approx(again)


def test_one_class_alone_has_no_roc_auc_and_a_note_says_so() -> None:
    found = measures(NAMES, [1, 1, 1], [0.9, 0.8, 0.1])
    assert scored(found)["roc_auc"] == Scored(
        value=None, note="not defined: all examples are of one class"
    )
    with pytest.raises(
        ValueError, match=r"roc_auc is not defined: all .* choose by another metric"
    ):
        known_values(found)


@pytest.mark.parametrize(
    ("targets", "chances", "offence"),
    [
        ([[0, 1]], [[0.5, 0.5]], r"\[N\]; got \(1, 2\)"),
        ([0, 1], [0.5], r"got \(2,\) and \(1,\)"),
        ([], [], r"got \(0,\)"),
        ([0, 2], [0.5, 0.5], "targets: expected 0 or 1"),
        ([0, 1], [0.5, -2.0], "expected 0..1; logits go through a softmax"),
        ([0, 1], [0.5, np.nan], "expected 0..1"),
    ],
)
def test_other_arrays_are_refused(targets: ArrayLike, chances: ArrayLike, offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        measures(NAMES, targets, chances)


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'f1_macro' is a metric of"):
        measures(["f1_macro"], [0, 1], [0.5, 0.5])


def test_a_metric_of_probabilities_is_refused_with_what_to_call_instead() -> None:
    with pytest.raises(CardError, match=r"'roc_auc' is made of probabilities.*metrics\.binary"):
        interval("roc_auc", [0, 1], [0, 1], 2)
