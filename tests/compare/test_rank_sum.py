"""The rank-sum test against SciPy's and against counting every order."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from mmbench.compare.rank_sum import larger_p, shift_between, smallest_p


@pytest.mark.parametrize(("one", "other"), [(3, 4), (8, 8), (20, 7), (40, 40)])
def test_p_is_that_of_scipys_exact_test(one: int, other: int) -> None:
    rng = np.random.default_rng(one)
    first, second = rng.normal(size=one), rng.normal(size=other) + 0.4
    theirs = mannwhitneyu(second, first, alternative="greater", method="exact").pvalue
    assert larger_p(first, second) == pytest.approx(theirs, rel=1e-9)


def test_p_is_the_share_of_orders_with_as_many_pairs() -> None:
    values = np.array([1.0, 2.5, 3.0, 4.5, 5.0, 7.0, 8.0])
    first, second = values[[0, 2, 3]], values[[1, 4, 5, 6]]

    def pairs(chosen: tuple[int, ...]) -> int:
        mine = values[list(chosen)]
        theirs = np.delete(values, list(chosen))
        return int(np.count_nonzero(mine[:, None] > theirs[None, :]))

    orders = [pairs(chosen) for chosen in combinations(range(7), 4)]
    share = np.mean(np.array(orders) >= pairs((1, 4, 5, 6)))
    assert larger_p(first, second) == pytest.approx(share)


def test_a_tie_is_no_evidence() -> None:
    assert larger_p([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]) == pytest.approx(1.0)


def test_the_smallest_p_is_that_of_all_larger() -> None:
    assert smallest_p(5, 6) == pytest.approx(1 / comb(11, 5))
    assert larger_p(range(5), range(10, 16)) == pytest.approx(smallest_p(5, 6))


def test_the_shift_is_the_median_difference_and_follows_an_added_constant() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=12), rng.normal(size=15)
    found = shift_between(first, second, 0.01)
    assert found.value == pytest.approx(np.median(np.subtract.outer(second, first)))
    moved = shift_between(first, second + 3, 0.01)
    assert (moved.value, moved.low, moved.high) == pytest.approx(
        (found.value + 3, found.low + 3, found.high + 3)
    )


def test_a_bound_is_where_the_test_stops_to_reject() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=10), rng.normal(size=9)
    low = shift_between(first, second, 0.02).low
    assert larger_p(first, second - (low - 1e-9)) <= 0.02
    assert larger_p(first, second - (low + 1e-9)) > 0.02


def test_each_bound_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    spans = [
        shift_between(rng.normal(size=12), rng.normal(size=12) + 0.5, 0.05) for _ in range(2000)
    ]
    # at most 0.05 each, and not far less; three standard errors are 0.015
    assert 0.03 < np.mean([span.low > 0.5 for span in spans]) < 0.065
    assert 0.03 < np.mean([span.high < 0.5 for span in spans]) < 0.065


def test_too_few_readings_have_no_bounds() -> None:
    found = shift_between([1.0, 2.0], [1.5, 3.0], 0.01)
    assert (found.low, found.high) == (-np.inf, np.inf)


@pytest.mark.parametrize("wrong", [[], [np.nan], [[1.0]], [0.0] * 65])
def test_what_is_no_readings_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="reading"):
        larger_p([1.0, 2.0], wrong)
