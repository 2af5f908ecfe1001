"""What was recorded: pairs of windows under one condition at one level of slow-down."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_json
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.speed.paired import TimedPair

ROOT = Path(__file__).parents[2]
OUT = ROOT / "results" / "reference" / "gate"
BUSY = 0.10  # of the cores: what others may use on a machine that is called quiet

Condition = Literal["quiet", "neighbours"]

CONDITIONS: tuple[Condition, ...] = ("quiet", "neighbours")
LEVELS: dict[Condition, tuple[float, ...]] = {
    "quiet": (0.0, 0.03, 0.05, 0.10, 0.20),
    # those with a target: windows take twice as long there
    "neighbours": (0.0, 0.10, 0.20),
}

Timings = tuple[float, float, float, float]
"""Seconds of baseline and candidate, then their seconds of processor time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """level: the share by which the candidate's steps were to be slowed; added: that by which they
    were, over all of its windows. neighbours: how many processes burnt a core in bursts. settled:
    in every visit. seconds: of timing, without the starts. environment: of the last visit, but
    `other_cores_busy` is the mean of all and leaves out the two that were timed.

    visits: one a fresh start of both processes; its pairs in the order of timing, from an A B on.
    """

    format: int = 2
    condition: Condition
    level: float
    added: float
    neighbours: int
    case: str
    samples: int
    steps: int
    settled: bool
    started_at: str
    seconds: float
    fingerprint: Fingerprint
    environment: Environment
    visits: tuple[tuple[Timings, ...], ...]

    @property
    def name(self) -> str:
        return f"{self.condition}-{round(100 * self.level):02}"

    @property
    def disturbed(self) -> float | None:
        """The share of the cores that others used, where it is too much for a quiet machine."""
        share = (self.environment.other_cores_busy or 0.0) / self.environment.cores
        return share if self.condition == "quiet" and share > BUSY else None

    def times(self) -> list[list[tuple[float, float]]]:
        """(baseline, candidate) of every pair, by visit: seconds on the wall."""
        return [[pair[:2] for pair in visit] for visit in self.visits]


def timings(pair: TimedPair) -> Timings:
    busy = pair.baseline.cpu_seconds, pair.candidate.cpu_seconds
    return tuple(round(value, 6) for value in (*pair.seconds, *busy))  # type: ignore[return-value]


def write_trace(trace: Trace, out: Path) -> Path:
    path = out / "traces" / f"{trace.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, dump_json(trace))
    return path


def read_traces(out: Path) -> list[Trace]:
    """By condition and level; ValueError if there are none."""
    found = [load_json(Trace, path.read_bytes()) for path in sorted(_files(out))]
    if not found:
        raise ValueError(f"{out}: no traces; make them by: python -m benchmarks.gate_power record")
    return sorted(found, key=lambda trace: (CONDITIONS.index(trace.condition), trace.level))


def _files(out: Path) -> Iterable[Path]:
    return (out / "traces").glob("*.json")
