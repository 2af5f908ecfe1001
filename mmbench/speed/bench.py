"""Orders, one after the other, each timed in a process of its own or of its model's.

On the CPU every case has a fresh process, since the peak of its memory is that of the process. On
CUDA the allocator tells each case's own, and one process serves all cases of a model. The parent
sleeps while a case is timed. What ends a process is a failed record of the case that it was at; the
others go on in a new one.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from mmbench.codec import dump_json, load_json
from mmbench.errors import TrialError
from mmbench.records import Failure
from mmbench.speed.order import Order
from mmbench.speed.process import FAREWELL, PATIENCE, Process
from mmbench.speed_record import SpeedRecord
from mmbench.speed_store import StoredSpeed, put_speed

PROGRAM = "mmbench.speed.one"
LAST_LINES = 20


def run_bench(
    orders: Sequence[Order], results: Path, *, device_kind: str, case_minutes: float
) -> Iterator[tuple[Order, StoredSpeed]]:
    """Each order with its record, as soon as that is stored under `results`; failed, if it takes
    longer than `case_minutes`."""
    for group in _groups(orders, device_kind):
        left = list(group)
        while left:  # a process that ends leaves the rest to another
            with Timer() as timer:
                while left and timer.lives:
                    order = left.pop(0)
                    yield order, put_speed(results, timer.time(order, 60 * case_minutes))


def _groups(orders: Sequence[Order], device_kind: str) -> Iterator[list[Order]]:
    """Of orders that one process serves."""
    if device_kind == "cpu":
        yield from ([order] for order in orders)
        return
    for _, group in groupby(orders, key=lambda order: order.case.model.name):
        yield list(group)


class Timer:
    """A process that times. `lives`: whether it waits for another order."""

    def __init__(self) -> None:
        paths = os.pathsep.join(filter(None, sys.path))
        self._process = Process(
            sys.executable, PROGRAM, environment={**os.environ, "PYTHONPATH": paths}
        )
        self.lives = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def time(self, order: Order, limit: float) -> SpeedRecord:
        """The order's record, failed where the process ends on it or is at it for more than `limit`
        seconds. TrialError if the process ends before it has even said on what machine it is."""
        until = time.monotonic() + limit
        with suppress(BrokenPipeError):  # that it is gone shows when it is read from
            self._process.input.write(dump_json(order).replace(b"\n", b"") + b"\n")
        begun = self._record(until)
        if begun is None:
            raise TrialError(f"no case can be timed: {self._end()}")
        done = self._record(until)
        if done is not None:
            return done
        late, ending = time.monotonic() >= until, self._end()
        message = ending.splitlines()[0]
        if late:
            message = (
                f"it was stopped at its limit of {limit / 60:g} minutes; raise --case-minutes, or "
                "take a smaller --batch-sizes"
            )
        lost = Failure(kind="Late" if late else "Lost", message=message, traceback=ending)
        return replace(begun, failure=lost, seconds=time.monotonic() - until + limit)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.close(farewell=FAREWELL if self.lives else 0.0)

    def _record(self, until: float) -> SpeedRecord | None:
        """The next that it says; None when it has ended, or says nothing `until` then."""
        try:
            said, _, _ = select.select(
                [self._process.output], [], [], max(0.0, until - time.monotonic())
            )
            if not said:
                return None
            line = self._process.output.readline()
        except KeyboardInterrupt:
            self.lives = False  # it is in the middle of a case, so it will not end by itself
            raise
        return load_json(SpeedRecord, line) if line.endswith(b"\n") else None

    def _end(self) -> str:
        """How it ended, in one line, and the last lines that it printed."""
        self.lives = False
        self._process.exits_within(PATIENCE)
        self._process.kill()
        status = self._process.status
        how = f"ended with status {status}"
        if status is not None and status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
            if status == -signal.SIGKILL:
                how += ", perhaps for want of memory: a smaller --batch-sizes needs less"
        said = self._process.last_lines(LAST_LINES)
        return "\n".join([f"the process that timed it {how}", *said])
