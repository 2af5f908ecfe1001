"""Paired ratios, and the exact interval of their median."""

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.peers.ratios import coverage, paired_ratio, rank


def test_ratios_are_taken_pair_by_pair() -> None:
    found = paired_ratio([2.0, 9.0, 8.0], [1.0, 3.0, 2.0])  # 2, 3, 4; means would give 19 / 6
    assert (found.median, found.low, found.high) == (3.0, 2.0, 4.0)
    assert found.pairs == 3


@pytest.mark.parametrize(
    ("count", "place", "share"),
    [(2, 1, 0.5), (3, 1, 0.75), (5, 1, 0.9375), (6, 1, 0.96875), (9, 2, 1 - 2 * 10 / 512)],
)
def test_the_coverage_is_the_closed_form(count: int, place: int, share: float) -> None:
    assert coverage(count, place) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("count", range(2, 40))
def test_the_rank_is_the_narrowest_that_covers_95_percent_by_scipy(count: int) -> None:
    place = rank(count)
    assert coverage(count, place) == pytest.approx(1 - 2 * binom.cdf(place - 1, count, 0.5))
    assert binom.cdf(place, count, 0.5) > 0.025  # one further in would cover less
    if count >= 6:
        assert binom.cdf(place - 1, count, 0.5) <= 0.025


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    rounds, truth = 4000, 1.3
    hits = 0
    for _ in range(rounds):
        ratios = truth * np.exp(generator.standard_t(2, size=5))  # heavy tails
        found = paired_ratio(ratios.tolist(), [1.0] * 5)
        hits += found.low <= truth <= found.high
    expected = coverage(5, 1)
    assert abs(hits / rounds - expected) < 4 * np.sqrt(expected * (1 - expected) / rounds)


def test_one_pair_has_no_interval() -> None:
    found = paired_ratio([3.0], [2.0])
    assert (found.low, found.median, found.high, found.coverage) == (1.5, 1.5, 1.5, 0.0)


def test_values_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="2 numerators and 1 denominators"):
        paired_ratio([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="pairs are needed"):
        paired_ratio([], [])
    with pytest.raises(ValueError, match="above 0"):
        paired_ratio([1.0], [0.0])
