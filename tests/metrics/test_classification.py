"""Each metric against scikit-learn, on random and on degenerate cases; each guard fires."""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from sklearn import metrics as reference

from mmbench.metrics.classification import (
    VALUE,
    Counts,
    accuracy,
    balanced_accuracy,
    class_report,
    confusion,
    f1_macro,
    f1_micro,
)
from mmbench.metrics.table import metric

Case = tuple[list[int], list[int], int]

REFERENCE: Mapping[str, Callable[[list[int], list[int]], float]] = {
    "accuracy": reference.accuracy_score,
    "balanced_accuracy": reference.balanced_accuracy_score,
    "f1_macro": lambda t, p: reference.f1_score(t, p, average="macro", zero_division=0),
    "f1_micro": lambda t, p: reference.f1_score(t, p, average="micro", zero_division=0),
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw targets, predictions and a number of classes, of which some may not occur."""
    classes = draw(st.integers(1, 6))
    count = draw(st.integers(1, 40))
    labels = st.lists(st.integers(0, classes - 1), min_size=count, max_size=count)
    return draw(labels), draw(labels), classes


def assert_equal_to_reference(targets: list[int], predicted: list[int], classes: int) -> None:
    counts = confusion(targets, predicted, classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that do not occur, which is what we test
        for name, expected in REFERENCE.items():
            value = float(VALUE[name](counts))
            assert value == pytest.approx(expected(targets, predicted), abs=1e-12), name
            low, high = metric(name).range
            assert low <= value <= high


@settings(max_examples=60, deadline=None, database=None)
@given(cases())
def test_values_equal_scikit_learn(case: Case) -> None:
    assert_equal_to_reference(*case)


@pytest.mark.parametrize("seed", range(5))
def test_values_equal_scikit_learn_on_many_classes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = rng.integers(50, size=300)
    predicted = np.where(rng.random(300) < 0.6, targets, rng.integers(50, size=300))
    assert_equal_to_reference(targets.tolist(), predicted.tolist(), 50)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(([0, 2, 2], [0, 2, 0], 4), id="classes that never occur"),
        pytest.param(([0, 0, 1], [2, 0, 1], 3), id="a class predicted but without targets"),
        pytest.param(([0, 1, 2], [0, 1, 1], 3), id="a class with targets but never predicted"),
        pytest.param(([0, 0, 0], [0, 0, 0], 1), id="one class"),
        pytest.param(([1], [0], 2), id="one example"),
        pytest.param(([0, 1, 2], [0, 0, 0], 3), id="a constant prediction"),
    ],
)
def test_values_equal_scikit_learn_on_degenerate_cases(case: Case) -> None:
    assert_equal_to_reference(*case)


@settings(max_examples=40, deadline=None, database=None)
@given(cases())
def test_confusion_and_report_equal_scikit_learn(case: Case) -> None:
    targets, predicted, classes = case
    labels = list(range(classes))
    counts = confusion(targets, predicted, classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected_counts = reference.confusion_matrix(targets, predicted, labels=labels)
        expected = reference.precision_recall_fscore_support(
            targets, predicted, labels=labels, zero_division=0
        )
    np.testing.assert_array_equal(counts, expected_counts)
    report = class_report(counts)
    got = [[row.precision, row.recall, row.f1, row.support] for row in report]
    np.testing.assert_allclose(np.transpose(got), np.stack(expected), atol=1e-12)


@pytest.mark.parametrize("name", VALUE)
def test_perfect_is_one_and_all_wrong_is_zero(name: str) -> None:
    assert float(VALUE[name](confusion([0, 1, 2], [0, 1, 2], 3))) == 1.0
    assert float(VALUE[name](confusion([0, 1, 2], [1, 2, 0], 3))) == 0.0


def test_values_worked_by_hand() -> None:
    """Recalls 3/4, 1/2 and 0/1; precisions 3/4, 1/3 and none predicted."""
    counts = confusion([0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 1, 0, 1], 3)
    assert float(accuracy(counts)) == pytest.approx(4 / 7)
    assert float(f1_micro(counts)) == pytest.approx(4 / 7)
    assert float(balanced_accuracy(counts)) == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert float(f1_macro(counts)) == pytest.approx((6 / 8 + 2 / 5 + 0) / 3)


@pytest.mark.parametrize("name", VALUE)
def test_stacked_matrices_give_the_value_of_each(name: str) -> None:
    rng = np.random.default_rng(0)
    stacked: Counts = rng.integers(4, size=(2, 7, 3, 3))
    values = VALUE[name](stacked)
    assert values.shape == (2, 7)
    assert values.dtype == np.float64
    for index in np.ndindex(2, 7):
        assert values[index] == float(VALUE[name](stacked[index]))


def test_confusion_counts_targets_in_rows() -> None:
    counts = confusion([0, 0, 1], [1, 1, 1], 2)
    assert counts.tolist() == [[0, 2], [0, 1]]
    assert counts.dtype == np.int64


def test_narrow_integers_do_not_overflow() -> None:
    counts = confusion(np.array([120], dtype=np.int8), np.array([119], dtype=np.uint8), 121)
    assert counts[120, 119] == counts.sum() == 1


@pytest.mark.parametrize(
    ("targets", "predicted", "classes", "offence"),
    [
        ([], [], 2, "targets: empty"),
        ([0], [], 2, "predicted: empty"),
        ([0, 1], [0], 2, "2 targets but 1 predictions"),
        ([[0, 1]], [0], 2, r"targets: .* got \(1, 2\)"),
        (0, [0], 2, r"targets: .* got \(\)"),
        ([0, 1], [[0.1, 0.9], [0.8, 0.2]], 2, r"predicted: .* got \(2, 2\)"),
        ([0, 1], [0.2, 0.9], 2, "predicted: expected integer .* float64"),
        ([0.0, 1.0], [0, 1], 2, "targets: expected integer .* float64"),
        ([True, False], [0, 1], 2, "targets: expected integer .* bool"),
        (["0", "1"], [0, 1], 2, "targets: expected integer"),
        ([0, None], [0, 1], 2, "targets: expected integer .* object"),
        ([0, -100], [0, 1], 2, "targets: class index -100 is negative"),
        ([0, 1], [0, 2], 2, r"predicted: class index 2 is outside 0\.\.1"),
        ([2, 1], [0, 1], 2, r"targets: class index 2 is outside 0\.\.1"),
        ([0], [0], 0, "classes: expected at least 1"),
    ],
)
def test_confusion_refuses_and_names_the_offence(
    targets: ArrayLike, predicted: ArrayLike, classes: int, offence: str
) -> None:
    with pytest.raises(ValueError, match=offence):
        confusion(targets, predicted, classes)


@pytest.mark.parametrize("name", VALUE)
@pytest.mark.parametrize(
    ("matrix", "offence"),
    [
        (np.zeros((3, 3), dtype=np.int64), "holds no example"),
        (np.stack([np.eye(2, dtype=np.int64), np.zeros((2, 2), np.int64)]), "holds no example"),
        (np.ones((2, 3), dtype=np.int64), "expected square"),
        (np.ones(4, dtype=np.int64), "expected square"),
        (np.full((2, 2), 0.25), "expected integer counts"),
        (np.array([[2, -1], [0, 3]]), "-1 is not a count"),
    ],
)
def test_values_refuse_what_is_not_a_confusion_matrix(
    name: str, matrix: Counts, offence: str
) -> None:
    with pytest.raises(ValueError, match=offence):
        VALUE[name](matrix)


def test_the_report_refuses_several_matrices_at_once() -> None:
    with pytest.raises(ValueError, match="expected one matrix"):
        class_report(np.ones((2, 3, 3), dtype=np.int64))
