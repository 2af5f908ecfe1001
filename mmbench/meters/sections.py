"""Stretches of a step, added up by a host clock: a few hundred nanoseconds a stretch.

They are entered with `with`, again and again, and never within themselves.
"""

import time
from types import TracebackType

import torch


class Section:
    """Host seconds inside the block since `clear`."""

    __slots__ = ("_began", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds += time.perf_counter() - self._began

    def clear(self) -> None:
        self.seconds = 0.0


class Copies(Section):
    """Host-to-device copies. On the CPU there is nothing to copy, and the host's time is all."""

    __slots__ = ()

    def device_seconds(self) -> float:
        """What the copies themselves took; to be asked when the device is synchronised."""
        return self.seconds


class CudaCopies(Copies):
    """Copies that are asynchronous: an event before and after each times them on the device's own
    stream, while the host's seconds are those of pinning memory and launching alone.

    If the device had run dry, what the host took to launch the copy is part of the time between
    the events, as the device waited for it.
    """

    __slots__ = ("_device", "_free", "_pairs")

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device
        self._pairs: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self._free: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []

    def __enter__(self) -> None:
        super().__enter__()
        pair = self._free.pop() if self._free else (_event(), _event())
        self._pairs.append(pair)
        pair[0].record(torch.cuda.current_stream(self._device))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pairs[-1][1].record(torch.cuda.current_stream(self._device))
        super().__exit__(kind, error, trace)

    def device_seconds(self) -> float:
        milliseconds: float = sum(start.elapsed_time(end) for start, end in self._pairs)
        return milliseconds / 1000

    def clear(self) -> None:
        super().clear()
        self._free += self._pairs  # an event may be recorded again once it was read
        self._pairs = []


class Computing(Section):
    """The host's seconds inside the block, without those of the copies inside it."""

    __slots__ = ("_copied", "_copies")

    def __init__(self, copies: Copies) -> None:
        super().__init__()
        self._copies = copies
        self._copied = 0.0

    def __enter__(self) -> None:
        self._copied = self._copies.seconds
        super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self.seconds -= self._copies.seconds - self._copied


def copies_to(device: torch.device) -> Copies:
    return CudaCopies(device) if device.type == "cuda" else Copies()


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
