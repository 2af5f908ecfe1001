"""The exact test and Tango's bounds against closed forms and simulation."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from mmbench.compare.mcnemar import mcnemar_p, tango_bounds


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (7, 2), (2, 7), (40, 20), (700, 650)])
def test_the_exact_test_counts_the_ways_of_as_many_coins(lost: int, won: int) -> None:
    ways = sum(math.comb(lost + won, count) for count in range(lost, lost + won + 1))
    assert mcnemar_p(lost, won) == pytest.approx(ways / 2 ** (lost + won))


@pytest.mark.parametrize("count", [10, 100, 5000])
def test_without_a_difference_the_bounds_are_z_squared_over_n_plus_z_squared(count: int) -> None:
    z = NormalDist().inv_cdf(0.99)
    low, high = tango_bounds(0, 0, count, 0.01)
    assert high == pytest.approx(z * z / (count + z * z), abs=1e-9)
    assert low == pytest.approx(-high)


def test_with_many_examples_the_bounds_are_walds() -> None:
    lost, won, count = 4000, 3000, 100_000
    drop = (lost - won) / count
    error = math.sqrt((lost + won) / count - drop**2) / math.sqrt(count)
    low, high = tango_bounds(lost, won, count, 0.05)
    assert low == pytest.approx(drop - 1.645 * error, rel=1e-2)
    assert high == pytest.approx(drop + 1.645 * error, rel=1e-2)


def test_the_bounds_swap_with_the_models() -> None:
    low, high = tango_bounds(9, 4, 120, 0.01)
    assert tango_bounds(4, 9, 120, 0.01) == pytest.approx((-high, -low))
    assert tango_bounds(120, 0, 120, 0.01)[1] == pytest.approx(1.0)


def test_each_bound_misses_about_as_often_as_it_says() -> None:
    rng, rounds, alpha = np.random.default_rng(0), 1000, 0.05
    lost_share, won_share, count = 0.06, 0.03, 200
    draws = rng.multinomial(count, [lost_share, won_share, 1 - lost_share - won_share], rounds)
    bounds = [tango_bounds(int(lost), int(won), count, alpha) for lost, won, _ in draws]
    truth = lost_share - won_share
    margin = 3 * math.sqrt(alpha * (1 - alpha) / rounds)
    assert sum(low > truth for low, _ in bounds) / rounds < alpha + margin
    assert sum(high < truth for _, high in bounds) / rounds < alpha + margin


@pytest.mark.parametrize(("lost", "won", "count"), [(0, 0, 0), (-1, 0, 5), (3, 3, 5)])
def test_what_are_no_counts_is_refused(lost: int, won: int, count: int) -> None:
    with pytest.raises(ValueError, match="are not among"):
        tango_bounds(lost, won, count, 0.01)
