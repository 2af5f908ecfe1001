"""A timing ends early where its interval is narrow, and only there."""

import numpy as np
import pytest
from scipy import stats

from mmbench.meters.enough import LEAST, WITHIN, mean_is_known


def test_few_values_are_never_enough() -> None:
    assert not mean_is_known([1.0] * (LEAST - 1))
    assert mean_is_known([1.0] * LEAST)


@pytest.mark.parametrize(("count", "within"), [(5, True), (5, False), (8, True), (30, False)])
def test_the_interval_of_student_decides(count: int, within: bool) -> None:
    """It is a little narrower than WITHIN, or a little wider."""
    values = np.linspace(-1, 1, count)
    half = stats.t.ppf(0.975, min(count, 11) - 1) * values.std(ddof=1) / count**0.5
    values = 1 + values * WITHIN * (0.999 if within else 1.001) / half
    assert mean_is_known(list(values)) == within


def test_ending_early_does_not_move_the_mean() -> None:
    """Of normal values with a deviation of 5 %, ended by the rule or after eleven."""
    rng = np.random.default_rng(0)
    means, early = [], 0
    for _ in range(2000):
        values = list(rng.normal(1.0, 0.05, 11))
        count = next((n for n in range(LEAST, 11) if mean_is_known(values[:n])), 11)
        early += count < 11
        means.append(float(np.mean(values[:count])))
    assert early > 500
    assert abs(np.mean(means) - 1) < 3 * 0.05 / 5**0.5 / 2000**0.5
