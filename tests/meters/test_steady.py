"""Where warm-up ends, on invented windows of either kind."""

import numpy as np
import pytest

from mmbench.meters.steady import Warmup, find_warmup


def find(costs: list[float], seconds: list[float] | None = None) -> Warmup:
    return find_warmup(costs, seconds or [0.5] * len(costs))


def noisy(level: float, count: int, seed: int, spread: float = 0.02) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(v) for v in level * (1 + spread * rng.standard_normal(count))]


def test_the_first_window_is_always_warm_up() -> None:
    assert find([1.0] * 20) == Warmup(windows=1, settled=True)


def test_a_steady_run_is_rarely_called_unsettled() -> None:
    for count, allowed in ((6, 0.12), (40, 0.02)):
        found = [find(noisy(1.0, count, seed)).settled for seed in range(300)]
        assert found.count(False) / 300 < allowed


@pytest.mark.parametrize("slow", [2, 4, 7])
def test_slow_windows_at_the_start_are_warm_up(slow: int) -> None:
    for seed in range(20):
        start = [1.0 + 0.5 * (slow - i) / slow for i in range(slow)]
        found = find(start + noisy(1.0, 50, seed, spread=0.01))
        assert found.settled
        assert slow - 1 <= found.windows <= slow + 1


def test_a_single_slow_window_after_the_first_is_warm_up() -> None:
    assert find([3.0, 2.0, *[1.0] * 20]) == Warmup(windows=2, settled=True)


def test_warm_up_ends_at_a_fifth_of_the_run_and_says_that_it_did_not_settle() -> None:
    found = find([2.0 - 0.02 * i for i in range(50)])
    assert found == Warmup(windows=10, settled=False)


def test_the_fifth_is_of_the_time() -> None:
    seconds = [5.0, 5.0, *[0.5] * 48]
    found = find([2.0 - 0.02 * i for i in range(50)], seconds)
    assert found == Warmup(windows=1, settled=False)


def test_a_trend_too_small_to_mind_is_none() -> None:
    assert find([1.0 - 0.0003 * i for i in range(50)]).settled is True


def test_a_window_cut_short_says_nothing() -> None:
    costs = [2.0, 3.0, *[1.0] * 30]
    seconds = [0.5, 0.01, *[0.5] * 30]
    assert find(costs, seconds) == Warmup(windows=1, settled=True)


def test_too_few_windows_cannot_be_judged() -> None:
    assert find([]) == Warmup(windows=0, settled=None)
    assert find([1.0]) == Warmup(windows=0, settled=None)
    assert find([1.0] * 5) == Warmup(windows=1, settled=None)
