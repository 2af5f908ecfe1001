"""Is one cell better than another? By what both answered to the same examples, seed by seed.

One seed each: as `quality.evidence` has it, the exact McNemar test for shares of right answers over
independent examples, else the paired bootstrap over examples or their groups. Several seeds: the
bootstrap tells how far the mean difference moves with another draw of examples; the spread of the
seeds' differences is added, and a t test with Satterthwaite's degrees of freedom decides, as for
the intervals in `seeds`. All p are two-sided, and Holm counts all pairs of the cells: which one is
the best is seen in the same data, so that testing it against the others is looking at every pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from mmbench.compare.cells import Cell
from mmbench.compare.gate import Reason
from mmbench.compare.seeds import satterthwaite
from mmbench.errors import StoreError
from mmbench.metrics.table import Metric, metric
from mmbench.records import Record
from mmbench.store import Stored

if TYPE_CHECKING:
    from mmbench.compare.answered import Answers
    from mmbench.compare.quality import Evidence, Seed
    from mmbench.compare.remembered import Remembered

ALPHA = 0.05  # of any false claim on one task
MOST = (
    12  # cells that are tested against the best of a task; each costs some seconds of a bootstrap
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """How much worse the second of two cells is, on the metric's scale of change; below 0 it is
    better. p: two-sided. count: of the examples, or of their groups. of_seeds: the share of the
    variance of the difference that is the seeds' rather than the examples'."""

    drop: float
    p: float
    count: int
    of_seeds: float = 0.0


StoredOf = Callable[[Record], Stored]
Test = Callable[[Cell, Cell, str], Against | None]
"""The second cell against the first on a split, as `against` has it."""


def shown(told: Sequence[Against | None]) -> list[bool]:
    """Of which Holm over all that were tested rejects that there is no difference."""
    from mmbench.compare.signed_rank import holm

    tested = [found.p for found in told if found is not None]
    rejected = iter(holm(tested, ALPHA) if tested else [])
    return [found is not None and next(rejected) for found in told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """The best cell against another one. drop: how much worse the other is, on the metric's scale
    of change. p: two-sided, before Holm. worse: Holm over all pairs of the cells rejects."""

    cell: Cell
    drop: float
    p: float
    count: int
    worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """found: the best cell against others. unread: why answers that had been kept are none now."""

    found: tuple[Versus, ...] = ()
    unread: tuple[str, ...] = ()


def versus_best(
    leaders: Sequence[Cell],
    split: str,
    stored_of: StoredOf,
    remembered: "Remembered | None" = None,
) -> Contest:
    """The first cell against each of the others whose answers to the same examples are there, with
    the same seeds; others are left out."""
    if len(leaders) < 2:
        return Contest()
    from mmbench.compare.signed_rank import holm

    best, found, unread = leaders[0], [], []
    for cell in leaders[1 : 1 + MOST]:
        try:
            told = against(best, cell, split, stored_of, remembered)
        except StoreError as error:
            unread.append(str(error))
            continue
        if told is not None:
            found.append((cell, told))
    pairs = len(found) * (len(found) + 1) // 2
    rejected = holm([told.p for _, told in found], ALPHA, family=pairs) if found else []
    return Contest(
        found=tuple(
            Versus(
                cell=cell,
                drop=told.drop,
                p=told.p,
                count=told.count,
                worse=bool(worse) and told.drop > 0,
            )
            for (cell, told), worse in zip(found, rejected, strict=True)
        ),
        unread=tuple(dict.fromkeys(unread)),
    )


def against(
    best: Cell,
    other: Cell,
    split: str,
    stored_of: StoredOf,
    remembered: "Remembered | None" = None,
) -> Against | None:
    """By the task's primary metric. None where the same examples were not answered with the same
    seeds, where the answers were not kept, or where of them nothing can be shown. StoreError for
    answers that changed since their record was written."""
    if best.seeds != other.seeds:
        return None
    pairs = [
        (stored_of(first), stored_of(second))
        for first, second in zip(best.records, other.records, strict=True)
    ]
    from mmbench.compare.predictions import FILE, has_predictions

    if not all(has_predictions(stored) for pair in pairs for stored in pair):
        return None
    if remembered is None:
        return _against(pairs, split)

    def work_out() -> dict[str, float] | None:
        told = _against(pairs, split)
        return None if told is None else asdict(told)

    trial = best.records[0].trial
    answers = [
        [stored.record.artefacts[FILE].sha256, list(stored.record.labels), _groups(stored, split)]
        for pair in pairs
        for stored in pair
    ]
    found = remembered.once([trial.task.primary, trial.task_behaviour, split, answers], work_out)
    if found is None:
        return None
    return Against(
        drop=found["drop"], p=found["p"], count=int(found["count"]), of_seeds=found["of_seeds"]
    )


def _groups(stored: Stored, split: str) -> bool:
    from mmbench.compare.quality import has_groups

    return has_groups(stored.record, split)


def _against(pairs: "Sequence[Seed]", split: str) -> Against | None:
    from mmbench.compare.quality import Evidence, evidence, has_groups, paired_answers, unfit

    first, _ = pairs[0]
    row = metric(first.record.trial.task.primary)
    try:
        known = paired_answers(pairs, split)
        if isinstance(known, Reason):
            return None
        if not any(found.moved(row.name) for found in known):
            return Against(drop=0.0, p=1.0, count=len(known[0]))
        if unfit(row, known, grouped=has_groups(first.record, split)) is not None:
            return None
        told = evidence(row, known)
    except StoreError:  # a file that changed since: not "nothing can be shown"
        raise
    except ValueError:  # a file of another version, or answers that are not finite
        return None
    if not isinstance(told, Evidence):
        return None
    if len(known) == 1:
        return Against(drop=told.drop, p=min(1.0, 2 * _tail(told, known, row)), count=told.count)
    p, of_seeds = _over_seeds(told, known, row)
    return Against(drop=told.drop, p=p, count=told.count, of_seeds=of_seeds)


def _tail(told: "Evidence", seeds: "Sequence[Answers]", row: Metric) -> float:
    """P of no difference, on the side on which the difference lies."""
    from mmbench.compare.quality import Evidence, evidence

    if told.drop >= 0:
        return told.p
    turned = [replace(one, baseline=one.candidate, candidate=one.baseline) for one in seeds]
    other = evidence(row, turned)
    return other.p if isinstance(other, Evidence) else 1.0


def _over_seeds(told: "Evidence", seeds: "Sequence[Answers]", row: Metric) -> tuple[float, float]:
    """Two-sided p of the mean difference, with the variance of examples and of seeds; and the
    seeds' share of that."""
    import numpy as np
    from scipy import stats

    from mmbench.compare.quality import ALPHA as BOUND
    from mmbench.compare.quality import drop_of

    each = [drop for one in seeds if (drop := drop_of(row, [one])) is not None]
    if len(each) < len(seeds):
        return 1.0, 0.0  # of a seed nothing can be said
    of_examples = ((told.high - told.low) / (2 * NormalDist().inv_cdf(1 - BOUND))) ** 2
    of_seeds = float(np.var(each, ddof=1)) / len(each)
    total = of_examples + of_seeds
    if not total:
        return 1.0, 0.0
    freedom = satterthwaite(of_examples, of_seeds, len(each), told.count)
    p = float(2 * stats.t.sf(abs(told.drop) / total**0.5, freedom))
    return p, of_seeds / total
