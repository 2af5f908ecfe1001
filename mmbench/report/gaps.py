"""Gaps between splits: what a shift costs, and how much better a model is on what it trained on."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmbench.compare.cells import Cell, Estimate
from mmbench.compare.checks import goodness
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Details,
    Heading,
    Paragraph,
)
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.folding import folded
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, difference_with_interval, score_with_interval
from mmbench.report.words import (
    cell_name,
    lead,
    lead_columns,
    listed_phrases,
    metric_name,
    split_name,
)

MOST_NAMED = 3
TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How much better a cell is on one split than on another, in its metric, higher is better.

    low, high: 95 %, by the squares of the distances of both intervals (MOVER: Zou and Donner 2008,
    doi:10.1002/sim.3095), which takes the splits as independent; None where one has no interval.
    """

    task: TaskFindings
    cell: Cell
    value: float
    low: float | None
    high: float | None

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def gap(
    task: TaskFindings, cell: Cell, better: Estimate | None, other: Estimate | None
) -> Gap | None:
    """better − other, turned so that a plus says that the first is better. None without both."""
    if better is None or other is None:
        return None
    first, second = _turned(better, task.primary), _turned(other, task.primary)
    value, ends = first[0] - second[0], (*first[1:], *second[1:])
    if any(math.isinf(end) for end in ends):
        return Gap(task=task, cell=cell, value=value, low=None, high=None)
    down = math.hypot(first[0] - first[1], second[2] - second[0])
    up = math.hypot(first[2] - first[0], second[0] - second[1])
    return Gap(task=task, cell=cell, value=value, low=value - down, high=value + up)


def _turned(estimate: Estimate, name: str) -> tuple[float, float, float]:
    """The value, the least and the most, higher is better; infinite where not known."""
    value = goodness(estimate.value, name)
    if estimate.low is None or estimate.high is None:
        return value, -math.inf, math.inf
    least, most = sorted((goodness(estimate.low, name), goodness(estimate.high, name)))
    return value, min(least, value), max(most, value)


def gaps(findings: Findings, say: Messages) -> list[Block]:
    """One sentence for each kind of gap, the table folded; nothing where no cell has two splits."""
    shifts = sorted({s for task in findings.tasks for s in task.tests if s != task.main})
    kinds: dict[str, Callable[[TaskFindings, Cell], Gap | None]] = {
        **{split: _shift(split) for split in shifts},
        TRAIN: _over_fitting,
    }
    found = {
        (kind, cell.identity): one
        for kind, of in kinds.items()
        for task in findings.tasks
        for cell in task.cells
        if (one := of(task, cell)) is not None
    }
    if not found:
        return []
    shown = [kind for kind in kinds if any(key[0] == kind for key in found)]
    items = [_sentence(kind, found, findings, say) for kind in shown]
    return [
        Heading(level=2, text=say("gaps.heading")),
        BulletList(items=tuple(items)),
        _table(shown, found, findings, say),
    ]


def _shift(split: str) -> Callable[[TaskFindings, Cell], Gap | None]:
    """What is lost on the split, against the main test split: minus is a loss."""

    def of(task: TaskFindings, cell: Cell) -> Gap | None:
        if task.main is None or split == task.main:
            return None
        name = task.primary
        return gap(task, cell, cell.outcome(split, name), cell.outcome(task.main, name))

    return of


def _over_fitting(task: TaskFindings, cell: Cell) -> Gap | None:
    """How much better it is on the training split than on validation."""
    name = task.primary
    if cell.recipe.strategy == "zero_shot":
        return None  # nothing was fitted
    return gap(task, cell, cell.outcome(TRAIN, name), cell.outcome(VALIDATION, name))


def _sentence(
    kind: str, found: dict[tuple[str, str], Gap], findings: Findings, say: Messages
) -> str:
    """How many cells have the gap clearly, and where it is widest, for its metric's own scale."""
    these = [one for key, one in found.items() if key[0] == kind]
    sign = 1 if kind == TRAIN else -1
    clear = [one for one in these if one.clear and sign * one.value > 0]
    key = "over_fitting" if kind == TRAIN else "shift"
    values = {} if kind == TRAIN else {"split": split_name(kind, say)}
    text = say(f"gaps.{key}", clear=len(clear), total=len(these), **values)
    # points and ranks are on no common scale; how far they are from chance is
    clear.sort(key=lambda one: (-_width(one), one.task.title, one.cell.model.name))
    if clear:
        named = [_named(one, findings, say) for one in clear]
        text += say("gaps.widest", cells=listed_phrases(named, say, most=MOST_NAMED))
    if kind != TRAIN:
        others = sum(one.clear and one.value > 0 for one in these)
        text += say("gaps.gains", count=others) if others else ""
    return text


def _width(one: Gap) -> float:
    """The gap over its interval's half-width: how far it is from chance."""
    if one.low is None or one.high is None:
        return 0.0
    return abs(one.value) / ((one.high - one.low) / 2 or math.inf)


def _named(one: Gap, findings: Findings, say: Messages) -> str:
    return say(
        "gaps.named",
        task=one.task.title,
        cell=cell_name(one.cell, findings, say),
        value=_text(one),
    )


def _text(one: Gap | None) -> str:
    if one is None:
        return MISSING
    return difference_with_interval(one.value, one.low, one.high, one.task.primary)


def _table(
    kinds: Sequence[str], found: dict[tuple[str, str], Gap], findings: Findings, say: Messages
) -> Details:
    headers = [
        say("gaps.train") if kind == TRAIN else say("gaps.split", split=split_name(kind, say))
        for kind in kinds
    ]
    columns = (
        Column(header=say("column.task")),
        *lead_columns(findings, say),
        Column(header=say("gaps.metric")),
        Column(header=say("gaps.main"), align="right"),
        *(Column(header=header, align="right") for header in headers),
    )
    rows = [
        _row(kinds, found, task, cell, findings, say)
        for task in findings.tasks
        for cell in task.cells
        if any((kind, cell.identity) in found for kind in kinds)
    ]
    return folded(
        say("gaps.summary"), columns, rows, say, before=(Paragraph(text=say("gaps.how")),)
    )


def _row(
    kinds: Sequence[str],
    found: dict[tuple[str, str], Gap],
    task: TaskFindings,
    cell: Cell,
    findings: Findings,
    say: Messages,
) -> tuple[str, ...]:
    main = None if task.main is None else cell.outcome(task.main, task.primary)
    return (
        task.title,
        *lead(cell, findings, say),
        metric_name(task.primary, say),
        score_with_interval(main, task.primary),
        *(_text(found.get((kind, cell.identity))) for kind in kinds),
    )
