"""Each rule that calls a run unstable, on both of its sides."""

import numpy as np
import pytest

from mmbench.meters.noise import (
    drifted,
    other_work,
    short_note,
    throttled,
    unstable_windows,
)


def costs(count: int, *, spread: float = 0.0, step: float = 0.0, seed: int = 0) -> list[float]:
    """Windows around 1.0, those of the second half `step` higher."""
    rng = np.random.default_rng(seed)
    values = 1 + spread * rng.standard_normal(count)
    values[count // 2 :] += step
    return [float(v) for v in values]


def test_a_quiet_run_is_stable() -> None:
    for seed in range(200):
        assert unstable_windows(costs(20, spread=0.02, seed=seed), "training") == []


def test_windows_that_spread_are_warned_about_with_advice() -> None:
    (warning,) = unstable_windows([1.0, 1.3] * 10, "training")
    assert warning.startswith("unstable: the middle half of the windows of training spreads")
    assert warning.endswith("mmbench gate --against, which alternates")


def test_a_drift_between_the_halves_is_warned_about() -> None:
    (warning,) = unstable_windows(costs(20, spread=0.001, step=0.09), "inference")
    assert "inference became 9% slower" in warning
    (other,) = unstable_windows(costs(20, spread=0.001, step=-0.09), "inference")
    assert "faster" in other
    assert unstable_windows(costs(20, spread=0.01, step=0.04), "inference") == []


def test_a_difference_of_halves_within_their_noise_is_no_drift() -> None:
    found = [unstable_windows(costs(8, spread=0.06, seed=s), "training") for s in range(200)]
    drifts = [w for warnings in found for w in warnings if "became" in w]
    assert len(drifts) < 200 * 0.05


def test_few_windows_are_called_short_and_not_judged() -> None:
    assert unstable_windows([1.0, 5.0, 1.0, 5.0], "training") == []
    assert short_note(4) == "short: 4 of 5 windows"
    assert short_note(5) is None


def test_a_clock_that_was_slowed_is_warned_about() -> None:
    assert throttled(()) == []
    (warning,) = throttled(("HwThermalSlowdown", "SwPowerCap"))
    assert "HwThermalSlowdown, SwPowerCap" in warning
    assert "run it again" in warning


@pytest.mark.parametrize(("busy", "warned"), [(None, False), (0.2, False), (0.21, True)])
def test_other_work_is_warned_about_from_a_tenth_of_the_cores(
    busy: float | None, warned: bool
) -> None:
    assert bool(other_work(busy, 2)) is warned


def test_a_calibration_that_drifted_is_warned_about_by_kernel() -> None:
    assert drifted({"matrix product": (1.0, 1.05), "memory copy": (1.0, 0.95)}) == []
    longer, less = drifted({"matrix product": (1.0, 1.10), "memory copy": (1.0, 0.90)})
    assert "the same matrix product took 10% longer after the trial" in longer
    assert "the same memory copy took 10% less" in less
