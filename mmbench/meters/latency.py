"""Inference: how long one answer takes, and how many samples a second at what batch size.

A latency is the time from a call to its answer, the device synchronised before and after. Its
quantiles have intervals by order statistics, which suppose nothing of the distribution but that
calls are alike and independent (David & Nagaraja, Order Statistics, 2003, section 7.1). A p95 needs
20 calls and a p99 1,000: under that it is None, and the note says how many there were.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from mmbench.meters.clock import synchronise
from mmbench.meters.memory import PeakMemory, free_memory, peak_memory
from mmbench.records import Measurement

T = TypeVar("T")

WARM_CALLS = 3
NEEDED = {50: 1, 95: 20, 99: 1000}  # samples for each percentile that is told
CONFIDENCE = 0.95
MEDIAN_WITHIN = 0.05
LOOK_EVERY = 10  # calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Seconds of each call in the order they were made, after WARM_CALLS that are not kept."""

    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The same calls taken apart: making the inputs from what is raw, the model, and the whole."""

    preparing: Latencies
    model: Latencies
    whole: Latencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """low, high: of the 95 % interval, None where there are too few samples for that end."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """The largest batch size that was found to fit, and what ended the search: that the next one
    did not fit (`memory`), or a budget of the search, past which nothing is known."""

    batch_size: int
    why: Literal["memory", "memory budget", "time budget", "most"]


def latencies(
    call: Callable[[], None], device: torch.device, *, seconds: float, most: int
) -> Latencies:
    """`call` again and again for `seconds`, at most `most` times and at least once."""

    def nothing() -> None:
        return

    return staged(nothing, lambda _: call(), device, seconds=seconds, most=most).whole


def staged(
    prepare: Callable[[], T],
    answer: Callable[[T], None],
    device: torch.device,
    *,
    seconds: float,
    most: int,
    enough_after: float | None = None,
) -> Staged:
    """`prepare` and then `answer`, which takes what `prepare` gave, for `seconds`, at most `most`
    times and at least once. The first WARM_CALLS, or a tenth of the time, are not kept.

    enough_after: seconds after which it ends as soon as `medians_are_known`; None: never before.
    """
    preparing: list[float] = []
    model: list[float] = []

    def known() -> bool:
        return medians_are_known(preparing, model)

    with _no_garbage_collection():
        began = time.perf_counter()
        for _ in range(WARM_CALLS):
            answer(prepare())
            if time.perf_counter() - began > seconds / 10:
                break
        while len(model) < most:
            synchronise(device)
            start = time.perf_counter()
            inputs = prepare()
            ready = time.perf_counter()
            answer(inputs)
            synchronise(device)
            end = time.perf_counter()
            preparing.append(ready - start)
            model.append(end - ready)
            late = enough_after is not None and end - began > enough_after
            if end - began > seconds or (late and len(model) % LOOK_EVERY == 0 and known()):
                break
    return Staged(
        preparing=Latencies(seconds=tuple(preparing)),
        model=Latencies(seconds=tuple(model)),
        whole=Latencies(seconds=tuple(a + b for a, b in zip(preparing, model, strict=True))),
    )


def medians_are_known(*stages: Sequence[float]) -> bool:
    """Whether each stage's median has a 95 % interval within MEDIAN_WITHIN of it, or, of a stage
    that is short beside the others, of theirs together; and there is a p95."""
    if len(stages[0]) < NEEDED[95]:
        return False
    found = [quantile_interval(stage, 0.5) for stage in stages]
    allowed = MEDIAN_WITHIN * sum(median.value for median in found)
    return all(
        median.low is not None
        and median.high is not None
        and max(median.high - median.value, median.value - median.low) <= allowed
        for median in found
    )


def quantile_interval(
    values: Sequence[float], quantile: float, confidence: float = CONFIDENCE
) -> Quantile:
    """The quantile of `values`, and the order statistics between which the true one lies.

    The number of samples at or below the true quantile is binomial(n, quantile): the interval
    leaves at most (1 − confidence) / 2 out on either side.
    """
    assert values, "a quantile needs a sample"
    ordered = np.sort(np.asarray(values, dtype=float))
    count = len(ordered)
    below = _binomial_cdf(count, quantile)
    tail = (1 - confidence) / 2
    low = int(np.searchsorted(below, tail))  # the smallest k with P(K ≤ k) ≥ tail
    high = int(np.searchsorted(below, 1 - tail)) + 1
    return Quantile(
        value=float(np.quantile(ordered, quantile)),
        low=float(ordered[low - 1]) if low >= 1 else None,
        high=float(ordered[high - 1]) if high <= count else None,
    )


def latency_measurements(found: Latencies, name: str) -> tuple[Measurement, ...]:
    """`{name}_p50_seconds`, `_p95_` and `_p99_`, with the raw seconds kept in the first."""
    values = found.seconds
    measurements = []
    for percent, needed in NEEDED.items():
        few = len(values) < needed
        quantile = None if few else quantile_interval(values, percent / 100)
        measurements.append(
            Measurement(
                name=f"{name}_p{percent}_seconds",
                unit="s",
                value=None if quantile is None else quantile.value,
                low=None if quantile is None else quantile.low,
                high=None if quantile is None else quantile.high,
                values=values if percent == 50 else (),
                note=few_note(len(values), percent) if few else None,
            )
        )
    return tuple(measurements)


def few_note(samples: int, percent: int = 99) -> str:
    return f"p{percent} needs {NEEDED[percent]} samples, there were {samples}"


def largest_batch(
    attempt: Callable[[int], None],
    device: torch.device,
    *,
    start: int = 1,
    most: int = 2**16,
    seconds: float = 10.0,
) -> Largest | None:
    """Double the batch from `start` while `attempt` runs; None if not even `start` fits.

    On CUDA a lack of memory ends the search, and the memory is given back. On the CPU the system
    would kill the process instead: there it ends when the next attempt would fill more than half
    of the memory that was free at the start. `seconds`: what one attempt may take.
    """
    free, resident = psutil.virtual_memory().available, psutil.Process().memory_info().rss
    fitting: int | None = None
    size = start
    while size <= most:
        began = time.perf_counter()
        with peak_memory(device) as peak:
            fits = _fits(attempt, size, device)
        if not fits:
            return None if fitting is None else Largest(batch_size=fitting, why="memory")
        fitting = size
        if time.perf_counter() - began > seconds / 2:  # twice the batch would take longer
            return Largest(batch_size=fitting, why="time budget")
        if device.type == "cpu" and (_peak_of(peak) - resident) * 2 > free / 2:
            return Largest(batch_size=fitting, why="memory budget")
        size *= 2
    return None if fitting is None else Largest(batch_size=fitting, why="most")


def _peak_of(peak: PeakMemory) -> float:
    """Bytes; 0 where the system does not tell."""
    found = {measured.name: measured.value for measured in peak.measurements}
    return found["peak_rss_bytes"] or 0.0


def _fits(attempt: Callable[[int], None], size: int, device: torch.device) -> bool:
    """Whether it ran."""
    try:
        attempt(size)
        synchronise(device)
    except torch.OutOfMemoryError:
        pass
    else:
        return True
    free_memory()
    return False


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    collects = gc.isenabled()
    gc.collect(1)
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _binomial_cdf(count: int, share: float) -> NDArray[np.float64]:
    """P(K ≤ k) for k = 0 … count."""
    places = np.arange(count + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])
    choose = logs[-1] - logs - logs[::-1]
    return np.cumsum(np.exp(choose + places * np.log(share) + (count - places) * np.log1p(-share)))
