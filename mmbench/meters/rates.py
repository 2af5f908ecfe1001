"""What the windows of a clock say: throughput in the steady state, shares, warm-up.

Warm-up is left out of every rate and reported beside it; `steady` says where it ends.
"""

from collections.abc import Sequence

import numpy as np

from mmbench.meters.clock import Account, Window
from mmbench.meters.noise import short_note
from mmbench.meters.steady import Warmup, find_warmup
from mmbench.records import Measurement

NEVER_SETTLED = "warm-up never settled: the windows after it still change"
QUANTITIES = (
    ("samples", "samples/s"),
    ("tokens", "tokens/s"),
    ("padded_tokens", "tokens/s"),
    ("images", "images/s"),
    ("audio_seconds", "s/s"),
)


def warmup_of(windows: Sequence[Window]) -> Warmup:
    return find_warmup([w.cost for w in windows], [w.seconds for w in windows])


def steady_windows(windows: Sequence[Window]) -> Sequence[Window]:
    return windows[warmup_of(windows).windows :]


def throughput(windows: Sequence[Window], prefix: str) -> tuple[Measurement, ...]:
    """`{prefix}_samples_per_second`, and the same of real tokens, padded tokens, images and seconds
    of audio, each where the windows hold any.

    The rate is everything done in the steady windows over the time they took, not a median of
    windows: batches are grouped by length, so windows differ by nature, and this is what a
    stopwatch says. The interval is a bootstrap over windows.
    """
    steady = steady_windows(windows)
    note = short_note(len(steady))
    return tuple(
        _rate(steady, quantity, f"{prefix}_{quantity}_per_second", unit, note)
        for quantity, unit in QUANTITIES
        if quantity == "samples" or any(getattr(window, quantity) for window in windows)
    )


def shares(windows: Sequence[Window]) -> tuple[Measurement, ...]:
    """Shares of the steady training time spent waiting for data and on copies to the device."""
    steady = steady_windows(windows)
    total = sum(window.seconds for window in steady)
    waited = sum(window.data_wait_seconds for window in steady)
    moved = sum(window.transfer_seconds for window in steady)
    return (
        Measurement(name="data_wait_share", unit="1", value=waited / total if total else None),
        Measurement(name="transfer_share", unit="1", value=moved / total if total else None),
    )


def spent(windows: Sequence[Window], account: Account) -> tuple[Measurement, ...]:
    """setup_seconds, warmup_seconds (its values: each window), paused_seconds, compile_seconds
    where something was compiled, and unaccounted_share, of the whole time."""
    warmup = warmup_of(windows)
    first = tuple(window.seconds for window in windows[: warmup.windows])
    found = [
        Measurement(name="setup_seconds", unit="s", value=account.setup_seconds),
        Measurement(
            name="warmup_seconds",
            unit="s",
            value=sum(first),
            values=first,
            note=NEVER_SETTLED if warmup.settled is False else None,
        ),
        Measurement(name="warmup_windows", unit="1", value=float(warmup.windows)),
        Measurement(name="paused_seconds", unit="s", value=account.paused_seconds),
        Measurement(
            name="unaccounted_share",
            unit="1",
            value=account.unaccounted_seconds / account.seconds if account.seconds else None,
        ),
    ]
    if account.compile_seconds:
        found.append(Measurement(name="compile_seconds", unit="s", value=account.compile_seconds))
    return tuple(found)


def _rate(
    windows: Sequence[Window], quantity: str, name: str, unit: str, note: str | None
) -> Measurement:
    if not windows:
        return Measurement(name=name, unit=unit, value=None, note="no window was timed")
    done = np.array([getattr(window, quantity) for window in windows], dtype=float)
    seconds = np.array([window.seconds for window in windows])
    draws = np.random.default_rng(0).integers(len(windows), size=(1000, len(windows)))
    rates = done[draws].sum(1) / seconds[draws].sum(1)
    low, high = np.quantile(rates, [0.025, 0.975]) if len(windows) > 2 else (None, None)
    return Measurement(
        name=name,
        unit=unit,
        value=float(done.sum() / seconds.sum()),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        values=tuple(float(v) for v in done / seconds),
        note=note,
    )
