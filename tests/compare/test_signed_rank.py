"""The signed-rank test and its estimate against SciPy, all signs, and brute force."""

import itertools
import math
import statistics

import numpy as np
import pytest
from scipy import stats

from mmbench.compare.signed_rank import MOST_PAIRS, holm, shift, slower_p, walsh_averages


def noise(count: int, seed: int, centre: float = 0.0) -> list[float]:
    return list(np.random.default_rng(seed).normal(centre, 1, count))


def by_all_signs(differences: list[float]) -> float:
    """P of a rank sum as large as seen over all 2ⁿ signs of the ranks, zeros' ranks left out."""
    ranks = stats.rankdata(np.abs(differences))
    moved = [rank for rank, d in zip(ranks, differences, strict=True) if d != 0]
    seen = sum(rank for rank, d in zip(ranks, differences, strict=True) if d > 0)
    sums = [
        sum(rank for rank, sign in zip(moved, signs, strict=True) if sign)
        for signs in itertools.product((False, True), repeat=len(moved))
    ]
    return sum(total >= seen - 1e-9 for total in sums) / len(sums)


@pytest.mark.parametrize("count", [1, 5, 30, 60, 120])
@pytest.mark.parametrize("centre", [-0.4, 0.0, 0.4])
def test_the_test_is_scipys(count: int, centre: float) -> None:
    found = noise(count, seed=count, centre=centre)
    expected = stats.wilcoxon(found, alternative="greater", method="exact").pvalue
    assert slower_p(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "differences",
    [
        [1.0, 1.0, -1.0, 2.0, 2.0, 3.0],
        [0.0, 0.0, 1.0, 2.0, -1.0],
        [0.0, 0.5, 0.5, 0.5, 0.5, -0.5, 1.0, 0.0],
        [0.0, 0.0, 0.0],
    ],
)
def test_ties_and_zeros_are_exact(differences: list[float]) -> None:
    assert slower_p(differences) == pytest.approx(by_all_signs(differences))


def test_equal_timings_are_no_evidence() -> None:
    assert slower_p([0.0] * 30) == 1.0
    found = shift([0.0] * 30, 0.01)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("count", [1, 2, 9, 30])
def test_the_estimate_is_the_median_of_all_pairwise_means(count: int) -> None:
    found = noise(count, seed=7)
    means = [(a + b) / 2 for a, b in itertools.combinations_with_replacement(found, 2)]
    assert walsh_averages(np.array(found)).tolist() == pytest.approx(sorted(means))
    assert shift(found, 0.01).value == pytest.approx(statistics.median(means))


def test_the_bounds_are_the_centres_that_the_test_would_not_reject() -> None:
    found, alpha = np.array(noise(25, seed=3, centre=0.2)), 0.01
    bounds = shift(found, alpha)
    step = 1e-9
    assert slower_p(found - (bounds.low - step)) <= alpha < slower_p(found - (bounds.low + step))
    assert slower_p((bounds.high + step) - found) <= alpha < slower_p((bounds.high - step) - found)


def test_too_few_differences_have_no_bounds() -> None:
    bounds = shift([0.1, 0.2, 0.3], 0.01)
    assert (bounds.low, bounds.high) == (-math.inf, math.inf)


def test_each_bound_misses_the_centre_no_more_often_than_it_says() -> None:
    rng, alpha, rounds = np.random.default_rng(11), 0.05, 2000
    bounds = [shift(rng.standard_t(2, 20), alpha) for _ in range(rounds)]
    margin = 3 * math.sqrt(alpha * (1 - alpha) / rounds)
    assert sum(b.low > 0 for b in bounds) / rounds < alpha + margin
    assert sum(b.high < 0 for b in bounds) / rounds < alpha + margin


def test_holm_stops_at_the_first_that_it_cannot_reject() -> None:
    # 0.04 would pass 0.05 / 1 but 0.03 > 0.05 / 2 comes before it
    assert holm([0.03, 0.01, 0.04], 0.05) == [False, True, False]
    assert holm([0.024, 0.01, 0.04], 0.05) == [True, True, True]


def test_holm_counts_the_cells_that_were_decided_before() -> None:
    assert holm([0.02], 0.05) == [True]
    assert holm([0.02], 0.05, family=3) == [False]
    with pytest.raises(ValueError, match="a family of 1"):
        holm([0.1, 0.2], 0.05, family=1)


@pytest.mark.parametrize("bad", [[], [[0.1]], [0.1] * (MOST_PAIRS + 1)])
def test_what_is_no_series_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="differences are needed"):
        slower_p(bad)


def test_a_difference_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        shift([0.1, math.nan], 0.01)


def test_the_largest_number_of_pairs_is_still_a_distribution() -> None:
    found = noise(300, seed=1)
    expected = stats.wilcoxon(found, alternative="greater", method="approx").pvalue
    assert slower_p(found) == pytest.approx(expected, abs=1e-3)
