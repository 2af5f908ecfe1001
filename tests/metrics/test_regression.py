"""Each error against scikit-learn, each correlation against SciPy; what is refused."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats
from sklearn import metrics as reference

from mmbench.errors import CardError
from mmbench.metrics.regression import MEASURES, measures
from mmbench.metrics.resampling import values

Pairs = list[tuple[float, float]]

NAMES = tuple(MEASURES)
# Few values, so that there are ties; far from zero, where sums of squares would lose their digits.
PAIRS = st.lists(
    st.tuples(st.integers(-3, 3), st.one_of(st.integers(-2, 2), st.floats(-9, 9, width=16))),
    min_size=2,
    max_size=30,
)


def found(targets: ArrayLike, predicted: ArrayLike) -> dict[str, float | None]:
    return values(measures(NAMES, targets, predicted))


@settings(max_examples=80, deadline=None, database=None)
@given(PAIRS, st.sampled_from([0.0, 1e6]))
def test_values_equal_scikit_learn_and_scipy(pairs: Pairs, offset: float) -> None:
    targets, predicted = (
        np.array(side, dtype=np.float64) + offset for side in zip(*pairs, strict=True)
    )
    assume(np.ptp(targets) > 0.1 and np.ptp(predicted) > 0.1)
    got = found(targets, predicted)
    assert got == {
        "mae": pytest.approx(reference.mean_absolute_error(targets, predicted)),
        "rmse": pytest.approx(reference.root_mean_squared_error(targets, predicted)),
        "pearson": pytest.approx(stats.pearsonr(targets, predicted).statistic, abs=1e-6),
        "spearman": pytest.approx(stats.spearmanr(targets, predicted).statistic, abs=1e-9),
    }


@pytest.mark.parametrize("constant", [2.0, 0.1, 1e9 + 0.1])
def test_a_constant_goes_together_with_nothing(constant: float) -> None:
    """0.1 a hundred times has a mean that is not 0.1."""
    numbers, same = np.arange(100.0), np.full(100, constant)
    for targets, predicted in ((numbers, same), (same, numbers), (same, same)):
        got = found(targets, predicted)
        assert got["pearson"] == 0.0
        assert got["spearman"] == 0.0


def test_values_worked_by_hand() -> None:
    got = found([1, 2, 3, 4], [1, 2, 4, 3])
    assert got["mae"] == 0.5
    assert got["rmse"] == pytest.approx(0.5**0.5)
    assert got["pearson"] == pytest.approx(0.8)
    assert got["spearman"] == pytest.approx(0.8)


def test_ranks_do_not_see_by_how_much() -> None:
    assert found([1, 2, 3], [1, 10, 1000])["spearman"] == pytest.approx(1.0)
    assert found([1, 2, 3], [9, -1, -2])["spearman"] == pytest.approx(-1.0)


def test_a_resample_counts_an_example_as_often_as_it_was_drawn() -> None:
    rng = np.random.default_rng(0)
    targets, predicted = rng.integers(6, size=(2, 40))
    drawn = rng.integers(40, size=40)
    times = np.bincount(drawn, minlength=40).astype(np.float64)
    counted = measures(["spearman"], targets, predicted)["spearman"]
    again = found(targets[drawn], predicted[drawn])
    assert counted.value(times) == pytest.approx(again["spearman"])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("targets", "predicted", "offence"),
    [
        ([], [], "targets: expected one number"),
        ([1.0], [[1.0]], r"predicted: expected one number .* \(1, 1\)"),
        ([1.0, 2.0], [1.0], "2 targets but 1 predictions"),
        ([1.0, np.nan], [1.0, 2.0], "targets: 1 are NaN or infinite, the first is 1"),
        ([1.0, 2.0], [np.inf, 2.0], "predicted: 1 are NaN or infinite, the first is 0"),
        (["1", "2"], [1.0, 2.0], "targets: expected one number"),
        ([True, False], [1.0, 2.0], "targets: expected one number"),
    ],
)
def test_what_is_no_number_is_refused(
    targets: ArrayLike, predicted: ArrayLike, offence: str
) -> None:
    with pytest.raises(ValueError, match=offence):
        measures(["mae"], targets, predicted)


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'accuracy' is a metric of classification"):
        measures(["accuracy"], [1.0], [1.0])
