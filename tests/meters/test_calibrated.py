"""Known work before and after: kept raw, and warned about where it drifts."""

import pytest
import torch

from mmbench.meters import calibrated as module
from mmbench.meters.calibrated import CalibrationWatch
from mmbench.meters.peak import Calibration

CPU = torch.device("cpu")


def watched(monkeypatch: pytest.MonkeyPatch, *products: float) -> CalibrationWatch:
    rounds = iter(products)
    monkeypatch.setattr(
        module,
        "calibrate",
        lambda device: Calibration(matmul_seconds=next(rounds), copy_seconds=0.002),
    )
    return CalibrationWatch(CPU)


def test_both_rounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    drift = watched(monkeypatch, 0.010, 0.0104).drift()
    assert {m.name: m.values for m in drift.measurements} == {
        "calibration_matrix_product_seconds": (0.010, 0.0104),
        "calibration_memory_copy_seconds": (0.002, 0.002),
    }
    assert drift.warnings == ()


def test_a_kernel_that_became_slower_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    (warning,) = watched(monkeypatch, 0.010, 0.0109).drift().warnings
    assert "the same matrix product took 9% longer after the trial than before it" in warning
