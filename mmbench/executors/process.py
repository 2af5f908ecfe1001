"""A worker's process as its parent sees it: its messages, its output, its end."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from mmbench.codec import load_json
from mmbench.executors.messages import Assignment, Event, Setup, line_of

KEPT_OUTPUT = 64 * 1024  # bytes of what the process printed last
LONGEST_LINE = 256 * 1024**2  # bytes; records have a few million at most
CHUNK = 64 * 1024
TICK = 1.0  # seconds after which the process is looked at, should its pipes be silent
PATIENCE = 2.0  # seconds to end after SIGTERM
FAREWELL = 5.0  # seconds for an idle process to end by itself

# The process finds modules where this one does: neither `-m` nor PYTHONPATH can say exactly that.
# Its arguments: sys.path as JSON, then those of child.main.
PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from mmbench.executors.child import main; "
    "main(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """No record will come. The process is gone, and so is whatever it had started in its group.

    ended: by itself; late: it was stopped at a time limit; garbled: it said what is no event;
    silent: it lives but has closed the pipe. `status` as subprocess gives it: minus the number of
    a signal. `said`: the start of a garbled line. `output`: the last that it printed.
    """

    why: Literal["ended", "late", "garbled", "silent"]
    status: int | None
    output: str
    said: str = ""


class Child:
    """A worker in a process group of its own. OSError if the system cannot start it."""

    def __init__(self, setup: Setup) -> None:
        events, theirs = os.pipe()
        lifeline, self._lifeline = os.pipe()
        self._events = events
        try:
            self._process = _start(theirs, lifeline)
        except OSError:
            os.close(events)
            os.close(self._lifeline)
            raise
        finally:
            os.close(theirs)
            os.close(lifeline)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._unsent = bytearray()
        self._received = _Lines()
        self._printed = bytearray()
        self._silent = False
        self._selector = selectors.DefaultSelector()
        for pipe, read in ((self._events, self._read_events), (self._output, self._read_output)):
            os.set_blocking(pipe, False)
            self._selector.register(pipe, selectors.EVENT_READ, read)
        os.set_blocking(self._input, False)
        self._send(line_of(setup))

    def assign(self, assignment: Assignment) -> None:
        """Hand it a trial; what it printed before is forgotten."""
        self._printed.clear()
        self._send(line_of(assignment))

    def next(self, until: float | None) -> Event | Ending:
        """What happens next. The process is stopped when `until` (monotonic seconds) is past."""
        while (line := self._received.pop()) is None:
            if self._silent:
                return self._end("ended" if self._exits_within(PATIENCE) else "silent")
            if self._received.endless():
                return self._end("garbled", self._received.start())
            left = TICK if until is None else min(TICK, until - time.monotonic())
            if left <= 0:
                return self._end("late")
            self._wait(left)
        try:
            return load_json(Event, line)
        except ValidationError:
            return self._end("garbled", line)

    def exited(self) -> bool:
        """Whether the process is gone. Its number stays its own until it is stopped or finished."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self._process.pid, flags) is not None
        except ChildProcessError:  # somebody in this process has waited for all children
            return True

    def finish(self) -> None:
        """Let an idle process end by itself."""
        assert self._process.stdin is not None
        try:
            self._forget(self._input)
            self._process.stdin.close()
            self._exits_within(FAREWELL)
        finally:
            self.stop()

    def stop(self) -> int | None:
        """End it and all that it has started: asked first, then killed. Its status."""
        try:
            if not self.exited():
                self._signal(signal.SIGTERM)
                self._exits_within(PATIENCE)
        finally:
            self._signal(signal.SIGKILL)  # the group: what it has started may be left
            with suppress(subprocess.TimeoutExpired):  # stuck in the kernel: it dies when it may
                self._process.wait(PATIENCE)
            self._close()
        return self._process.returncode

    # ------------------------------------------------------------------------------ the pipes

    def _wait(self, seconds: float) -> None:
        """Until a pipe has something, or for so long."""
        gone = self.exited()
        ready = [key for key, _ in self._selector.select(0 if gone else seconds)]
        for key in ready:
            key.data()
        if gone and all(key.fd != self._events for key in ready):
            self._silent = True  # even if a process that it has forked keeps the pipe open

    def _send(self, line: bytes) -> None:
        if not self._unsent:
            self._selector.register(self._input, selectors.EVENT_WRITE, self._write)
        self._unsent += line

    def _write(self) -> None:
        try:
            del self._unsent[: os.write(self._input, self._unsent[:CHUNK])]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it is gone: the events' pipe tells of that
            self._unsent.clear()
        if not self._unsent:
            self._selector.unregister(self._input)

    def _read_events(self) -> None:
        chunk = os.read(self._events, CHUNK)
        if chunk:
            self._received.add(chunk)
        else:
            self._selector.unregister(self._events)
            self._silent = True

    def _read_output(self) -> None:
        chunk = os.read(self._output, CHUNK)
        if not chunk:
            self._selector.unregister(self._output)
        self._printed += chunk
        if len(self._printed) > 2 * KEPT_OUTPUT:
            del self._printed[:-KEPT_OUTPUT]

    def _forget(self, pipe: int) -> None:
        with suppress(KeyError):
            self._selector.unregister(pipe)

    # -------------------------------------------------------------------------------- the end

    def _end(self, why: Literal["ended", "late", "garbled", "silent"], said: bytes = b"") -> Ending:
        status = self.stop()
        return Ending(
            why=why,
            status=status,
            output=self._printed[-KEPT_OUTPUT:].decode("utf-8", "replace"),
            said=said[:80].decode("utf-8", "backslashreplace"),
        )

    def _exits_within(self, seconds: float) -> bool:
        """Whether it is gone by then; what it prints meanwhile is taken, so that it can go on."""
        until = time.monotonic() + seconds
        while not self.exited():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self._selector.select(min(left, 0.05)):
                key.data()
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:  # its number may be another's once it was waited for
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _close(self) -> None:
        with suppress(BlockingIOError, KeyError):
            self._selector.get_key(self._output)
            self._read_output()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        os.close(self._events)
        os.close(self._lifeline)


def _start(events: int, lifeline: int) -> "subprocess.Popen[bytes]":
    """A session of its own: an interrupt from the keyboard reaches the parent alone, and signals
    reach all that the process starts. -u: what it printed before a crash is not lost with it."""
    ends = (str(events), str(lifeline), str(os.getpid()), repr(time.monotonic()))
    return subprocess.Popen(
        [sys.executable, "-P", "-u", "-c", PROGRAM, json.dumps(sys.path), *ends],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
        pass_fds=(events, lifeline),
        start_new_session=True,
    )


class _Lines:
    """Bytes as they come, lines as they are whole."""

    def __init__(self) -> None:
        self._whole: list[bytes] = []
        self._open = bytearray()

    def add(self, chunk: bytes) -> None:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._whole.append(bytes(self._open + end))
            self._open.clear()
        self._open += rest

    def pop(self) -> bytes | None:
        return self._whole.pop(0) if self._whole else None

    def endless(self) -> bool:
        return len(self._open) > LONGEST_LINE

    def start(self) -> bytes:
        return bytes(self._open[:80])
