"""A process for each arm, loaded and warmed up once; it waits blocked on a pipe, never polls."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from mmbench import codec

ROOT = Path(__file__).parents[2]
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_EVALUATE_OFFLINE")
TAIL = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`function`, as "module:name", makes of `settings` what is run in each round."""

    function: str
    settings: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """seconds: of the timed work alone, by the worker's own clock. values: by name, e.g. accuracy
    and parts of the seconds."""

    seconds: float
    values: Mapping[str, float]


Work = Callable[[int], Outcome]
"""Does the timed work once; it is given the number of the round, which serves as the seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the process says when it is warm."""

    threads: int


class Warm:
    """The parent's side. Use it as a context: the process is gone when the block is left."""

    def __init__(self, job: Job, *, threads: int) -> None:
        self.job = job
        self.threads = threads

    def __enter__(self) -> Self:
        self._log: IO[bytes] = tempfile.TemporaryFile()
        switches = dict.fromkeys(OFFLINE, "1") | {"OMP_NUM_THREADS": str(self.threads)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.child"],
            cwd=ROOT,
            env=os.environ | switches,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Load, warm up, and say with how many threads."""
        self._say(codec.dump_json(self.job))
        self.threads = codec.load_json(Ready, self._hear()).threads

    def run(self, round_: int) -> Outcome:
        """One turn; blocks until it is done."""
        self._say(str(round_).encode())
        return codec.load_json(Outcome, self._hear())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None, "it is a pipe"
        assert self._process.stdout is not None, "it is a pipe"
        if error is not None:
            self._process.kill()
        with suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None, "it is a pipe"
        with suppress(BrokenPipeError):  # it has ended; _hear says how
            self._process.stdin.write(line.replace(b"\n", b" ") + b"\n")
            self._process.stdin.flush()

    def _hear(self) -> bytes:
        assert self._process.stdout is not None, "it is a pipe"
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise RuntimeError(f"{self.job.function} ended with status {status}:\n{self._tail()}")
        return line

    def _tail(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-TAIL:]


def answer(value: Any) -> bytes:
    """A message of the process's side: JSON on one line."""
    return codec.dump_json(value).replace(b"\n", b" ") + b"\n"
