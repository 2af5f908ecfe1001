"""Record traces. Both processes are started anew several times a condition, and every level is
timed on each start: what a process happens to be differs between visits, and never between levels.
"""

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import torch

from benchmarks.gate_power.neighbours import neighbours
from benchmarks.gate_power.others import OthersMeter
from benchmarks.gate_power.slowed import Spent, spent
from benchmarks.gate_power.traces import (
    BUSY,
    LEVELS,
    ROOT,
    Condition,
    Timings,
    Trace,
    timings,
    write_trace,
)
from mmbench.catalog import Catalog
from mmbench.meters.environment import LoadMeter, environment, fingerprint
from mmbench.speed.arm import Program
from mmbench.speed.paired import Pairing, Programs, open_pairing
from mmbench.speed_record import SpeedCase

CPU = torch.device("cpu")
FEWEST_STEPS = 4  # of a window, however slow the machine is when they are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """pairs: a level, over all restarts. window_seconds: at least, when a condition begins."""

    model: str
    batch_size: int
    tokens: int
    pairs: int
    restarts: int
    window_seconds: float
    neighbours: int

    @property
    def visit_pairs(self) -> int:
        """Of one level on one start: even, so that each begins with A B."""
        return max(2, 2 * round(self.pairs / self.restarts / 2))

    def case(self) -> SpeedCase:
        return SpeedCase(
            model=Catalog.standard().model(self.model),
            mode="train",
            batch_size=self.batch_size,
            precision="fp32",
            tokens=self.tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One level on one start."""

    level: float
    seconds: float
    spent: Spent
    others: float
    pairs: tuple[Timings, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Every level on one start. steps: of a window."""

    steps: int
    settled: bool
    visits: tuple[Visit, ...]


def programs(share_file: Path) -> Programs:
    """The baseline is the product's own child; the candidate is slowed by what the file says."""
    return Programs(
        baseline=Program(name="baseline", tree=ROOT),
        candidate=Program(
            name="candidate",
            tree=ROOT,
            module="benchmarks.gate_power.slowed",
            arguments=(str(share_file),),
        ),
    )


def record(
    size: Size, conditions: tuple[Condition, ...], levels: tuple[float, ...] | None, out: Path
) -> None:
    """levels: None for those of each condition."""
    for condition in conditions:
        chosen = levels or LEVELS[condition]
        began, meter = datetime.now(UTC), LoadMeter()
        starts: list[Start] = []
        for number in range(size.restarts):
            first = number % len(chosen)  # each level comes first in turn
            steps = starts[0].steps if starts else 0
            starts.append(_started(size, condition, chosen[first:] + chosen[:first], steps))
            passed = (datetime.now(UTC) - began).total_seconds()
            print(
                f"{condition:10} start {number + 1} of {size.restarts}  {passed:6.1f} s", flush=True
            )
        for level in chosen:
            trace = _trace(size, condition, level, starts, began, meter)
            _say(trace, write_trace(trace, out))


def _started(size: Size, condition: Condition, levels: Sequence[float], steps: int) -> Start:
    """Start both, and time every level. The start itself is quiet. steps: 0 on the first start,
    where they are counted; they stay the same on the others."""
    with TemporaryDirectory() as folder:
        share_file = Path(folder) / "share"
        share_file.write_text("0")
        pairing = open_pairing(size.case(), programs(share_file), device="cpu")
        try:
            ours = psutil.Process().children()  # the neighbours come later
            with nullcontext() if condition == "quiet" else neighbours(size.neighbours):
                if not steps:
                    pairing.calibrate(size.window_seconds)
                    steps = max(FEWEST_STEPS, pairing.steps)
                pairing.steps = steps
                settled = pairing.settle(time.monotonic() + 60).settled
                found = []
                for level in levels:
                    share_file.write_text(repr(level))
                    visit = _visit(pairing, share_file, ours, level, size.visit_pairs)
                    found.append(visit)
                return Start(steps=steps, settled=settled, visits=tuple(found))
        finally:
            pairing.close()


def _visit(
    pairing: Pairing, share_file: Path, ours: Sequence[psutil.Process], level: float, count: int
) -> Visit:
    before, others, began = spent(share_file), OthersMeter(ours), time.monotonic()
    pairs = tuple(timings(pair) for pair in islice(pairing.pairs(), count))
    return Visit(
        level=level,
        seconds=time.monotonic() - began,
        spent=spent(share_file).since(before),
        others=others.cores_busy(),
        pairs=pairs,
    )


def _trace(
    size: Size,
    condition: Condition,
    level: float,
    starts: Sequence[Start],
    began: datetime,
    meter: LoadMeter,
) -> Trace:
    visits = [visit for start in starts for visit in start.visits if visit.level == level]
    seconds = sum(visit.seconds for visit in visits)
    others = sum(visit.others * visit.seconds for visit in visits) / seconds
    step_seconds = sum(visit.spent.step_seconds for visit in visits)
    case = size.case()
    return Trace(
        condition=condition,
        level=level,
        added=round(sum(visit.spent.added_seconds for visit in visits) / step_seconds, 5),
        neighbours=0 if condition == "quiet" else size.neighbours,
        case=case.name,
        samples=case.batch_size,
        steps=starts[0].steps,
        settled=all(start.settled for start in starts),
        started_at=began.isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
        fingerprint=fingerprint(CPU, "fp32"),
        environment=replace(environment(CPU, meter), other_cores_busy=round(others, 3)),
        visits=tuple(visit.pairs for visit in visits),
    )


def _say(trace: Trace, path: Path) -> None:
    print(f"{trace.seconds:6.1f} s  {trace.level:4.0%} → {trace.added:6.2%}  {path}", flush=True)
    if trace.disturbed is not None:
        print(
            f"!!! {trace.name} IS NOT QUIET: other processes used {trace.disturbed:.0%} of the "
            f"cores while it was timed, more than {BUSY:.0%}; stop them and record it again",
            file=sys.stderr,
            flush=True,
        )
