"""Windows of many steps, and where the time went.

A window is closed at the first step that ends more than `window_seconds` after it began. The device
is synchronised at window edges only. Evaluation and other interruptions fall between `pause` and
`resume` and belong to no window. What is made of the windows is in `rates`.

Whoever makes the steps times two stretches of each by the host's clock, and tells them with the
step: waiting for data, and computing, the copies to the device included; at the end of a window,
what the device still had to do counts as computing. What neither covers is unaccounted. On CUDA
that is the host's time: while the device is busy with what was asked of it before, it need not
cost anything. The stretches are numbers, not blocks of this clock: after a step of half a
millisecond each call of ours is made with cold caches, and costs ten times what it does in a loop
of nothing else.

Garbage is not collected inside windows, but at their edges: the young objects between two windows,
everything as usual in a pause.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import torch

from mmbench.meters.copies import Copies, copies_to

WINDOW_SECONDS = 0.5
YOUNG = 1  # the generation of garbage that is collected between windows


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was done between two synchronisations, and how long it took.

    transfer_seconds: of the copies to a CUDA device, its own time by events.
    unaccounted_seconds: of the host, outside of waiting and computing; None where computing was
    not timed apart.
    """

    seconds: float
    steps: int
    samples: int
    tokens: int
    padded_tokens: int
    images: int = 0
    audio_seconds: float = 0.0
    padded_audio_seconds: float = 0.0
    data_wait_seconds: float
    transfer_seconds: float
    unaccounted_seconds: float | None = None

    @property
    def cost(self) -> float:
        """Seconds per padded token or padded second of sound, or per sample where there are none:
        batches are grouped by length, so that the samples of two windows are not the same work."""
        return self.seconds / (self.padded_tokens or self.padded_audio_seconds or self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where all of a clock's time went, from its making to its end.

    setup_seconds: before the first window. paused_seconds: between windows, in evaluation and the
    like. compile_seconds: what `compiling` took, which is in no window and no pause.
    unaccounted_seconds: inside windows, by no meter.
    """

    seconds: float
    setup_seconds: float
    paused_seconds: float
    compile_seconds: float
    unaccounted_seconds: float


@dataclass(slots=True)
class StepClock:
    """Counts what passes between two synchronisations. As a context manager it ends with the
    block, however that ends, and then leaves garbage collection as it was."""

    device: torch.device
    windows: list[Window] = field(default_factory=list)
    window_seconds: float = field(default_factory=lambda: WINDOW_SECONDS)
    _made: float = field(default_factory=time.perf_counter)
    _ended: float | None = None
    _first: float | None = None
    _began: float | None = None
    _paused_at: float | None = None
    _paused: float = 0.0
    _compiled: float = 0.0
    _compiled_first: float = 0.0
    _collects: bool = False
    _steps: int = 0
    _samples: int = 0
    _tokens: int = 0
    _padded: int = 0
    _images: int = 0
    _audio: float = 0.0
    _waited: float = 0.0
    _computed: float | None = None
    _copies: Copies = field(init=False)

    def __post_init__(self) -> None:
        self._copies = copies_to(self.device)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._steps = 0  # a window with an error in it is none, and the device may be lost
        self.pause()
        self._ended = time.perf_counter()

    def resume(self) -> None:
        """A new window begins now."""
        self.pause()
        self._collects = gc.isenabled()
        gc.disable()
        self._open()

    def step(
        self,
        *,
        samples: int,
        tokens: int = 0,
        padded_tokens: int = 0,
        images: int = 0,
        audio_seconds: float = 0.0,
        waited: float = 0.0,
        computed: float | None = None,
    ) -> bool:
        """One step is done. True if that closed a window, at which the device was synchronised.

        waited: seconds in which its data were made or waited for. computed: seconds of forward,
        backward and the optimizer, copies included; None where they were not timed.
        """
        assert self._began is not None, "resume() begins the first window"
        self._steps += 1
        self._samples += samples
        self._tokens += tokens
        self._padded += padded_tokens
        self._images += images
        self._audio += audio_seconds
        self._waited += waited
        if computed is not None:
            self._computed = computed + (self._computed or 0.0)
        if time.perf_counter() - self._began < self.window_seconds:
            return False
        self._close()
        if self._collects:
            gc.collect(YOUNG)
        self._open()
        return True

    def pause(self) -> None:
        """Something that is not training follows; a window cut short is kept if it has steps."""
        if self._began is None:
            return
        if self._steps:
            self._close()
        else:
            self._paused_at = self._began  # nothing was done since: as if it had not begun
        self._began = None
        if self._collects:
            gc.enable()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A pause as long as the block."""
        self.pause()
        yield
        self.resume()

    @contextmanager
    def compiling(self) -> Iterator[None]:
        """Outside of windows: a block in which kernels are compiled, kept apart and reported."""
        assert self._began is None, "compiling belongs to no window; pause() comes before"
        began = time.perf_counter()
        yield
        synchronise(self.device)
        took = time.perf_counter() - began
        self._compiled += took
        if self._first is None:
            self._compiled_first += took
        else:
            self._paused -= took  # the pause around it is counted whole

    def transferring(self) -> Copies:
        """A block that copies to the device, within what counts as computing."""
        return self._copies

    def account(self) -> Account:
        """Where the time went, until the clock ended or until now."""
        end = time.perf_counter() if self._ended is None else self._ended
        return Account(
            seconds=end - self._made,
            setup_seconds=(self._first or end) - self._made - self._compiled_first,
            paused_seconds=self._paused + (end - (self._paused_at or end)),
            compile_seconds=self._compiled,
            unaccounted_seconds=sum(w.unaccounted_seconds or 0.0 for w in self.windows),
        )

    def _open(self) -> None:
        synchronise(self.device)
        self._steps = self._samples = self._tokens = self._padded = self._images = 0
        self._audio = self._waited = 0.0
        self._computed = None
        self._copies.clear()
        self._began = time.perf_counter()
        if self._first is None:
            self._first = self._began
        if self._paused_at is not None:
            self._paused += self._began - self._paused_at
            self._paused_at = None

    def _close(self) -> None:
        assert self._began is not None
        asked = time.perf_counter()
        synchronise(self.device)
        end = self._paused_at = time.perf_counter()
        seconds = end - self._began
        unaccounted = None
        if self._computed is not None:
            unaccounted = max(0.0, asked - self._began - self._waited - self._computed)
        self.windows.append(
            Window(
                seconds=seconds,
                steps=self._steps,
                samples=self._samples,
                tokens=self._tokens,
                padded_tokens=self._padded,
                images=self._images,
                audio_seconds=self._audio,
                data_wait_seconds=self._waited,
                transfer_seconds=self._copies.device_seconds(),
                unaccounted_seconds=unaccounted,
            )
        )
