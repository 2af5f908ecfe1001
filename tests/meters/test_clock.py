"""The clock against sleeps of known length."""

import time

import pytest
import torch

from mmbench.meters import clock as module
from mmbench.meters.clock import StepClock, Window, shares, throughput

CPU = torch.device("cpu")


def window(seconds: float, samples: int = 10, waited: float = 0.0) -> Window:
    return Window(
        seconds=seconds,
        steps=5,
        samples=samples,
        tokens=3 * samples,
        padded_tokens=4 * samples,
        data_wait_seconds=waited,
        transfer_seconds=0.0,
    )


@pytest.fixture
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW_SECONDS", 0.02)


@pytest.mark.usefixtures("short_windows")
def test_a_known_pace_is_found() -> None:
    clock = StepClock(CPU)
    began = time.perf_counter()
    clock.resume()
    for _ in range(20):
        time.sleep(0.01)
        clock.step(samples=4, tokens=8, padded_tokens=16)
    clock.pause()
    stopwatch = 20 * 4 / (time.perf_counter() - began)
    assert len(clock.windows) >= 5
    rate = throughput(clock.windows, "train", tokens=True)[0].value
    assert rate == pytest.approx(stopwatch, rel=0.1)
    assert sum(w.samples for w in clock.windows) == 80


@pytest.mark.usefixtures("short_windows")
def test_what_happens_while_paused_belongs_to_no_window() -> None:
    clock = StepClock(CPU)
    clock.resume()
    for _ in range(6):
        time.sleep(0.01)
        clock.step(samples=1, tokens=1, padded_tokens=1)
        clock.pause()
        time.sleep(0.05)
        clock.resume()
    clock.pause()
    assert sum(w.seconds for w in clock.windows) < 6 * 0.03


@pytest.mark.usefixtures("short_windows")
def test_a_sleep_in_the_data_path_appears_as_data_wait() -> None:
    clock = StepClock(CPU)
    clock.resume()
    for _ in range(20):
        with clock.waiting_for_data():
            time.sleep(0.01)
        time.sleep(0.01)
        clock.step(samples=1, tokens=1, padded_tokens=1)
    clock.pause()
    wait = shares(clock.windows)[0]
    assert wait.name == "data_wait_share"
    assert wait.value == pytest.approx(0.5, abs=0.05)


def test_the_first_window_is_dropped_and_the_rest_are_kept_raw() -> None:
    windows = [window(100.0)] + [window(1.0)] * 6
    rate = throughput(windows, "train", tokens=False)[0]
    assert rate.value == pytest.approx(10.0)
    assert rate.values == (10.0,) * 6
    assert rate.low == pytest.approx(10.0)
    assert rate.note is None


def test_the_rate_is_work_over_time_not_a_mean_of_rates() -> None:
    windows = [window(1.0), window(1.0, samples=10), window(9.0, samples=10)]
    rate = throughput(windows, "train", tokens=False)[0]
    assert rate.value == pytest.approx(2.0)


def test_too_few_windows_are_said() -> None:
    (rate,) = throughput([window(1.0), window(1.0)], "train", tokens=False)
    assert rate.note is not None
    assert "short" in rate.note
    assert rate.low is None


def test_no_window_gives_no_number() -> None:
    (rate,) = throughput([], "train", tokens=False)
    assert rate.value is None


def test_padding_is_told_apart_from_tokens() -> None:
    found = {m.name: m.value for m in throughput([window(1.0)] * 3, "train", tokens=True)}
    assert found["train_tokens_per_second"] == pytest.approx(30.0)
    assert found["train_padded_tokens_per_second"] == pytest.approx(40.0)


@pytest.mark.gpu
def test_a_window_waits_for_the_gpu() -> None:
    device = torch.device("cuda")
    matrix = torch.randn(8192, 8192, device=device)
    matrix @ matrix
    torch.cuda.synchronize()
    start, end = (
        torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        for _ in range(2)
    )
    clock = StepClock(device)
    clock.resume()
    start.record()
    for _ in range(50):
        matrix = (matrix @ matrix).clamp(-1, 1)
        clock.step(samples=1, tokens=1, padded_tokens=1)
    end.record()
    clock.pause()
    timed = sum(w.seconds for w in clock.windows)
    assert timed == pytest.approx(start.elapsed_time(end) / 1000, rel=0.05)
