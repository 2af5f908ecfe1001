"""Latencies and their intervals, the search for the largest batch."""

import gc
import time
import weakref

import numpy as np
import pytest
import torch
from scipy import stats

from mmbench.meters import latency as module
from mmbench.meters.latency import (
    Largest,
    Latencies,
    largest_batch,
    latencies,
    latency_measurements,
    medians_are_known,
    quantile_interval,
    staged,
)

CPU = torch.device("cpu")


def nap(seconds: float, naps: list[float]) -> None:
    """Sleep, and note for how long: on a busy machine longer than was asked."""
    began = time.perf_counter()
    time.sleep(seconds)
    naps.append(time.perf_counter() - began)


@pytest.mark.parametrize("count", [30, 200, 1500])
@pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99])
def test_the_interval_is_the_order_statistics_that_scipy_names(count: int, quantile: float) -> None:
    values = [float(v) for v in range(1, count + 1)]  # the value is its own rank
    found = quantile_interval(values, quantile)
    low = int(stats.binom.ppf(0.025, count, quantile))
    high = int(stats.binom.ppf(0.975, count, quantile)) + 1
    assert found.low == (low if low >= 1 else None)
    assert found.high == (high if high <= count else None)
    assert found.value == pytest.approx(np.quantile(values, quantile))


def test_the_interval_holds_the_true_quantile_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for quantile in (0.5, 0.95):
        true = stats.lognorm.ppf(quantile, s=0.5)
        held = 0
        for _ in range(400):
            found = quantile_interval(rng.lognormal(0, 0.5, size=300).tolist(), quantile)
            assert found.low is not None
            assert found.high is not None
            held += found.low <= true <= found.high
        assert held / 400 > 0.93


def test_a_high_quantile_of_few_samples_has_no_upper_end() -> None:
    found = quantile_interval([1.0, 2.0, 3.0], 0.95)
    assert found.high is None


def test_a_p99_needs_a_thousand_samples_and_says_how_many_there_were() -> None:
    few = latency_measurements(Latencies(seconds=(0.001,) * 999), "latency")
    enough = latency_measurements(Latencies(seconds=(0.001,) * 1000), "latency")
    assert [m.name for m in few] == [
        "latency_p50_seconds",
        "latency_p95_seconds",
        "latency_p99_seconds",
    ]
    assert few[2].value is None
    assert few[2].note == "p99 needs 1000 samples, there were 999"
    assert enough[2].value == pytest.approx(0.001)
    assert enough[2].note is None
    assert len(few[0].values) == 999
    assert few[1].values == ()


def test_a_call_of_known_length_has_that_latency() -> None:
    naps: list[float] = []
    found = latencies(lambda: nap(0.005, naps), CPU, seconds=0.3, most=1000)
    assert np.median(found.seconds) == pytest.approx(np.median(naps), rel=0.05)
    assert len(found.seconds) <= 60


def test_what_is_raw_and_what_the_model_takes_are_told_apart() -> None:
    seen: list[int] = []
    samples = iter(range(1000))

    short: list[float] = []
    long: list[float] = []

    def prepare() -> int:
        nap(0.002, short)
        return next(samples)

    def answer(sample: int) -> None:
        nap(0.006, long)
        seen.append(sample)

    found = staged(prepare, answer, CPU, seconds=10.0, most=20)
    assert np.median(found.preparing.seconds) == pytest.approx(np.median(short), rel=0.05)
    assert np.median(found.model.seconds) == pytest.approx(np.median(long), rel=0.05)
    assert len(found.whole.seconds) == 20
    assert seen == list(range(20 + module.WARM_CALLS))
    assert gc.isenabled()


def test_one_call_at_least_is_timed_however_short_the_time() -> None:
    assert len(latencies(lambda: None, CPU, seconds=0.0, most=10).seconds) == 1


def test_medians_are_known_where_their_intervals_are_narrow() -> None:
    steady, wide = [0.1] * 20, [0.1, 0.15] * 10
    assert medians_are_known(steady)
    assert not medians_are_known(steady[1:])  # no p95 yet
    assert not medians_are_known(wide)
    assert not medians_are_known(steady, wide)
    assert medians_are_known([0.001, 0.002] * 10, steady)  # beside the whole it is little


def test_calls_end_once_their_medians_are_known_and_not_before_the_least_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "medians_are_known", lambda *_: True)

    def calls(enough_after: float | None) -> Latencies:
        return staged(
            lambda: time.sleep(0.001),
            lambda _: None,
            CPU,
            seconds=10.0,
            most=300,
            enough_after=enough_after,
        ).whole

    early = calls(0.05).seconds
    assert len(early) % module.LOOK_EVERY == 0
    assert len(early) < 100  # warm-up counts as well: 0.05 s are less than 50 calls
    assert len(calls(None).seconds) == 300


def test_the_largest_batch_is_found_by_doubling() -> None:
    tried: list[int] = []

    def attempt(size: int) -> None:
        tried.append(size)
        if size > 50:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert largest_batch(attempt, CPU) == Largest(batch_size=32, why="memory")
    assert tried == [1, 2, 4, 8, 16, 32, 64]
    assert largest_batch(attempt, CPU, start=64) is None
    assert largest_batch(attempt, CPU, most=8) == Largest(batch_size=8, why="most")


def test_an_attempt_that_takes_long_ends_the_search() -> None:
    found = largest_batch(lambda size: time.sleep(0.01 * size), CPU, seconds=0.1)
    assert found is not None
    assert found.why == "time budget"
    assert found.batch_size <= 8


def test_on_a_cpu_the_search_ends_before_memory_does(monkeypatch: pytest.MonkeyPatch) -> None:
    free = 200 * 2**20
    memory = type("Memory", (), {"available": free})
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)

    def attempt(size: int) -> None:
        torch.ones(size * 2**20, dtype=torch.uint8)

    found = largest_batch(attempt, CPU)
    assert found is not None
    assert found.why == "memory budget"
    assert 32 <= found.batch_size <= 128


def test_what_did_not_fit_is_given_back() -> None:
    class Huge:
        pass

    alive: list[weakref.ref[Huge]] = []

    def attempt(size: int) -> None:
        huge = Huge()
        alive.append(weakref.ref(huge))
        if size > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    largest_batch(attempt, CPU)
    assert [ref() for ref in alive] == [None, None]


def test_a_p95_needs_twenty() -> None:
    found = latency_measurements(Latencies(seconds=(0.001,) * 19), "latency")
    assert found[0].value == pytest.approx(0.001)
    assert found[1].value is None
    assert found[1].note == "p95 needs 20 samples, there were 19"


@pytest.mark.gpu
def test_the_largest_batch_of_a_gpu_is_bounded_by_its_memory() -> None:
    device = torch.device("cuda")
    free, _ = torch.cuda.mem_get_info(device)

    def attempt(size: int) -> None:
        torch.ones(size, 2**30, dtype=torch.uint8, device=device)

    found = largest_batch(attempt, device)
    assert found is not None
    assert found.why == "memory"
    assert found.batch_size * 2**30 <= free < 2 * (found.batch_size + 1) * 2**30
    assert torch.cuda.mem_get_info(device)[0] > 0.9 * free


@pytest.mark.gpu
def test_a_latency_waits_for_the_answer_of_the_gpu() -> None:
    device = torch.device("cuda")
    matrix = torch.randn(8192, 8192, device=device)

    def call() -> None:
        for _ in range(10):
            matrix @ matrix

    found = latencies(call, device, seconds=2.0, most=20)
    began = time.perf_counter()
    call()
    torch.cuda.synchronize()
    assert np.median(found.seconds) == pytest.approx(time.perf_counter() - began, rel=0.2)
