"""Trials whose worker gave no record: what has happened, and what to do next."""

import signal

from mmbench.executors.process import Ending
from mmbench.records import Failure

CRASHES = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT")
NATIVE = (
    "native code crashed; the record's traceback shows where. Report it to the library it names, "
    "or take another version of that"
)
KILLED = (
    "killed from outside, or out of memory: look for 'Out of memory' in the kernel log (dmesg). "
    "A smaller batch_size or --limit needs less"
)
ENDED = "somebody ended it; the same command runs the trial again"
EXITED = (
    "something in it calls exit; the record's traceback holds the last that it printed, and "
    "--executor inline shows everything"
)
LATE = (
    "raise --trial-minutes, or give the trial less to do; the record's traceback shows where it was"
)
STRANGE_PIPES = (
    "something in it uses file descriptors that it has not opened; see what with --executor inline"
)


def failure_of(ending: Ending, *, during: str, limit_seconds: float | None) -> Failure:
    """Why there is no record. `during`: what the trial was last known to do."""
    kind, what, advice = _classified(ending, limit_seconds)
    return Failure(
        kind=kind,
        message=f"the worker {what} during {during!r}: {advice}",
        traceback=_last_output(ending),
    )


def not_started(ending: Ending) -> Failure:
    """Why the worker never waited for a trial."""
    _, what, _ = _classified(ending, None)
    last = next((line for line in reversed(ending.output.splitlines()) if line.strip()), "")
    return Failure(
        kind="NotStarted",
        message=f"the worker {what} before it was ready: {last.strip() or 'it printed nothing'}",
        traceback=_last_output(ending),
    )


def not_startable(error: OSError) -> Failure:
    """Why the system would start no process."""
    return Failure(
        kind="NotStarted",
        message=f"no worker can be started: {error}. --executor inline needs none",
        traceback="",
    )


def _classified(ending: Ending, limit_seconds: float | None) -> tuple[str, str, str]:
    """The kind, what has happened, and what to do next."""
    if ending.why == "late":
        limit = "its time limit" if limit_seconds is None else f"its limit of {limit_seconds:g} s"
        return "TimeLimit", f"was stopped at {limit}", LATE
    if ending.why == "garbled":
        return "Garbled", f"said {ending.said!r} in place of an event", STRANGE_PIPES
    if ending.why == "silent":
        return "Silent", "closed its pipe and went on", STRANGE_PIPES
    if ending.status is None or ending.status >= 0:
        return "NoRecord", f"ended with exit status {ending.status} and no record", EXITED
    name = _signal_name(-ending.status)
    advice = NATIVE if name in CRASHES else KILLED if name == "SIGKILL" else ENDED
    return "Killed", f"was killed by {name}", advice


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names
        return f"signal {number}"


def _last_output(ending: Ending) -> str:
    if not ending.output.strip():
        return "the worker printed nothing"
    return f"the last that the worker printed:\n{ending.output}"
