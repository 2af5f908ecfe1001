"""The fast-windows test against its definition over all swaps, and against SciPy's."""

import math
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import permutation_test

from mmbench.compare.fast_windows import (
    draws_for,
    fast_difference,
    fast_shift,
    fast_slower_p,
    fastest_count,
)

Floats = NDArray[np.float64]


def logs_of(seed: int, pairs: int, slower: float = 0.0, spread: float = 0.3) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.exponential(spread, (pairs, 2)) + rng.normal(0, 0.01, (pairs, 2)) + [0.0, slower]


def by_definition(logs: Floats) -> float:
    count = math.ceil(len(logs) / 10)
    baseline, candidate = (sorted(side)[:count] for side in logs.T.tolist())
    return float(sum(candidate) - sum(baseline)) / count


@pytest.mark.parametrize("pairs", [1, 9, 10, 11, 240])
def test_the_statistic_is_of_the_fastest_tenths(pairs: int) -> None:
    logs = logs_of(pairs, pairs)
    assert fastest_count(pairs) == math.ceil(pairs / 10)
    assert fast_difference(logs) == pytest.approx(by_definition(logs), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_p_is_the_share_of_all_swaps_that_differ_as_much(seed: int) -> None:
    logs = logs_of(seed, 12, slower=0.02)
    seen = by_definition(logs)
    turned = [
        by_definition(np.where(np.array(swap)[:, None], logs[:, ::-1], logs))
        for swap in product((False, True), repeat=len(logs))
    ]
    exact = np.mean([value >= seen - 1e-12 for value in turned])
    draws = 20_000
    error = 4 * math.sqrt(exact * (1 - exact) / draws) + 2 / draws
    assert fast_slower_p(logs, draws=draws) == pytest.approx(exact, abs=error)


def test_p_agrees_with_that_of_scipy() -> None:
    logs = logs_of(3, 100, slower=0.01)

    def statistic(baseline: Floats, candidate: Floats, axis: int = -1) -> Floats:
        count = fastest_count(baseline.shape[axis])
        fastest = [np.sort(side, axis=axis)[..., :count] for side in (baseline, candidate)]
        return np.asarray(fastest[1].mean(axis) - fastest[0].mean(axis))

    theirs = permutation_test(
        (logs[:, 0], logs[:, 1]),
        statistic,
        permutation_type="samples",
        alternative="greater",
        n_resamples=20_000,
        batch=2_000,
        rng=np.random.default_rng(1),
    )
    assert 0.01 < theirs.pvalue < 0.99
    assert fast_slower_p(logs, draws=20_000) == pytest.approx(theirs.pvalue, abs=0.015)


def test_without_a_change_p_is_below_alpha_no_more_often_than_alpha() -> None:
    rounds, alpha = 300, 0.05
    found = [fast_slower_p(logs_of(seed, 120), draws=2_000) <= alpha for seed in range(rounds)]
    assert np.mean(found) <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / rounds)
    assert np.mean(found) > 0.01


def test_bounds_hold_the_shift_and_tell_on_which_side_of_the_limit_it_is() -> None:
    limit = math.log(1.05)
    for slower, under in ((0.0, True), (0.03, True), (0.10, False), (0.2, False)):
        found = fast_shift(logs_of(1, 240, slower), 0.01, limit=limit)
        assert found.low < slower < found.high
        assert found.value == pytest.approx(fast_difference(logs_of(1, 240, slower)))
        assert found.under is under
        assert (found.high <= limit) is under


def test_equal_windows_are_no_slower() -> None:
    same = np.zeros((240, 2))
    assert fast_slower_p(same) == 1.0
    assert fast_shift(same, 0.002, limit=math.log(1.05)).under


def test_there_are_draws_enough_for_alpha() -> None:
    assert draws_for(0.05) == 20_000
    assert draws_for(0.0002) == 50_000
    assert draws_for(1e-9) == 200_000


@pytest.mark.parametrize("logs", [np.zeros(4), np.zeros((3, 3)), np.zeros((0, 2))])
def test_what_are_no_pairs_is_refused(logs: Floats) -> None:
    with pytest.raises(ValueError, match=r"pairs of logs are needed"):
        fast_difference(logs)


def test_a_log_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        fast_slower_p([[0.0, math.inf]])
