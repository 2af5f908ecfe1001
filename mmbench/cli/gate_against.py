"""`mmbench gate --against`: baseline and candidate timed in turn, and what that comes to.

Speed and peak memory alone are judged here; quality is the affair of stored mode, which compares
the records of two runs.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmbench.cli.console import note
from mmbench.errors import NotComparable, PlanError

if TYPE_CHECKING:
    from mmbench.cards import GateThresholds, Suite
    from mmbench.catalog import Catalog
    from mmbench.compare.gate import GateReport
    from mmbench.speed_record import SpeedCase

SUITE = "gate"
NEWS_SECONDS = 15.0  # between two lines of progress where nobody sees them rewritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What is asked for. against: see `speed.worktree`. suite: its bench blocks are timed, and its
    thresholds hold, or `thresholds` in their place. init: random times models of a hub with no
    download."""

    against: str
    suite: str = SUITE
    cards: tuple[Path, ...] = ()
    device: str = "auto"
    init: Literal["pretrained", "random"] = "pretrained"
    budget_minutes: float = 10.0
    thresholds: "GateThresholds | None" = None


def paired_report(asked: Against) -> "GateReport":
    """Time every case of the suite against the baseline.

    PlanError where there is nothing to time, or no such baseline; ArmError where a side dies, hangs
    or fails. A baseline that lives but cannot be compared is a finding: cannot tell, and why.
    """
    from mmbench.catalog import Catalog

    catalog = Catalog.standard(asked.cards)
    suite = catalog.suite(asked.suite)
    cases = cases_of(suite, catalog, asked)

    from mmbench.compare.paired import PairedRule
    from mmbench.speed.findings import not_comparable, rate_threshold, report_of
    from mmbench.speed.paired import Programs
    from mmbench.speed.session import Conditions, time_paired
    from mmbench.speed.worktree import baseline, candidate
    from mmbench.train.device import choose_device

    allowed = suite.gate if asked.thresholds is None else asked.thresholds
    threshold = rate_threshold(allowed, cases, choose_device(asked.device).type)
    conditions = Conditions(
        device=asked.device,
        rule=PairedRule(threshold=threshold),
        budget_seconds=60 * asked.budget_minutes,
    )
    name, ours = f"baseline {asked.against}", candidate()
    try:
        with baseline(asked.against) as theirs, Progress() as progress:
            name = theirs.name
            programs = Programs(baseline=theirs, candidate=ours)
            cells = time_paired(cases, programs, conditions, progress)
    except NotComparable as error:
        return not_comparable(cases, threshold, str(error), baseline=name, candidate=ours.name)
    return report_of(cells, allowed, threshold, baseline=name, candidate=ours.name)


def cases_of(suite: "Suite", catalog: "Catalog", asked: Against) -> "list[SpeedCase]":
    """The cases of the suite's bench blocks. PlanError if it has none, or one whose size is that of
    the device: both sides must do the same work."""
    from mmbench.cards.random import as_random
    from mmbench.speed.order import Timing, orders_of

    timing = Timing(init=asked.init, device=asked.device, seconds=1.0, price_per_hour=None)
    orders = orders_of(suite.bench, catalog, timing)
    if not orders:
        raise PlanError(
            f"suite {suite.name} has no bench block, so --against has nothing to time; "
            f"take suite {SUITE}, or add bench: to the suite's card"
        )
    largest = [order.name for order in orders if order.largest]
    if largest:
        raise PlanError(f"{largest[0]}: --against needs a batch size, max is none; give a number")
    if asked.init == "pretrained":
        return [order.case for order in orders]
    return [replace(order.case, model=as_random(order.case.model)) for order in orders]


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
