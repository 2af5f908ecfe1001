"""Host-to-device copies, by the device's own clock."""

from types import TracebackType

import torch


class Copies:
    """On the CPU there is nothing to copy, and the block is not timed."""

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def device_seconds(self) -> float:
        """What the copies since `clear` took; to be asked when the device is synchronised."""
        return 0.0

    def clear(self) -> None:
        return


class CudaCopies(Copies):
    """Copies that are asynchronous: an event before and after each times them on the device's own
    stream.

    If the device had run dry, what the host took to launch the copy is part of the time between
    the events, as the device waited for it.
    """

    __slots__ = ("_device", "_free", "_pairs")

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pairs: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self._free: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []

    def __enter__(self) -> None:
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

    def device_seconds(self) -> float:
        milliseconds: float = sum(start.elapsed_time(end) for start, end in self._pairs)
        return milliseconds / 1000

    def clear(self) -> None:
        self._free += self._pairs  # an event may be recorded again once it was read
        self._pairs = []


def copies_to(device: torch.device) -> Copies:
    return CudaCopies(device) if device.type == "cuda" else Copies()


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
