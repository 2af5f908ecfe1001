"""Record traces: one pair of processes a condition, every level on the same two."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.gate_power.neighbours import neighbours
from benchmarks.gate_power.traces import ROOT, Condition, Trace, timings, write_trace
from mmbench.catalog import Catalog
from mmbench.meters.environment import LoadMeter, environment, fingerprint
from mmbench.speed.arm import Program
from mmbench.speed.paired import Pairing, Programs, open_pairing
from mmbench.speed_record import SpeedCase

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """pairs: a level. window_seconds: at least, on the machine as it is when a condition begins."""

    model: str
    batch_size: int
    tokens: int
    pairs: int
    window_seconds: float
    neighbours: int

    def case(self) -> SpeedCase:
        return SpeedCase(
            model=Catalog.standard().model(self.model),
            mode="train",
            batch_size=self.batch_size,
            precision="fp32",
            tokens=self.tokens,
        )


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
    size: Size, conditions: tuple[Condition, ...], levels: tuple[float, ...], out: Path
) -> None:
    for condition in conditions:
        with TemporaryDirectory() as folder:
            share_file = Path(folder) / "share"
            share_file.write_text("0")
            pairing = open_pairing(size.case(), programs(share_file), device="cpu")
            try:
                busy = condition == "neighbours"
                with neighbours(size.neighbours) if busy else nullcontext():
                    pairing.calibrate(size.window_seconds)
                    for level in levels:
                        share_file.write_text(repr(level))
                        trace = _recorded(pairing, size, condition, level)
                        print(f"{trace.seconds:6.1f} s  {write_trace(trace, out)}", flush=True)
            finally:
                pairing.close()


def _recorded(pairing: Pairing, size: Size, condition: Condition, level: float) -> Trace:
    meter, began = LoadMeter(), time.monotonic()
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    settled = pairing.settle(began + 60)
    pairs = tuple(timings(pair) for pair in islice(pairing.pairs(), size.pairs))
    return Trace(
        condition=condition,
        level=level,
        neighbours=size.neighbours if condition == "neighbours" else 0,
        case=pairing.case.name,
        samples=pairing.case.batch_size,
        steps=pairing.steps,
        settled=settled.settled,
        started_at=started_at,
        seconds=round(time.monotonic() - began, 1),
        fingerprint=fingerprint(CPU, "fp32"),
        environment=environment(CPU, meter),
        pairs=pairs,
    )
