"""Intervals of several metrics from the same resamples."""

import numpy as np
import pytest

from mmbench.metrics.intervals import interval, intervals


@pytest.mark.parametrize("grouped", [False, True])
def test_metrics_that_share_resamples_get_the_intervals_that_each_gets_alone(grouped: bool) -> None:
    rng = np.random.default_rng(0)
    targets, predicted = rng.integers(0, 4, size=(2, 200))
    groups = rng.integers(0, 60, size=200) if grouped else None
    names = ("f1_macro", "accuracy", "balanced_accuracy", "f1_micro")
    together = intervals(names, targets, predicted, 4, groups)
    assert set(together) == set(names)
    for name in names:
        assert together[name] == interval(name, targets, predicted, 4, groups)
    spared = "Wilson" if groups is None else "cluster bootstrap"
    assert together["accuracy"].method.startswith(spared)
    assert "bootstrap" in together["f1_macro"].method
