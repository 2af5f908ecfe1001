"""Known work before and after: kept raw, shared by neighbours, and warned about where it drifts."""

import pytest
import torch

from mmbench.meters import calibrated as module
from mmbench.meters.calibrated import Calibrator, Drift
from mmbench.meters.peak import Calibration

CPU = torch.device("cpu")


def calibrator(monkeypatch: pytest.MonkeyPatch, *products: float) -> Calibrator:
    rounds = iter(products)
    monkeypatch.setattr(
        module,
        "calibrate",
        lambda device: Calibration(matmul_seconds=next(rounds), copy_seconds=0.002),
    )
    return Calibrator(CPU)


def trial(of: Calibrator) -> Drift:
    return of.drift_since(of.before())


def test_both_rounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    drift = trial(calibrator(monkeypatch, 0.010, 0.0104))
    assert {m.name: m.values for m in drift.measurements} == {
        "calibration_matrix_product_seconds": (0.010, 0.0104),
        "calibration_memory_copy_seconds": (0.002, 0.002),
    }
    assert drift.warnings == ()


def test_a_kernel_that_became_slower_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    (warning,) = trial(calibrator(monkeypatch, 0.010, 0.0109)).warnings
    assert "the same matrix product took 9% longer after the trial than before it" in warning


def test_what_ended_a_trial_begins_the_next_unless_it_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = calibrator(monkeypatch, 1.0, 2.0, 3.0, 4.0, 5.0)
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    assert trial(ours).measurements[0].values == (1.0, 2.0)
    clock[0] += module.RECENT_SECONDS - 0.1
    assert trial(ours).measurements[0].values == (2.0, 3.0)
    clock[0] += module.RECENT_SECONDS + 0.1
    assert trial(ours).measurements[0].values == (4.0, 5.0)
