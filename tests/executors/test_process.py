"""What a parent makes of a process that says anything, nothing or too much, and of its end.

The processes here are small programs in the worker's place, which need no torch.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.executors import process
from mmbench.executors.messages import Assignment, Event, Ready, Setup, line_of
from mmbench.executors.process import KEPT_OUTPUT, Child, Ending
from tests.executors.conftest import alive, numbers, within
from tests.specimens import TRIAL, record

SETUP = Setup(device="cpu", cache="/nowhere", keep="none", threads=1, inference_seconds=1.0)
READY = Event(ready=Ready(import_seconds=1.5))
HEAD = """
import os, signal, subprocess, sys, time
events = int(sys.argv[2])
os.set_inheritable(events, False)
def say(text): os.write(events, text)
"""

Start = Callable[..., Child]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """`start("say(b'x')")`: a child that runs this program."""
    started: list[Child] = []

    def begin(program: str, *, setup: Setup = SETUP) -> Child:
        monkeypatch.setattr(process, "PROGRAM", HEAD + program)
        started.append(Child(setup))
        return started[-1]

    yield begin
    for child in started:
        assert child.exited(), "a test has left a process"


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def ending(child: Child, seconds: float = 20.0) -> Ending:
    found = child.next(soon(seconds))
    assert isinstance(found, Ending)
    return found


# --------------------------------------------------------------------------------- messages


def test_a_large_record_that_comes_in_pieces_is_whole(start: Start, tmp_path: Path) -> None:
    large = replace(record(), warnings=("é\n" * 1_000_000,))
    lines = line_of(READY) + line_of(Event(phase="timing")) + line_of(Event(record=large))
    assert len(lines) > 4_000_000
    (tmp_path / "lines").write_bytes(lines)
    child = start(f"""
text = open({str(tmp_path / "lines")!r}, "rb").read()
while text:
    text = text[os.write(events, text[:70_001]):]
sys.stdin.read()
""")
    assert child.next(soon()) == READY
    assert child.next(soon()) == Event(phase="timing")
    assert child.next(soon()) == Event(record=large)
    child.finish()


def test_a_child_reads_what_is_larger_than_a_pipe(start: Start, tmp_path: Path) -> None:
    """It is late with reading, and prints more than a pipe holds before."""
    child = start(f"""
print("x" * 300_000, flush=True)
sys.stdin.readline()
line = sys.stdin.readline()
open({str(tmp_path / "line")!r}, "w").write(line)
say({line_of(READY)!r})
""")
    wide = replace(TRIAL.model, notes="n" * 1_000_000)
    wanted = Assignment(trial=replace(TRIAL, model=wide), folder="/somewhere")
    child.assign(wanted)
    assert child.next(soon()) == READY
    assert (tmp_path / "line").read_bytes() == line_of(wanted)
    child.finish()


def test_numbers_that_are_not_finite_arrive_as_they_are() -> None:
    line = line_of(Event(record=replace(record(), seconds=float("inf"))))
    assert line.count(b"\n") == 1
    assert b"Infinity" in line


@pytest.mark.parametrize("told", [{}, {"phase": "x", "ready": READY.ready}])
def test_an_event_tells_exactly_one_thing(told: dict[str, Ready]) -> None:
    with pytest.raises(ValueError, match="an event tells one thing"):
        Event(**told)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -11),
        ('say(b\'{"phase": "a line that is never\'); os._exit(0)', 0),
    ],
)
def test_an_end_without_a_record_is_seen_at_once(start: Start, program: str, status: int) -> None:
    began = time.monotonic()
    found = ending(start(f"print('last words', flush=True)\n{program}"))
    assert (found.why, found.status) == ("ended", status)
    assert found.output == "last words\n"
    assert time.monotonic() - began < 3


def test_what_was_said_before_the_end_is_heard(start: Start) -> None:
    child = start(f"say({line_of(READY)!r} + {line_of(Event(record=record()))!r}); os._exit(1)")
    assert child.next(soon()) == READY
    assert child.next(soon()) == Event(record=record())
    assert ending(child).status == 1


@pytest.mark.parametrize(
    "line",
    [
        b"Epoch 1/3: loss 0.7\n",
        b"{}\n",
        b'{"phase": 3}\n',
        b'{"phase": "x", "more": 1}\n',
        b'"phase"\n',
        b"\xff\xfe\n",
        b"\n",
    ],
)
def test_what_is_no_event_ends_the_child(start: Start, line: bytes) -> None:
    child = start(f"say({line!r}); time.sleep(600)")
    found = ending(child)
    assert found.why == "garbled"
    assert found.said == line.rstrip(b"\n").decode("utf-8", "backslashreplace")


def test_a_line_without_an_end_does_not_fill_the_memory(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LONGEST_LINE", 10**6)
    found = ending(start("while True: say(b'x' * 4096)"))
    assert (found.why, found.said) == ("garbled", "x" * 80)


def test_a_child_that_closes_its_pipe_and_goes_on_is_ended(start: Start) -> None:
    found = ending(start("os.close(events); time.sleep(600)"))
    assert (found.why, found.status) == ("silent", -signal.SIGTERM)


def test_a_time_limit_ends_a_child_within_its_grace(start: Start) -> None:
    child = start("signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)")
    began = time.monotonic()
    found = ending(child, seconds=1.0)
    assert (found.why, found.status) == ("late", -signal.SIGKILL)
    assert 1.0 <= time.monotonic() - began < 1.0 + 5.0


def test_events_do_not_put_off_the_time_limit(start: Start) -> None:
    child = start(f"while True: say({line_of(Event(phase='busy'))!r}); print('x' * 9999)")
    until = time.monotonic() + 0.5
    found: Event | Ending = READY
    while isinstance(found, Event) and time.monotonic() < until + 5:
        found = child.next(until)
    assert isinstance(found, Ending)
    assert found.why == "late"


# ------------------------------------------------------------------------ output, descendants


def test_a_flood_of_output_neither_blocks_nor_fills_the_memory(start: Start) -> None:
    child = start(f"""
for _ in range(1000): os.write(1, b"x" * 99_999 + bytes([10]))
os.write(2, b"the end")
say({line_of(READY)!r})
time.sleep(600)
""")
    held = []

    def next_event() -> Event | Ending:
        found = child.next(soon(60))
        held.append(len(child._printed))
        return found

    assert next_event() == READY
    child._wait(0.2)
    assert max(held) <= 2 * KEPT_OUTPUT + 1
    assert child._printed.endswith(b"the end")
    child.stop()


def test_the_output_of_an_earlier_trial_is_forgotten(start: Start) -> None:
    child = start(f"""
print("first", flush=True)
say({line_of(READY)!r})
sys.stdin.readline()
sys.stdin.readline()
print("second", flush=True)
""")
    assert child.next(soon()) == READY
    child._wait(0.5)
    assert child._printed == b"first\n"
    child.assign(Assignment(trial=TRIAL, folder="/x"))
    assert ending(child).output == "second\n"


LEAVE = "told = open({told!r}, 'w'); told.write(str(subprocess.Popen(['sleep', '600']).pid))\n"


@pytest.mark.parametrize("end", ["sys.exit()", "sys.stdin.read(); sys.exit()", "time.sleep(600)"])
def test_what_a_child_has_started_ends_with_it(start: Start, tmp_path: Path, end: str) -> None:
    told = tmp_path / "told"
    child = start(LEAVE.format(told=str(told)) + f"told.close()\nsay({line_of(READY)!r})\n{end}")
    assert child.next(soon()) == READY
    (left,) = numbers(told)
    child.finish() if "stdin" in end else child.stop()
    assert within(2, lambda: not alive(left))


def test_a_fork_that_keeps_the_pipe_open_hides_no_end(start: Start) -> None:
    """Even if the fork floods the output that it has inherited."""
    child = start("""
if os.fork():
    os._exit(7)
while True: os.write(1, b"x" * 4096)
""")
    found = ending(child)
    assert (found.why, found.status) == ("ended", 7)


def test_an_idle_child_ends_when_nothing_is_to_come(start: Start, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    child = start(f"sys.stdin.read(); open({str(gone)!r}, 'w').close()")
    child.finish()
    assert gone.exists()


def test_an_idle_child_that_will_not_end_is_ended(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "FAREWELL", 0.3)
    child = start("time.sleep(600)")
    child.finish()
    assert child.exited()


def test_no_file_of_the_parent_reaches_the_child(start: Start, tmp_path: Path) -> None:
    """A lock that the child held as well would outlive the parent."""
    with open(tmp_path / "claim", "wb"):
        child = start(
            "print(sorted(os.readlink(f'/proc/self/fd/{f}') for f in os.listdir("
            "'/proc/self/fd') if os.path.exists(f'/proc/self/fd/{f}')), flush=True)"
        )
        found = ending(child)
    assert "pipe:" in found.output
    assert "claim" not in found.output


def test_waiting_takes_no_processor_time(start: Start) -> None:
    child = start(f"time.sleep(1.5); say({line_of(READY)!r}); sys.stdin.read()")
    before = time.process_time()
    assert child.next(soon()) == READY
    assert time.process_time() - before < 0.05
    child.finish()


def test_a_program_that_is_not_there_leaves_no_pipe_open(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(OSError, match="/nowhere/python"):
        Child(SETUP)
    assert set(os.listdir("/proc/self/fd")) == before


def test_children_leave_no_pipe_open(start: Start) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for program in ("pass", "time.sleep(600)"):
        ending(start(program), seconds=0.5)
    assert len(os.listdir("/proc/self/fd")) == before
