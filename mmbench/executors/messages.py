"""What a worker and its parent say to each other: one line of JSON a message, never a pickle.

The parent says `Setup` once and then an `Assignment` for each trial; the worker says `Event`s.
"""

from dataclasses import dataclass, fields

from mmbench.codec import dump_json
from mmbench.records import Record, Trial
from mmbench.workbench import Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the worker's bench is made of. `threads`: of torch; `cache`: a folder."""

    device: str
    cache: str
    keep: Keep
    threads: int
    inference_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A trial to be run, the folder for its artefacts, and which weights stay there; by default as
    the bench says."""

    trial: Trial
    folder: str
    keep: Keep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker waits for its first trial, so many seconds after its process was asked for."""

    import_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """As `progress.Watcher.training`."""

    step: int
    steps: int
    loss: float
    samples_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """As `progress.Watcher.validated`."""

    step: int
    metric: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Exactly one of these has happened. With `record` the trial has ended."""

    ready: Ready | None = None
    phase: str | None = None
    training: Training | None = None
    validated: Validated | None = None
    record: Record | None = None

    def __post_init__(self) -> None:
        told = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        if len(told) != 1:
            raise ValueError(f"an event tells one thing, not {told or 'nothing'}")


def line_of(message: Setup | Assignment | Event) -> bytes:
    """The message as one line; `codec.load_json` reads it."""
    # line breaks inside of strings are escaped: those that are left are indentation
    return dump_json(message).replace(b"\n", b"") + b"\n"
