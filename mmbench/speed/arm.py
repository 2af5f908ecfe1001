"""One side of a paired timing as its parent sees it: a process that answers, or an error.

The parent sleeps in the kernel while it waits (`select`), and each question has a time limit.
"""

import json
import math
import os
import select
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from mmbench.codec import load_json
from mmbench.digests import set_fields
from mmbench.errors import ArmError, NotComparable
from mmbench.speed.messages import PROTOCOL, Hello, Loaded, Memory, Ran, Refusal
from mmbench.speed.process import PATIENCE, Process
from mmbench.speed_record import SpeedCase

T = TypeVar("T", Hello, Loaded, Memory, Ran, Refusal)
SERVE = "mmbench.speed.serve"
LAST_LINES = 15  # of standard error, in the message of an arm that has died


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How an arm is started. name: `baseline 1a2b3c4`, for messages.

    tree: the folder that must hold the `mmbench` which runs; None: the interpreter's own.
    module, arguments, environment: of another program with the same messages (`serve` wrapped).
    """

    name: str
    python: str = sys.executable
    tree: Path | None = None
    module: str = SERVE
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds that an arm may take: to start and import, to load a case, for one window."""

    start_seconds: float = 120.0
    load_seconds: float = 600.0
    window_seconds: float = 120.0


class Arm:
    """Started at once; `hello` waits until it is there. ArmError, whose message ends in the last of
    its standard error, where it dies, hangs or fails; NotComparable where it cannot be asked."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self.program = program
        self.limits = limits
        try:
            self._process = _start(program)
        except OSError as error:
            raise ArmError(f"{program.name}: {program.python} cannot be started: {error}") from None
        self._unread = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def hello(self) -> Hello:
        """Who it is; NotComparable unless it is the code that it should be, and speaks as we do."""
        try:
            line = self._line(self.limits.start_seconds)
        except ArmError as error:
            if "No module named" in self.last_words():
                raise NotComparable(
                    f"cannot compare: {self.program.name} has no {self.program.module}, which a "
                    f"paired timing starts; take a later one, or install mmbench there. {error}"
                ) from None
            raise
        told = self._parsed(line, "hello")
        theirs = told.get("protocol")
        if theirs != PROTOCOL:
            raise NotComparable(
                f"cannot compare: {self.program.name} speaks protocol {theirs!r} of paired timing, "
                f"this mmbench {PROTOCOL}: run the gate of that version, or take a baseline since "
                "the change (see CHANGELOG.md)"
            )
        hello = self._checked(Hello, told)
        tree = self.program.tree
        if tree is not None and not Path(hello.package).is_relative_to(tree.resolve()):
            raise NotComparable(
                f"cannot compare: {self.program.name} should run the mmbench of {tree}, but "
                f"imported {hello.package}; remove what puts that first: sitecustomize, a .pth file"
            )
        return hello

    def load(self, case: SpeedCase, device: str) -> Loaded:
        """Load the case. Defaults are left out: a mmbench without a newer field reads it too."""
        asked = {"case": set_fields(case), "device": device}
        return self._ask({"load": asked}, "loaded", Loaded, self.limits.load_seconds)

    def warm(self, seconds: float) -> Ran:
        """Windows that double until one takes `seconds`."""
        return self._ran({"warm": seconds}, self.limits.load_seconds)

    def run(self, steps: int) -> Ran:
        ran = self._ran({"run": steps}, self.limits.window_seconds)
        if ran.steps != steps:
            raise ArmError(f"{self.program.name} was asked for {steps} steps, and ran {ran.steps}")
        return ran

    def memory(self) -> Memory:
        return self._ask({"memory": True}, "memory", Memory, self.limits.window_seconds)

    def last_words(self) -> str:
        """The last lines of its standard error."""
        return "\n".join(self._process.last_lines(LAST_LINES))

    def close(self) -> None:
        """End it and all that it has started; it may do so by itself first."""
        self._process.close()

    # ------------------------------------------------------------------------------ the pipes

    def _ran(self, question: Mapping[str, Any], limit: float) -> Ran:
        """A window that took some time; ArmError for one that can have taken none."""
        ran = self._ask(question, "ran", Ran, limit)
        if ran.steps < 1 or not 0 < ran.seconds < math.inf or not 0 <= ran.cpu_seconds < math.inf:
            raise ArmError(
                f"{self.program.name} says that {ran.steps} steps took {ran.seconds} s, and "
                f"{ran.cpu_seconds} s of its threads, which no window can"
            )
        return ran

    def _ask(self, question: Mapping[str, Any], name: str, answer: type[T], limit: float) -> T:
        try:
            self._process.input.write(json.dumps(question).encode() + b"\n")
        except BrokenPipeError:
            raise self._lost("has ended") from None
        return self._checked(answer, self._parsed(self._line(limit), name))

    def _line(self, seconds: float) -> bytes:
        """The next whole line, as soon as it is there."""
        pipe, until = self._process.output.fileno(), time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise self._lost(f"gave no answer within {seconds:g} s, and was stopped")
            chunk = os.read(pipe, 65536)
            if not chunk:
                raise self._lost("has ended")
            self._unread += chunk
        line, _, rest = bytes(self._unread).partition(b"\n")
        self._unread = bytearray(rest)
        return line

    def _parsed(self, line: bytes, name: str) -> dict[str, Any]:
        """What it says under `name`; ArmError where it says `error`, or what is no answer."""
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if isinstance(said, dict) and isinstance(told := said.get(name), dict):
            return told
        if isinstance(said, dict) and isinstance(told := said.get("error"), dict):
            raise self._refused(self._checked(Refusal, told))
        raise ArmError(f"{self.program.name} said {line[:80]!r} in place of {name!r}")

    def _checked(self, answer: type[T], told: dict[str, Any]) -> T:
        try:
            return load_json(answer, json.dumps(told).encode())
        except ValidationError as error:
            raise ArmError(
                f"{self.program.name} said what is no {answer.__name__}: {error}"
            ) from None

    def _refused(self, refusal: Refusal) -> ArmError:
        if refusal.kind == "Incompatible":
            return NotComparable(
                f"cannot compare: {self.program.name} does not know the case ({refusal.message}); "
                "take a case that both know, or a later baseline"
            )
        return ArmError(f"{self.program.name}: {refusal.message}")

    # -------------------------------------------------------------------------------- the end

    def _lost(self, what: str) -> ArmError:
        """Stop what is left of it, and say how it ended."""
        ended = what == "has ended" and self._process.exits_within(PATIENCE)
        self._process.kill()
        status = f" with status {self._process.status}" if ended else ""
        words = self.last_words() or "it printed nothing on standard error"
        return ArmError(f"{self.program.name} {what}{status}; its last words:\n{words}")


def _start(program: Program) -> Process:
    environment = {**os.environ, **program.environment}
    if program.tree is not None:
        environment["PYTHONPATH"] = str(program.tree)
    elif program.python != sys.executable:
        environment.pop("PYTHONPATH", None)  # it names modules for this interpreter
    return Process(program.python, program.module, program.arguments, environment=environment)
