"""Live decisions through `speed.session.time_paired`, as `mmbench gate --against` makes them.

A look's visits each get another pair of processes, as in the gate, but from a pool of three that
serves RENEWED_EVERY decisions of every level: fresh starts, several seconds each, would be most of
the time that there is. A pair is settled in full once; later visits drop REWARMING pairs.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from benchmarks.gate_power.record import FEWEST_STEPS, Size, programs
from mmbench.atomic import write_atomically
from mmbench.codec import dump_json
from mmbench.compare.paired import Decision, PairedRule
from mmbench.speed.arm import Limits
from mmbench.speed.paired import Pairing, Programs, Settled, open_pairing
from mmbench.speed.session import Conditions, time_paired
from mmbench.speed_record import SpeedCase

VISITS = 3
POOL = 3
RENEWED_EVERY = 5
REWARMING = 4  # pairs: an even number, so that the order ABBA goes on where it was


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLevel:
    level: float
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    format: int = 2
    case: str
    window_seconds: float
    visits: int
    pool: int
    renewed_every: int
    levels: tuple[LiveLevel, ...]


class Kept(Pairing):
    """Two arms that one visit leaves to the next, and the file that says how slow one is."""

    share_file: Path
    _settled: Settled | None = None

    @classmethod
    def started(cls, size: Size, share_file: Path) -> Self:
        share_file.write_text("0")
        new = open_pairing(size.case(), programs(share_file), device="cpu")
        kept = cls(case=new.case, baseline=new.baseline, candidate=new.candidate)
        kept.differences = new.differences
        kept.share_file = share_file
        return kept

    def calibrate(self, window_seconds: float) -> None:
        if not self.steps:
            super().calibrate(window_seconds)
            self.steps = max(FEWEST_STEPS, self.steps)

    def settle(self, until: float) -> Settled:
        if self._settled is None:
            self._settled = super().settle(until)
            return self._settled
        dropped = len(list(islice(self.pairs(), REWARMING)))
        return Settled(pairs=dropped, settled=self._settled.settled)

    def close(self) -> None:
        return

    def end(self) -> None:
        super().close()


class Nobody:
    """A watcher that sees nothing."""

    def visiting(self, case: SpeedCase, look: int) -> None:
        return

    def paired(self, case: SpeedCase, pairs: Sequence[tuple[float, float]], wanted: int) -> None:
        return


def live(
    size: Size, levels: tuple[float, ...], decisions: int, rule: PairedRule, out: Path
) -> None:
    """Decide so often at every level, in turn, and write live.json."""
    began = time.monotonic()
    found: dict[float, list[Decision]] = {level: [] for level in levels}
    for first in range(0, decisions, RENEWED_EVERY):
        with TemporaryDirectory() as folder, ExitStack() as stack:
            pool = []
            for number in range(POOL):
                kept = Kept.started(size, Path(folder) / f"share-{number}")
                stack.callback(kept.end)
                pool.append(kept)
            for number in range(first, min(first + RENEWED_EVERY, decisions)):
                for level in levels:  # in turn: what the machine does meanwhile meets all alike
                    decision = _decided(pool, level, size, rule)
                    found[level].append(decision)
                    print(
                        f"{time.monotonic() - began:6.1f} s  {number + 1:3} of {decisions}  "
                        f"{level:4.0%}  {decision.outcome:11}  {decision.ratio:.3f} after "
                        f"{decision.pairs} pairs",
                        flush=True,
                    )
    whole = Live(
        case=size.case().name,
        window_seconds=size.window_seconds,
        visits=VISITS,
        pool=POOL,
        renewed_every=RENEWED_EVERY,
        levels=tuple(
            LiveLevel(level=level, decisions=tuple(made)) for level, made in found.items()
        ),
    )
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "live.json", dump_json(whole))


def _decided(pool: Sequence[Kept], level: float, size: Size, rule: PairedRule) -> Decision:
    for kept in pool:
        kept.share_file.write_text(repr(level))
    turns = cycle(pool)

    def opening(
        case: SpeedCase, programs: Programs, *, device: str, limits: Limits | None = None
    ) -> Pairing:
        return next(turns)

    conditions = Conditions(
        device="cpu", rule=rule, window_seconds=size.window_seconds, visits=VISITS
    )
    both = programs(pool[0].share_file)  # for the signature: all have been started
    (cell,) = time_paired([pool[0].case], both, conditions, Nobody(), opening=opening)
    if cell.decision is None:
        raise ValueError(f"{cell.case.name}: no decision at {level:.0%}: {cell.failure}")
    return cell.decision
