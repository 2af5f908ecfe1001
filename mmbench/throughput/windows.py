"""Timing one call in windows of many, by the standard library alone.

A window is as many calls as take about WINDOW_SECONDS; the clock is read at its edges. The garbage
collector is off inside a window and free to run between two. Where warm-up ends is found by the
same rule as in training (`meters.steady`).
"""

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from statistics import median

from mmbench.throughput.errors import CannotTime

WINDOW_SECONDS = 0.02
SMALLEST_CALL_SECONDS = 1e-6  # some twenty times what the loop around a call takes
SURE_CALLS = 1000  # after so many a call under that is one

Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """seconds: of one call, the mean of each window, in the order of timing. calls: in a window.

    warm_up: windows before them that were thrown away. settled: nothing moved any more after those.
    """

    seconds: tuple[float, ...]
    calls: int
    warm_up: int
    settled: bool

    @property
    def median(self) -> float:
        """Seconds of one call."""
        return median(self.seconds)


def measure(call: Call, *, samples: int, window_seconds: float) -> Windows:
    """Warm up, then time `samples` windows. CannotTime for a call that is too small."""
    from mmbench.meters.steady import MOST_SHARE, find_warmup  # NumPy: only where it is used

    calls = calls_per_window(call, window_seconds)
    most = math.ceil(samples * MOST_SHARE / (1 - MOST_SHARE))
    seconds = [timed(call, calls) for _ in range(most + samples)]
    warmup = find_warmup(seconds, seconds)
    first = min(warmup.windows, most)
    return Windows(
        seconds=tuple(seconds[first : first + samples]),
        calls=calls,
        warm_up=first,
        settled=warmup.settled is not False,
    )


def in_turn(
    baseline: Call, candidate: Call, *, calls: int, first: int, count: int
) -> Iterator[tuple[float, float]]:
    """`count` pairs (baseline, candidate) of seconds a call, from pair number `first` on.

    The order alternates, ABBA: a drift that goes on through both pairs falls on each side once.
    """
    for number in range(first, first + count):
        if number % 2 == 0:
            before = timed(baseline, calls)
            yield before, timed(candidate, calls)
        else:
            after = timed(candidate, calls)
            yield timed(baseline, calls), after


def calls_per_window(call: Call, window_seconds: float) -> int:
    """How many calls take at least `window_seconds` together; doubled until they do."""
    calls = 1
    gc.collect()
    while True:
        seconds = timed(call, calls)
        full = seconds * calls >= window_seconds
        if seconds < SMALLEST_CALL_SECONDS and (full or calls >= SURE_CALLS):
            raise CannotTime(
                f"one call takes {seconds * 1e9:.0f} ns, which the loop around it would blur; "
                "measure a call that does the work many times"
            )
        if full:
            return calls
        calls *= 2


def timed(call: Call, calls: int) -> float:
    """Seconds of one call, the mean over one window."""
    with _collector_off():
        began = time.perf_counter()
        for _ in repeat(None, calls):
            call()
        return (time.perf_counter() - began) / calls


@contextmanager
def _collector_off() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
