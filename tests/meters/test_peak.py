"""The peak against the same product timed by a stopwatch, and utilisation of known work."""

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from mmbench.meters import peak as module
from mmbench.meters.flops import flops_of
from mmbench.meters.noise import drifted
from mmbench.meters.peak import (
    Calibration,
    calibrate,
    copy_peak,
    matmul_peak,
    model_utilisation,
    utilisation,
)
from mmbench.records import Measurement

CPU = torch.device("cpu")
PEAK = Measurement(
    name="matmul_flops_per_second", unit="FLOP/s", value=1e11, note="fp32, 2 threads"
)
RATE = Measurement(
    name="train_samples_per_second", unit="samples/s", value=20.0, low=10.0, high=30.0
)
FLOPS = Measurement(name="train_flops_per_sample", unit="FLOP", value=1e9)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """So that neighbours on the other core disturb less."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def clockwork(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first product or copy takes 0.1 s at best, the second half of it, and so on."""
    calls: list[int] = []

    def timed(work: object, device: torch.device, repeats: int) -> list[float]:
        calls.append(repeats)
        return [0.1 / len(calls) * (1 + place) for place in range(3)]

    monkeypatch.setattr(module, "_timed", timed)
    return calls


@pytest.mark.usefixtures("one_thread")
def test_the_best_repeat_counts_and_all_are_kept(clockwork: list[int]) -> None:
    found = matmul_peak(CPU, "fp32")
    assert found.unit == "FLOP/s"
    assert found.value == pytest.approx(2 * 512**3 / 0.1)
    assert found.values == pytest.approx([2 * 512**3 / s for s in (0.1, 0.2, 0.3)])
    assert found.note == "fp32, 512 × 512, 1 thread"
    assert len(clockwork) == 1


def test_the_size_grows_until_a_product_takes_long_enough(
    clockwork: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONG_ENOUGH", 1.0)
    monkeypatch.setattr(module, "LARGEST", 2048)
    found = matmul_peak(CPU, "fp32")
    assert "2048 × 2048" in (found.note or "")
    assert found.value == pytest.approx(2 * 2048**3 / (0.1 / 3))


def test_a_copy_reads_and_writes(clockwork: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CPU_COPY_BYTES", 2**20)
    found = copy_peak(CPU)
    assert (found.name, found.unit) == ("memory_bytes_per_second", "bytes/s")
    assert found.value == pytest.approx(2 * 2**20 / 0.1)


@pytest.mark.usefixtures("one_thread")
def test_the_peak_is_what_a_stopwatch_says_of_a_product() -> None:
    """NumPy's own product of the same size, by another library's kernels."""
    found = matmul_peak(CPU, "fp32")
    assert found.value is not None
    left = np.random.default_rng(0).random((1024, 1024), dtype=np.float32)
    seconds = []
    tensor = torch.from_numpy(left)
    for _ in range(10):
        began = time.perf_counter()
        tensor @ tensor
        seconds.append(time.perf_counter() - began)
    assert found.value == pytest.approx(2 * 1024**3 / min(seconds), rel=0.5)


@pytest.mark.usefixtures("one_thread")
def test_a_model_of_one_large_product_is_near_the_peak() -> None:
    """The whole chain on a model of known FLOPs: counted, timed, over the peak measured beside."""
    layer, inputs = nn.Linear(1024, 1024, bias=False), torch.randn(1024, 1024)
    counted = flops_of(lambda: layer(inputs))
    assert counted == 2 * 1024**3
    ratios = []
    with torch.inference_mode():
        for _ in range(3):
            limit = matmul_peak(CPU, "fp32").value
            seconds = []
            for _ in range(10):
                began = time.perf_counter()
                layer(inputs)
                seconds.append(time.perf_counter() - began)
            assert limit is not None
            ratios.append(utilisation(counted / min(seconds), limit))
    assert 0.6 < sorted(ratios)[1] < 1.4


def test_utilisation_carries_the_interval_of_the_rate() -> None:
    found = model_utilisation("train_utilisation", FLOPS, RATE, PEAK)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.1, 0.3))
    assert "measured: fp32, 2 threads" in (found.note or "")


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_utilisation_of_what_was_not_measured_has_no_value(missing: int) -> None:
    parts = [FLOPS, RATE, PEAK]
    parts[missing] = replace(parts[missing], value=None)
    found = model_utilisation("train_utilisation", *parts)
    assert found.value is None
    assert found.note == f"unavailable: no {parts[missing].name}"


def test_a_calibration_is_seconds_of_known_work() -> None:
    found = calibrate(CPU)
    assert 2 * 512**3 / found.matmul_seconds < 2e13  # no machine multiplies faster
    assert 2**25 / found.copy_seconds < 2e12
    assert found.matmul_seconds < 5


def test_a_drift_of_the_machine_is_judged_from_two_calibrations() -> None:
    before = Calibration(matmul_seconds=0.010, copy_seconds=0.02)
    after = Calibration(matmul_seconds=0.012, copy_seconds=0.0201)
    (warning,) = drifted(before.beside(after))
    assert "matrix product took 20% longer" in warning


def test_a_slow_kernel_does_not_take_ten_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(100))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(now)))
    assert len(module._timed(lambda: None, CPU, 10)) == 1


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_gpu_reaches_a_plausible_peak(precision: str) -> None:
    device = torch.device("cuda")
    found = matmul_peak(device, precision)
    assert found.value is not None
    assert 1e12 < found.value < 5e15
    assert torch.cuda.get_device_name(device) in (found.note or "")
    assert 1e11 < (copy_peak(device).value or 0.0) < 2e13
    assert calibrate(device).matmul_seconds > 0
