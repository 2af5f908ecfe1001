"""Throughput in the steady state, in windows of many steps.

A window is closed at the first step that ends more than WINDOW_SECONDS after it began. The device
is synchronised at window edges only. Evaluation and other interruptions fall between `pause` and
`resume` and belong to no window. The first window is dropped: it includes allocation, kernel
selection and the first pages of memory.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch

from mmbench.records import Measurement

WINDOW_SECONDS = 0.5
FEW_WINDOWS = 5
SHORT = "short"


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    seconds: float
    steps: int
    samples: int
    tokens: int
    padded_tokens: int
    data_wait_seconds: float
    transfer_seconds: float


@dataclass(slots=True)
class StepClock:
    """Counts what passes between two synchronisations."""

    device: torch.device
    windows: list[Window] = field(default_factory=list)
    _began: float | None = None
    _steps: int = 0
    _samples: int = 0
    _tokens: int = 0
    _padded: int = 0
    _waited: float = 0.0
    _moved: float = 0.0

    def resume(self) -> None:
        """A new window begins now."""
        synchronise(self.device)
        self._steps = self._samples = self._tokens = self._padded = 0
        self._waited = self._moved = 0.0
        self._began = time.perf_counter()

    def step(self, *, samples: int, tokens: int, padded_tokens: int) -> bool:
        """One step is done. True if that closed a window, at which the device was synchronised."""
        assert self._began is not None, "resume() begins the first window"
        self._steps += 1
        self._samples += samples
        self._tokens += tokens
        self._padded += padded_tokens
        if time.perf_counter() - self._began < WINDOW_SECONDS:
            return False
        self._close()
        self.resume()
        return True

    def pause(self) -> None:
        """Something that is not training follows; a window cut short is kept if it has steps."""
        if self._began is not None and self._steps:
            self._close()
        self._began = None

    @contextmanager
    def waiting_for_data(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._waited += time.perf_counter() - began

    @contextmanager
    def transferring(self) -> Iterator[None]:
        """Host time of host-to-device copies; on CUDA their launch, since they are asynchronous."""
        began = time.perf_counter()
        yield
        self._moved += time.perf_counter() - began

    def _close(self) -> None:
        assert self._began is not None
        synchronise(self.device)
        self.windows.append(
            Window(
                seconds=time.perf_counter() - self._began,
                steps=self._steps,
                samples=self._samples,
                tokens=self._tokens,
                padded_tokens=self._padded,
                data_wait_seconds=self._waited,
                transfer_seconds=self._moved,
            )
        )


def throughput(windows: list[Window], prefix: str, *, tokens: bool) -> tuple[Measurement, ...]:
    """`{prefix}_samples_per_second` and, for text, real and padded tokens per second.

    The rate is everything done in the steady windows over the time they took, not a median of
    windows: batches are grouped by length, so windows differ by nature, and this is what a
    stopwatch says. The interval is a bootstrap over windows.
    """
    steady = windows[1:] if len(windows) > 1 else windows
    note = None
    if len(steady) < FEW_WINDOWS:
        note = f"{SHORT}: {len(steady)} of {FEW_WINDOWS} windows"
    quantities = [("samples", "samples/s")]
    if tokens:
        quantities += [("tokens", "tokens/s"), ("padded_tokens", "tokens/s")]
    return tuple(
        _rate(steady, quantity, f"{prefix}_{quantity}_per_second", unit, note)
        for quantity, unit in quantities
    )


def shares(windows: list[Window]) -> tuple[Measurement, ...]:
    """Shares of the steady training time spent waiting for data and on copies to the device."""
    steady = windows[1:] if len(windows) > 1 else windows
    total = sum(window.seconds for window in steady)
    waited = sum(window.data_wait_seconds for window in steady)
    moved = sum(window.transfer_seconds for window in steady)
    return (
        Measurement(name="data_wait_share", unit="1", value=waited / total if total else None),
        Measurement(name="transfer_share", unit="1", value=moved / total if total else None),
    )


def _rate(
    windows: list[Window], quantity: str, name: str, unit: str, note: str | None
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
