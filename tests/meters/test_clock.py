"""The clock against sleeps of known length."""

import gc
import time

import pytest
import torch

from mmbench.meters import clock as module
from mmbench.meters import copies
from mmbench.meters.clock import StepClock, Window
from mmbench.meters.rates import shares, throughput

CPU = torch.device("cpu")


@pytest.fixture
def _short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW_SECONDS", 0.02)


def rate(windows: list[Window]) -> float:
    value = throughput(windows, "train")[0].value
    assert value is not None
    return value


@pytest.mark.usefixtures("_short_windows")
def test_a_known_pace_is_what_a_stopwatch_says() -> None:
    clock = StepClock(CPU)
    began = time.perf_counter()
    clock.resume()
    for _ in range(40):
        time.sleep(0.01)
        clock.step(samples=4, tokens=8, padded_tokens=16)
    clock.pause()
    stopwatch = 40 * 4 / (time.perf_counter() - began)
    assert len(clock.windows) >= 5
    assert rate(clock.windows) == pytest.approx(stopwatch, rel=0.1)
    assert sum(w.samples for w in clock.windows) == 160


@pytest.mark.usefixtures("_short_windows")
def test_windows_and_pauses_make_up_the_wall_time() -> None:
    began = time.perf_counter()
    outside = 0.0
    with StepClock(CPU) as clock:
        clock.resume()
        for _ in range(10):
            for _ in range(5):
                time.sleep(0.004)
                clock.step(samples=1)
            interrupted = time.perf_counter()
            with clock.paused():
                time.sleep(0.02)
            outside += time.perf_counter() - interrupted
    wall = time.perf_counter() - began
    inside = sum(window.seconds for window in clock.windows)
    assert inside == pytest.approx(wall - outside, rel=0.02)
    account = clock.account()
    assert account.seconds == pytest.approx(wall, rel=0.02)
    assert account.paused_seconds == pytest.approx(outside, rel=0.05)
    assert account.setup_seconds < 0.01


@pytest.mark.usefixtures("_short_windows")
def test_what_happens_while_paused_belongs_to_no_window() -> None:
    clock = StepClock(CPU)
    clock.resume()
    worked = 0.0
    for _ in range(6):
        began = time.perf_counter()
        time.sleep(0.01)
        clock.step(samples=1, tokens=1, padded_tokens=1)
        worked += time.perf_counter() - began
        clock.pause()
        time.sleep(0.05)
        clock.resume()
    clock.pause()
    assert sum(w.seconds for w in clock.windows) == pytest.approx(worked, rel=0.05)


@pytest.mark.usefixtures("_short_windows")
def test_a_sleep_in_the_data_path_appears_as_data_wait() -> None:
    slept = 0.0
    with StepClock(CPU) as clock:
        clock.resume()
        for _ in range(20):
            waited = seconds_of_sleep(0.01)
            slept += waited
            time.sleep(0.01)
            clock.step(samples=1, tokens=1, padded_tokens=1, waited=waited)
    assert sum(w.data_wait_seconds for w in clock.windows) == pytest.approx(slept, rel=0.05)
    wait = shares(clock.windows)[0]
    assert wait.name == "data_wait_share"
    assert wait.value == pytest.approx(0.5, abs=0.05)


def run_steps(*, hidden_sleep: float) -> StepClock:
    """Steps of 10 ms that are timed in their parts, and a sleep that none of them covers."""
    with StepClock(CPU) as clock:
        clock.resume()
        for _ in range(20):
            waited, computed = seconds_of_sleep(0.002), seconds_of_sleep(0.008)
            time.sleep(hidden_sleep)
            clock.step(samples=1, waited=waited, computed=computed)
    return clock


def seconds_of_sleep(seconds: float) -> float:
    """By the stopwatch."""
    began = time.perf_counter()
    time.sleep(seconds)
    return time.perf_counter() - began


@pytest.mark.usefixtures("_short_windows")
def test_unaccounted_is_small_and_rises_with_a_sleep_that_no_meter_sees() -> None:
    ordinary, hidden = run_steps(hidden_sleep=0.0), run_steps(hidden_sleep=0.01)
    one, other = ordinary.account(), hidden.account()
    assert one.unaccounted_seconds / one.seconds < 0.05
    assert other.unaccounted_seconds / other.seconds > 0.4
    assert other.unaccounted_seconds >= 20 * 0.01


def test_what_is_not_timed_in_parts_is_not_called_unaccounted() -> None:
    with StepClock(CPU) as clock:
        clock.resume()
        clock.step(samples=1)
    assert [window.unaccounted_seconds for window in clock.windows] == [None]
    assert clock.account().unaccounted_seconds == 0.0


def test_compiling_is_neither_set_up_nor_pause_nor_window() -> None:
    with StepClock(CPU) as clock:
        with clock.compiling():
            time.sleep(0.05)
        clock.resume()
        clock.step(samples=1)
        clock.pause()
        with clock.compiling():
            time.sleep(0.05)
        clock.resume()
        clock.step(samples=1)
    account = clock.account()
    assert account.compile_seconds >= 0.1
    assert account.setup_seconds + account.paused_seconds < 0.02
    assert sum(window.seconds for window in clock.windows) < 0.02


def test_garbage_is_collected_in_pauses_only() -> None:
    assert gc.isenabled()
    clock = StepClock(CPU)
    clock.resume()
    assert not gc.isenabled()
    clock.step(samples=1)
    with clock.paused():
        assert gc.isenabled()
    assert not gc.isenabled()
    clock.pause()
    assert gc.isenabled()


def test_an_error_leaves_garbage_collection_as_it_was() -> None:
    clock = StepClock(CPU)

    def fail() -> None:
        with clock:
            clock.resume()
            clock.step(samples=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert gc.isenabled()
    assert clock.windows == []


class FakeEvent:
    """Notes when it was recorded on a stream that does everything at once."""

    made = 0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        FakeEvent.made += 1
        self.at = 0.0

    def record(self, stream: object) -> None:
        self.at = time.perf_counter()

    def elapsed_time(self, end: "FakeEvent") -> float:
        return 1000 * (end.at - self.at)


@pytest.mark.usefixtures("_short_windows")
def test_copies_to_a_cuda_device_are_timed_by_events_that_are_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    monkeypatch.setattr(FakeEvent, "made", 0)
    with StepClock(torch.device("cuda")) as clock:
        clock.resume()
        for _ in range(20):
            began = time.perf_counter()
            with clock.transferring():
                time.sleep(0.005)
            time.sleep(0.005)
            clock.step(samples=1, computed=time.perf_counter() - began)
    moved = sum(window.transfer_seconds for window in clock.windows)
    assert moved == pytest.approx(0.5 * sum(w.seconds for w in clock.windows), rel=0.1)
    assert FakeEvent.made < 2 * 20
    assert clock.account().unaccounted_seconds < 0.05 * sum(w.seconds for w in clock.windows)


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


@pytest.mark.gpu
def test_copies_are_timed_on_the_device_and_not_by_their_launch() -> None:
    """Behind a second of queued products a copy is launched in microseconds; it is timed as what
    it takes on an idle device."""
    device = torch.device("cuda")
    matrix = torch.randn(8192, 8192, device=device)
    data = torch.empty(2**28, dtype=torch.uint8).pin_memory()
    copied = torch.empty(2**28, dtype=torch.uint8, device=device)
    torch.cuda.synchronize()
    began = time.perf_counter()
    copied.copy_(data, non_blocking=True)
    torch.cuda.synchronize()
    alone = time.perf_counter() - began
    with StepClock(device) as clock:
        clock.resume()
        began = time.perf_counter()
        for _ in range(50):
            matrix = (matrix @ matrix).clamp(-1, 1)
        with clock.transferring():
            copied.copy_(data, non_blocking=True)
        clock.step(samples=1, computed=time.perf_counter() - began)
    (window,) = clock.windows
    assert window.transfer_seconds == pytest.approx(alone, rel=0.3)
    assert window.transfer_seconds < window.seconds / 2
    assert window.unaccounted_seconds is not None
    assert window.unaccounted_seconds < 0.05 * window.seconds


def test_on_the_cpu_nothing_is_copied() -> None:
    with StepClock(CPU) as clock:
        clock.resume()
        with clock.transferring():
            time.sleep(0.005)
        clock.step(samples=1)
    assert type(copies.copies_to(CPU)) is copies.Copies
    assert [window.transfer_seconds for window in clock.windows] == [0.0]
