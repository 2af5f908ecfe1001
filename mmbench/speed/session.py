"""A paired timing of several cases: visits, looks, and the time they may take.

At every look each undecided case is visited a few times: both arms are started, and pairs are
added, with the last visit up to the look's number. An arm lives for one visit: two large models
need not fit side by side, peak memory is that of one case, and what a process happens to be (its
addresses, its threads' places) is drawn anew. One draw moves all windows of a process in the same
direction, which no test over them can see; so no look rests on a single one.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mmbench.compare.paired import Decision, PairedRule, judge_look, stopped
from mmbench.errors import ArmError, NotComparable, PlanError
from mmbench.speed.arm import Limits
from mmbench.speed.messages import Memory
from mmbench.speed.paired import (
    WINDOW_SECONDS,
    Pairing,
    Programs,
    TimedPair,
    open_pairing,
)
from mmbench.speed_record import SpeedCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How cases are timed. budget_seconds: for all of them; what is undecided then stays so.
    visits: fresh starts of both arms that share the pairs of a look."""

    device: str
    rule: PairedRule
    budget_seconds: float = 600.0
    window_seconds: float = WINDOW_SECONDS
    visits: int = 3
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.budget_seconds > 0 or not self.window_seconds > 0:
            raise PlanError(
                f"the budget is {self.budget_seconds:g} s and a window {self.window_seconds:g} s; "
                "both must be above 0"
            )
        if self.visits < 1:
            raise PlanError(f"a look has {self.visits} visits; it needs at least 1")


class Watcher(Protocol):
    """Whoever watches a paired timing."""

    def visiting(self, case: SpeedCase, look: int) -> None:
        """The arms of this case are being started."""

    def paired(self, case: SpeedCase, pairs: Sequence[tuple[float, float]], wanted: int) -> None:
        """There is one more pair of windows: seconds of baseline and candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a case was given up. not_comparable: both sides live, but differ in more than the code.
    failed: one died, hung or refused, or the case cannot be timed. message: a whole sentence."""

    kind: Literal["not_comparable", "failed"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedCell:
    """All that was seen of one case. decision: None if the time ended before the first look, or
    with a `failure`.

    memory: peaks of baseline and candidate, the largest of all visits. settled: False if in some
    visit the windows still had a trend when the pairs began.
    """

    case: SpeedCase
    decision: Decision | None
    pairs: tuple[TimedPair, ...]
    steps: int
    settled: bool
    memory: tuple[Memory, Memory] | None
    differences: tuple[str, ...]
    failure: Failure | None = None


@dataclass(slots=True)
class _Cell:
    case: SpeedCase
    pairs: list[TimedPair] = field(default_factory=list)
    decision: Decision | None = None
    steps: int = 0
    settled: bool = True
    memory: list[tuple[Memory, Memory]] = field(default_factory=list)
    differences: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def is_open(self) -> bool:
        return self.decision is None and self.failure is None

    @property
    def seconds(self) -> list[tuple[float, float]]:
        return [pair.seconds for pair in self.pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """wanted, goal: the pairs that a cell has at the end of the look, and of this visit of it.
    until: monotonic seconds."""

    wanted: int
    goal: int
    until: float


class Opening(Protocol):
    """Gives both arms with the case loaded; `paired.open_pairing` starts new ones."""

    def __call__(
        self, case: SpeedCase, programs: Programs, *, device: str, limits: Limits | None = None
    ) -> Pairing: ...


def time_paired(
    cases: Sequence[SpeedCase],
    programs: Programs,
    conditions: Conditions,
    watcher: Watcher,
    *,
    opening: Opening = open_pairing,
) -> tuple[PairedCell, ...]:
    """Time and judge every case. One that fails is given up, and takes no other with it."""
    names = [case.name for case in cases]
    if not names or len(set(names)) != len(names):
        raise PlanError(f"paired timing needs cases, each named once: {', '.join(names) or 'none'}")
    until = time.monotonic() + conditions.budget_seconds
    cells = {case.name: _Cell(case) for case in cases}
    rule = conditions.rule
    for look in range(len(rule.looks)):
        for goal in goals(rule, look, conditions.visits):
            visit = _Visit(wanted=rule.looks[look], goal=goal, until=until)
            for cell in cells.values():
                if cell.is_open and time.monotonic() < until:
                    watcher.visiting(cell.case, look)
                    _try(cell, programs, conditions, visit, watcher, opening)
        _judge(cells, conditions, look)
        if time.monotonic() >= until:
            break
    for cell in cells.values():
        last = _last_look(cell, rule)
        if cell.is_open and last is not None:
            cell.decision = stopped(rule, cell.seconds, last)
    return tuple(_seen(cell) for cell in cells.values())


def goals(rule: PairedRule, look: int, visits: int) -> tuple[int, ...]:
    """Pairs that a cell has after each visit of the look, evenly spaced. A visit adds an even
    number where it can: every visit begins with A B, so each side comes first as often.

    >>> goals(PairedRule(looks=(30, 60)), 1, 3)
    (40, 50, 60)
    """
    before = rule.looks[look - 1] if look else 0
    added = rule.looks[look] - before
    found = [before + 2 * round(added * visit / visits / 2) for visit in range(1, visits)]
    return tuple(sorted({goal for goal in found if goal > before} | {rule.looks[look]}))


def _try(
    cell: _Cell,
    programs: Programs,
    conditions: Conditions,
    visit: _Visit,
    watcher: Watcher,
    opening: Opening,
) -> None:
    """Visit the cell, or give it up: what the others have shown stands, and they go on."""
    try:
        pairing = opening(cell.case, programs, device=conditions.device, limits=conditions.limits)
        try:
            _time(pairing, cell, conditions, visit, watcher)
        finally:
            pairing.close()
    except NotComparable as error:
        cell.failure = Failure(kind="not_comparable", message=str(error))
    except (ArmError, PlanError) as error:  # PlanError: a step too short to be timed
        cell.failure = Failure(kind="failed", message=str(error))


def _time(
    pairing: Pairing, cell: _Cell, conditions: Conditions, visit: _Visit, watcher: Watcher
) -> None:
    """Add pairs up to the goal, or until the time is over."""
    _prepare(pairing, cell, conditions, visit.until)
    for pair in pairing.pairs():
        cell.pairs.append(pair)
        watcher.paired(cell.case, cell.seconds, visit.wanted)
        if len(cell.pairs) >= visit.goal or time.monotonic() >= visit.until:
            break
    cell.memory.append(pairing.memory())


def _prepare(pairing: Pairing, cell: _Cell, conditions: Conditions, until: float) -> None:
    """A window has the same steps in all visits, or its pairs would not be of one kind."""
    pairing.calibrate(conditions.window_seconds)
    cell.steps = pairing.steps = cell.steps or pairing.steps
    cell.settled = pairing.settle(until).settled and cell.settled
    cell.differences = pairing.differences


def _judge(cells: dict[str, _Cell], conditions: Conditions, look: int) -> None:
    """Those that are open and have all pairs of the look. The family is all that were asked for."""
    wanted = conditions.rule.looks[look]
    whole = {
        name: cell.seconds
        for name, cell in cells.items()
        if cell.is_open and len(cell.pairs) >= wanted
    }
    if whole:
        for name, decision in judge_look(conditions.rule, whole, look, family=len(cells)).items():
            cells[name].decision = decision


def _last_look(cell: _Cell, rule: PairedRule) -> int | None:
    """The last look whose pairs are all there; None before the first."""
    done = [look for look, wanted in enumerate(rule.looks) if len(cell.pairs) >= wanted]
    return done[-1] if done else None


def _seen(cell: _Cell) -> PairedCell:
    return PairedCell(
        case=cell.case,
        decision=cell.decision,
        pairs=tuple(cell.pairs),
        steps=cell.steps,
        settled=cell.settled,
        memory=_largest(cell.memory),
        differences=cell.differences,
        failure=cell.failure,
    )


def _largest(found: Sequence[tuple[Memory, Memory]]) -> tuple[Memory, Memory] | None:
    """Of all visits, each side for itself."""
    if not found:
        return None
    baseline, candidate = ([peaks[side] for peaks in found] for side in (0, 1))
    return _peak(baseline), _peak(candidate)


def _peak(found: Sequence[Memory]) -> Memory:
    """The largest of each kind; None if one of them is not known."""
    rss = [memory.peak_rss_bytes for memory in found if memory.peak_rss_bytes is not None]
    cuda = [memory.peak_cuda_bytes for memory in found if memory.peak_cuda_bytes is not None]
    return Memory(
        peak_rss_bytes=max(rss) if len(rss) == len(found) else None,
        peak_cuda_bytes=max(cuda) if len(cuda) == len(found) else None,
    )
