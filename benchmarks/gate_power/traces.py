"""What was recorded: pairs of windows under one condition at one level of slow-down."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_json
from mmbench.records import Environment, Fingerprint
from mmbench.speed.paired import Clock, TimedPair

ROOT = Path(__file__).parents[2]
OUT = ROOT / "results" / "reference" / "gate"
LEVELS = (0.0, 0.03, 0.05, 0.10, 0.20)

Condition = Literal["quiet", "neighbours"]
CONDITIONS: tuple[Condition, ...] = ("quiet", "neighbours")

Timings = tuple[float, float, float, float]
"""Seconds of baseline and candidate, then their seconds of processor time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """level: the share by which the candidate's steps were slowed. neighbours: how many processes
    burnt a core in bursts. pairs: in the order of timing, ABBA, from an A B on."""

    format: int = 1
    condition: Condition
    level: float
    neighbours: int
    case: str
    samples: int
    steps: int
    settled: bool
    started_at: str
    seconds: float
    fingerprint: Fingerprint
    environment: Environment
    pairs: tuple[Timings, ...]

    @property
    def name(self) -> str:
        return f"{self.condition}-{round(100 * self.level):02}"

    def times(self, clock: Clock) -> list[tuple[float, float]]:
        """(baseline, candidate) of every pair."""
        start = 0 if clock == "wall" else 2
        return [(pair[start], pair[start + 1]) for pair in self.pairs]


def timings(pair: TimedPair) -> Timings:
    (wall_a, wall_b), (cpu_a, cpu_b) = pair.seconds("wall"), pair.seconds("cpu")
    return tuple(round(value, 6) for value in (wall_a, wall_b, cpu_a, cpu_b))  # type: ignore[return-value]


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
