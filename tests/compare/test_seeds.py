"""The interval of a mean over seeds: against the t interval, the normal one, and by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.coverage import Design, covered
from mmbench.compare.seeds import over_seeds, within


def test_without_noise_of_examples_it_is_the_t_interval() -> None:
    values = [0.80, 0.82, 0.70, 0.77]
    low, high = over_seeds(values, values, values)
    wanted = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (float(low), float(high)) == pytest.approx(wanted)


def test_of_equal_seeds_it_is_that_of_the_examples() -> None:
    low, high = over_seeds([0.8] * 3, [0.7] * 3, [0.95] * 3)
    assert (float(low), float(high)) == pytest.approx((0.7, 0.95))


def test_few_examples_widen_it_too() -> None:
    few = over_seeds([0.8] * 3, [0.7] * 3, [0.9] * 3, examples=5)
    quantile = stats.t.ppf(0.975, 4)
    reach = 0.1 / stats.norm.ppf(0.975) * quantile
    assert (float(few[0]), float(few[1])) == pytest.approx((0.8 - reach, 0.8 + reach))


def test_both_variances_add_with_the_freedom_of_satterthwaite() -> None:
    values = np.array([0.80, 0.84, 0.76])
    standard = 0.01
    half = standard * stats.norm.ppf(0.975)
    of_seeds = values.var(ddof=1) / 3
    total = standard**2 + of_seeds
    freedom = total**2 / (of_seeds**2 / 2)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(total)
    low, high = over_seeds(values, values - half, values + half)
    assert (float(low), float(high)) == pytest.approx((0.8 - reach, 0.8 + reach))


def test_one_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="1 seed: its own interval"):
        over_seeds([0.8], [0.7], [0.9])


def test_an_interval_stays_within_bounds() -> None:
    assert within((-0.1, 1.2), (0.0, 1.0)) == (0.0, 1.0)
    assert within((0.1, 0.2), (0.0, math.inf)) == (0.1, 0.2)


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_it_covers_where_the_bootstrap_of_seeds_does_not(ratio: float) -> None:
    design = Design(seeds=3, examples=200, ratio=ratio)
    rounds = 400
    found = covered(design, rounds, np.random.default_rng(1))
    error = 3 * math.sqrt(0.05 * 0.95 / rounds)
    assert found.interval >= 0.95 - error
    assert found.bootstrap_of_seeds < 0.9
    assert found.bootstrap_of_seeds < found.interval


@pytest.mark.slow
@pytest.mark.parametrize("examples", [200, 2000])
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_it_covers_in_a_thousand_experiments(seeds: int, examples: int, ratio: float) -> None:
    design = Design(seeds=seeds, examples=examples, ratio=ratio)
    assert covered(design, 1000, np.random.default_rng(0)).interval >= 0.93
