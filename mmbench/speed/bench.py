"""Orders, one after the other, each timed in a process of its own or of its model's.

On the CPU every case has a fresh process, since the peak of its memory is that of the process. On
CUDA the allocator tells each case's own, and one process serves all cases of a model. The parent
sleeps while a case is timed. What ends a process is a failed record of the case that it was at; the
others go on in a new one.
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
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
from mmbench.speed_record import SpeedRecord
from mmbench.speed_store import StoredSpeed, put_speed

PROGRAM = "mmbench.speed.one"
LAST_LINES = 20
FAREWELL = 5.0  # seconds for an idle process to end by itself
PATIENCE = 2.0  # seconds to end after SIGTERM, in which it shows where it was


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
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = _start(lifeline, self._errors.fileno())
        finally:
            os.close(lifeline)
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
        assert self._process.stdin is not None
        until = time.monotonic() + limit
        with suppress(BrokenPipeError):  # that it is gone shows when it is read from
            self._process.stdin.write(dump_json(order).replace(b"\n", b"") + b"\n")
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
        if self._errors.closed:
            return
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            if self.lives:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(FAREWELL)
            self._kill()
        finally:
            self._process.stdout.close()
            os.close(self._lifeline)
            self._errors.close()

    def _record(self, until: float) -> SpeedRecord | None:
        """The next that it says; None when it has ended, or says nothing `until` then."""
        assert self._process.stdout is not None
        try:
            said, _, _ = select.select(
                [self._process.stdout], [], [], max(0.0, until - time.monotonic())
            )
            if not said:
                return None
            line = self._process.stdout.readline()
        except KeyboardInterrupt:
            self.lives = False  # it is in the middle of a case, so it will not end by itself
            raise
        return load_json(SpeedRecord, line) if line.endswith(b"\n") else None

    def _end(self) -> str:
        """How it ended, in one line, and the last lines that it printed."""
        self.lives = False
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self._kill()
        status = self._process.returncode
        how = f"ended with status {status}"
        if status is not None and status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
            if status == -signal.SIGKILL:
                how += ", perhaps for want of memory: a smaller --batch-sizes needs less"
        end = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, end - 8192))
        said = self._errors.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]
        return "\n".join([f"the process that timed it {how}", *said])

    def _kill(self) -> None:
        """It and its whole group."""
        for number, seconds in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, PATIENCE)):
            if self._process.poll() is not None:
                return
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)


def _start(lifeline: int, errors: int) -> "subprocess.Popen[bytes]":
    """A session of its own: an interrupt reaches the parent alone, which then ends it. -P: the
    folder that the user stands in may hold an mmbench too, and must not come first."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", PROGRAM, str(os.getpid()), str(lifeline)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        bufsize=0,
        env=environment,
        pass_fds=(lifeline,),
        start_new_session=True,
    )
