"""Multi-label metrics against scikit-learn, with ties and with labels that do not occur."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import ArrayLike, NDArray
from sklearn import metrics as reference

from mmbench.errors import CardError
from mmbench.metrics.multilabel import MEASURES, labels_left_out, measures
from mmbench.metrics.resampling import Counted, Scored, scored, values

NAMES = tuple(MEASURES)
Case = tuple[NDArray[np.int64], NDArray[np.float64]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few distinct probabilities, so that there are ties; labels may have no positive example.

    Two labels or more: scikit-learn takes one column for two classes.
    """
    shape = draw(st.tuples(st.integers(1, 25), st.integers(2, 5)))
    targets = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 1)))
    tenths = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 10)))
    return targets, tenths / 10


def expected(targets: NDArray[np.int64], chances: NDArray[np.float64]) -> dict[str, float]:
    occurs = targets.any(axis=0)
    predicted = chances > 0.5
    known = occurs | predicted.any(axis=0)
    each = reference.f1_score(targets, predicted, average=None, zero_division=0)
    ranked = reference.average_precision_score(targets[:, occurs], chances[:, occurs])
    return {
        "mean_average_precision": float(ranked),
        "f1_micro": reference.f1_score(targets, predicted, average="micro", zero_division=0),
        "f1_macro": float(np.mean(each[known])) if known.any() else 0.0,
    }


@settings(max_examples=100, deadline=None, database=None)
@given(cases())
def test_values_equal_scikit_learn(case: Case) -> None:
    targets, chances = case
    got = values(measures(NAMES, targets, chances))
    if targets.any():
        assert got == {name: pytest.approx(v) for name, v in expected(targets, chances).items()}
    else:
        assert got["mean_average_precision"] is None


def test_macro_f1_equals_scikit_learn_as_it_comes_where_every_label_occurs() -> None:
    rng = np.random.default_rng(0)
    targets, chances = rng.integers(2, size=(200, 7)), rng.random((200, 7))
    got = values(measures(NAMES, targets, chances))
    for name, average in (("f1_macro", "macro"), ("f1_micro", "micro")):
        assert got[name] == pytest.approx(
            reference.f1_score(targets, chances > 0.5, average=average)
        )
    assert got["mean_average_precision"] == pytest.approx(
        reference.average_precision_score(targets, chances, average="macro")
    )


def test_a_resample_counts_an_example_as_often_as_it_was_drawn() -> None:
    rng = np.random.default_rng(1)
    targets, chances = rng.integers(2, size=(30, 4)), rng.integers(5, size=(30, 4)) / 4
    measure = measures(["mean_average_precision"], targets, chances)["mean_average_precision"]
    assert isinstance(measure, Counted)
    for _ in range(20):
        drawn = rng.integers(30, size=30)
        again = expected(targets[drawn], chances[drawn])["mean_average_precision"]
        times = np.bincount(drawn, minlength=30).astype(np.float64)
        assert measure.value(times) == pytest.approx(again)


def test_labels_without_a_positive_example_are_left_out_and_counted() -> None:
    targets = np.array([[1, 0], [0, 0]])
    chances = np.array([[0.9, 0.9], [0.1, 0.2]])
    assert labels_left_out(targets) == 1
    assert values(measures(["mean_average_precision"], targets, chances)) == {
        "mean_average_precision": 1.0
    }


def test_without_any_positive_example_there_is_no_average_precision_and_a_note_says_so() -> None:
    found = scored(measures(NAMES, np.zeros((5, 2), dtype=int), np.full((5, 2), 0.7)))
    assert found["mean_average_precision"] == Scored(
        value=None, note="not defined: no label has a positive example"
    )
    assert found["f1_micro"].value == 0.0


@pytest.mark.parametrize(
    ("targets", "chances", "offence"),
    [
        ([0, 1], [0.5, 0.5], r"same shape, \[N, C\]; got \(2,\) and \(2,\)"),
        ([[0, 1]], [[0.5]], r"got \(1, 2\) and \(1, 1\)"),
        (np.zeros((0, 3)), np.zeros((0, 3)), r"got \(0, 3\)"),
        ([[0, 2]], [[0.5, 0.5]], "targets: expected 0 or 1"),
        ([[0, 1]], [[0.5, 1.5]], "expected 0..1; logits go through a sigmoid"),
        ([[0, 1]], [[0.5, np.nan]], "expected 0..1"),
    ],
)
def test_other_arrays_are_refused(targets: ArrayLike, chances: ArrayLike, offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        measures(NAMES, targets, chances)


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'accuracy' is a metric of"):
        measures(["accuracy"], [[0, 1]], [[0.5, 0.5]])
