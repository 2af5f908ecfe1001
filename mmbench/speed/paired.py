"""Baseline and candidate in turn: two processes, loaded once, whose windows alternate ABBA.

A window is many steps between two synchronisations, at least WINDOW_SECONDS of them; the next to it
is the other side's, so that whatever slows the machine slows both. Pairs are dropped until both
sides have settled. `compare.paired` decides; this module times, and extends what is undecided.
"""

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from mmbench.errors import NotComparable, PlanError
from mmbench.speed.arm import Arm, Limits, Program
from mmbench.speed.messages import Memory, Ran
from mmbench.speed_record import SpeedCase

WINDOW_SECONDS = 0.15
MOST_STEPS = 1000
"""Of a window. With shorter steps it is the loop around them that is timed, not their work."""

SETTLING_WINDOWS = 4  # of each side: the last ones are compared with as many before them
MOST_SETTLING_PAIRS = 16
DRIFT = 0.02  # of the median: a smaller trend is no warm-up

ALIKE = ("device", "device_name", "threads", "precision", "settings")
"""Of the fingerprints of both sides, where both have them: otherwise a step is other work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPair:
    """Two windows of the same steps, next to each other."""

    baseline: Ran
    candidate: Ran

    @property
    def seconds(self) -> tuple[float, float]:
        """What a user waits for each."""
        return self.baseline.seconds, self.candidate.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was dropped before the pairs that count. `settled`: False if the bound was reached."""

    pairs: int
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    baseline: Program
    candidate: Program


@dataclass(slots=True, kw_only=True)
class Pairing:
    """Both arms with one case loaded. `differences`: of their fingerprints, as `what: a → b`."""

    case: SpeedCase
    baseline: Arm
    candidate: Arm
    steps: int = 0
    differences: tuple[str, ...] = ()
    _turn: int = field(default=0)

    def load(self, device: str) -> None:
        """One after the other: two at a time would fight for the cores."""
        base, other = (arm.load(self.case, device) for arm in (self.baseline, self.candidate))
        if base.work != other.work:
            raise NotComparable(
                f"cannot compare: a step of {self.case.name} is {dict(base.work)} in "
                f"{self.baseline.program.name}, and {dict(other.work)} in "
                f"{self.candidate.program.name}; their times are those of different work"
            )
        # the code is what is compared
        theirs, ours = ({**found.fingerprint, "code": None} for found in (base, other))
        known = [name for name in ALIKE if name in theirs and name in ours]
        unlike = differences(
            {name: theirs[name] for name in known}, {name: ours[name] for name in known}
        )
        if unlike:
            raise NotComparable(
                f"cannot compare: {self.case.name} runs under other conditions in the candidate "
                f"than in the baseline ({', '.join(unlike)}); give both the same, or take a "
                "baseline since the change"
            )
        self.differences = differences(theirs, ours)

    def calibrate(self, window_seconds: float) -> None:
        """Enough steps for a window of the faster side. PlanError if that takes too many."""
        ran = [arm.warm(window_seconds) for arm in (self.baseline, self.candidate)]
        step_seconds = min(found.seconds / found.steps for found in ran)
        needed = math.ceil(window_seconds / step_seconds)
        if needed > MOST_STEPS:
            raise PlanError(
                f"{self.case.name}: a step takes {1e6 * step_seconds:.0f} µs, too little to be "
                "timed apart from the loop around it; raise the batch size or the tokens"
            )
        self.steps = needed

    def pairs(self) -> Iterator[TimedPair]:
        """Without end: A B, B A, A B, …: each side comes first as often as the other, so that a
        drift favours none."""
        while True:
            first, second = (self.baseline, self.candidate)[:: -1 if self._turn % 2 else 1]
            ran = {first: first.run(self.steps), second: second.run(self.steps)}
            self._turn += 1
            yield TimedPair(baseline=ran[self.baseline], candidate=ran[self.candidate])

    def settle(self, until: float) -> Settled:
        """Drop pairs until no side's windows have a trend, or MOST_SETTLING_PAIRS are gone, or
        `until` (monotonic seconds) is past."""
        dropped: list[TimedPair] = []
        for pair in islice(self.pairs(), MOST_SETTLING_PAIRS):
            dropped.append(pair)
            sides = (
                [pair.baseline.seconds for pair in dropped],
                [pair.candidate.seconds for pair in dropped],
            )
            # an even number: the order ABBA goes on where it was
            if len(dropped) % 2 == 0 and all(has_settled(side) for side in sides):
                return Settled(pairs=len(dropped), settled=True)
            if time.monotonic() >= until:
                break
        return Settled(pairs=len(dropped), settled=False)

    def memory(self) -> tuple[Memory, Memory]:
        """Of baseline and candidate."""
        return self.baseline.memory(), self.candidate.memory()

    def close(self) -> None:
        try:
            self.baseline.close()
        finally:
            self.candidate.close()


def open_pairing(
    case: SpeedCase, programs: Programs, *, device: str, limits: Limits | None = None
) -> Pairing:
    """Start both arms and load the case. Whatever goes wrong, no process is left."""
    limits = limits or Limits()
    baseline = Arm(programs.baseline, limits)
    try:
        candidate = Arm(programs.candidate, limits)
    except BaseException:
        baseline.close()
        raise
    pairing = Pairing(case=case, baseline=baseline, candidate=candidate)
    try:
        for arm in (baseline, candidate):
            arm.hello()
        pairing.load(device)
    except BaseException:  # Ctrl-C too
        pairing.close()
        raise
    return pairing


def has_settled(seconds: Sequence[float]) -> bool:
    """Whether the last windows are like those before them: their medians differ by less than the
    windows' own spread, or by next to nothing."""
    if len(seconds) < 2 * SETTLING_WINDOWS:
        return False
    before = seconds[-2 * SETTLING_WINDOWS : -SETTLING_WINDOWS]
    after = seconds[-SETTLING_WINDOWS:]
    middle = statistics.median(after)
    spread = statistics.median(abs(value - middle) for value in after)
    return abs(middle - statistics.median(before)) <= max(DRIFT * middle, spread)


def differences(baseline: object, candidate: object, place: str = "") -> tuple[str, ...]:
    """`libraries.torch: 2.11.0 → 2.12.0` for each leaf in which two trees of plain data differ."""
    if isinstance(baseline, dict) and isinstance(candidate, dict):
        return tuple(
            line
            for name in sorted(baseline.keys() | candidate.keys())
            for line in differences(
                baseline.get(name), candidate.get(name), f"{place}.{name}" if place else name
            )
        )
    return () if baseline == candidate else (f"{place}: {baseline} → {candidate}",)
