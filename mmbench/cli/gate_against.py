"""`mmbench gate --against`: baseline and candidate timed in turn, and what that comes to.

Speed and peak memory alone are judged here; quality is the affair of stored mode, which compares
the records of two runs.
"""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal

from mmbench.cli.console import note
from mmbench.cli.places import check_used, tell_elsewhere
from mmbench.errors import NotComparable, PlanError

if TYPE_CHECKING:
    from mmbench.cards import GateThresholds, ModelCard, Places, Suite
    from mmbench.catalog import Catalog
    from mmbench.compare.gate import GateReport
    from mmbench.speed_record import SpeedCase

SUITE = "gate"
NEWS_SECONDS = 15.0  # between two lines of progress where nobody sees them rewritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What is asked for. against: see `speed.worktree`. suite: its bench blocks are timed, and its
    thresholds hold, or `thresholds` in their place. init: random times models of a hub with random
    weights, and so with no download; the others as they are. places: where the cards' files are
    read, if not where they say."""

    against: str
    suite: str = SUITE
    cards: tuple[Path, ...] = ()
    device: str = "auto"
    init: Literal["pretrained", "random"] = "pretrained"
    budget_minutes: float = 10.0
    thresholds: "GateThresholds | None" = None
    places: "Places | None" = None


def paired_report(asked: Against) -> "GateReport":
    """Time every case of the suite against the baseline.

    PlanError where there is nothing to time, or no such baseline. A case in which a side dies,
    hangs or fails is a finding, an error; one that cannot be compared is one too: cannot tell.
    """
    from mmbench.catalog import Catalog

    catalog = Catalog.standard(asked.cards, places=asked.places)
    suite = catalog.suite(asked.suite)
    cases, left_out = cases_of(suite, catalog, asked)

    from mmbench.compare.paired import PairedRule
    from mmbench.speed.findings import not_comparable, rate_threshold, report_of
    from mmbench.speed.paired import Programs
    from mmbench.speed.session import Conditions, time_paired
    from mmbench.speed.worktree import baseline, candidate
    from mmbench.train.device import choose_device

    allowed = suite.gate if asked.thresholds is None else asked.thresholds
    device = choose_device(asked.device)  # once: both sides get the same
    threshold = rate_threshold(allowed, cases, device.type)
    conditions = Conditions(
        device=str(device),
        rule=PairedRule(threshold=threshold),
        budget_seconds=60 * asked.budget_minutes,
    )
    name, ours = f"baseline {asked.against}", candidate()
    try:
        with unwound_by_sigterm(), baseline(asked.against) as theirs, Progress() as progress:
            name = theirs.name
            programs = Programs(baseline=theirs, candidate=ours)
            cells = time_paired(cases, programs, conditions, progress)
    except NotComparable as error:
        return not_comparable(cases, threshold, str(error), baseline=name, candidate=ours.name)
    report = report_of(cells, allowed, threshold, baseline=name, candidate=ours.name)
    return replace(report, notes=(*report.notes, *left_out))


@contextmanager
def unwound_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the process as an error does, with status 143: the baseline's tree and both
    sides go first. A second one does not cut that short."""

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def cases_of(
    suite: "Suite", catalog: "Catalog", asked: Against
) -> "tuple[list[SpeedCase], tuple[str, ...]]":
    """The cases of the suite's bench blocks, and a sentence on each that is left out: where the
    batch is the largest that fits, the two sides might do different work. PlanError if none stays.
    """
    from mmbench.cards.random import as_random
    from mmbench.speed.order import Timing, orders_of

    timing = Timing(init=asked.init, device=asked.device, seconds=1.0, price_per_hour=None)
    orders = orders_of(suite.bench, catalog, timing)
    if asked.places is not None:
        models = [order.case.model for order in orders]
        check_used(asked.places, models, suite.name)
        tell_elsewhere(asked.places.hub, models)
    cases = [order.case for order in orders if not order.largest]
    if not cases:
        raise PlanError(
            f"suite {suite.name} has no bench block of a given batch size, so --against has "
            f"nothing to time; take suite {SUITE}, or add bench: to the suite's card"
        )
    if asked.init == "random":
        cases = [
            replace(case, model=as_random(case.model)) if downloads(case.model) else case
            for case in cases
        ]
    left_out = tuple(
        f"{order.name} was left out: both sides must do the same work, and its batch is as large "
        "as fits"
        for order in orders
        if order.largest
    )
    for sentence in left_out:
        note(sentence)
    return cases, left_out


def downloads(card: "ModelCard") -> bool:
    """Whether its files come from a hub; of a pair, those of one side at least. The others are at
    hand, and are timed as they are."""
    return card.source.via in ("hub", "modelscope") or any(
        downloads(part) for part in card.parts.values()
    )


class Progress:
    """On standard error: the case, its pairs so far, and the median ratio of their times.

    Rewritten in place on a terminal; elsewhere a line now and then.
    """

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._told = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def visiting(self, case: "SpeedCase", look: int) -> None:
        self._clear()
        again = "" if look == 0 else " again, for it is undecided"
        note(f"{case.name}: starting both sides{again} …")
        self._told = time.monotonic()

    def paired(self, case: "SpeedCase", pairs: Sequence[tuple[float, float]], wanted: int) -> None:
        from statistics import median

        ratio = median(candidate / baseline for baseline, candidate in pairs)
        line = f"{case.name}: {len(pairs)} of {wanted} pairs, candidate / baseline {ratio:.3f}"
        if self._rewrites:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif len(pairs) == wanted or time.monotonic() - self._told >= NEWS_SECONDS:
            note(line)
            self._told = time.monotonic()

    def _clear(self) -> None:
        if self._rewrites:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
