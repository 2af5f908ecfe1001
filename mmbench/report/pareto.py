"""Quality against speed, latency and memory, with the Pareto fronts marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmbench.compare.cells import Cell
from mmbench.compare.checks import goodness
from mmbench.report.document import (
    Block,
    Column,
    Details,
    Heading,
    Paragraph,
)
from mmbench.report.figure_pareto import figure_pareto
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.folding import folded
from mmbench.report.i18n import Messages
from mmbench.report.limits import latency_ms, memory_bytes, samples_per_second
from mmbench.report.numbers import MISSING, amount, score_with_interval, size
from mmbench.report.words import lead, lead_columns, listed, metric_with_unit

LEAST = 2  # cells of a task on one setup; below, there is nothing to weigh


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A quantity that quality is weighed against. better: 1 if more of it is better, -1 if less."""

    name: str
    value: Callable[[Cell], float | None]
    better: int
    text: Callable[[float | None], str]


AXES = (
    Axis(name="rate", value=samples_per_second, better=1, text=amount),
    Axis(name="latency", value=latency_ms, better=-1, text=amount),
    Axis(name="memory", value=memory_bytes, better=-1, text=size),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The cells of one task on one setup.

    fronts: axis → the identities of the cells on its front; an axis that no two cells were measured
    on is absent.
    """

    task: TaskFindings
    setup: str
    cells: tuple[Cell, ...]
    fronts: dict[str, frozenset[str]]


def front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """[N] of points of which more is better in both: whether no other is as good in both and
    better in one. Equal points stand or fall together."""
    best: float | None = None
    found = [False] * len(points)
    order = sorted(range(len(points)), key=lambda place: points[place], reverse=True)
    start = 0
    while start < len(order):  # all with the same first coordinate, at once
        stop = start
        while stop < len(order) and points[order[stop]][0] == points[order[start]][0]:
            stop += 1
        most = points[order[start]][1]
        if best is None or most > best:
            for place in order[start:stop]:
                found[place] = points[place][1] == most
            best = most
        start = stop
    return found


def fields_of(findings: Findings) -> list[Field]:
    """What can be weighed: at least two cells with a score and a measurement."""
    found = []
    for task in findings.tasks:
        for setup in findings.setups:
            cells = [
                cell
                for cell in task.cells
                if cell.setup == setup.key and quality_of(task, cell) is not None
            ]
            fronts = {axis.name: _front(task, cells, axis) for axis in AXES}
            known = {name: those for name, those in fronts.items() if those}
            if known:
                found.append(Field(task=task, setup=setup.key, cells=tuple(cells), fronts=known))
    return found


def _front(task: TaskFindings, cells: Sequence[Cell], axis: Axis) -> frozenset[str]:
    points = [
        (cell.identity, (quality, axis.better * value))
        for cell in cells
        if (quality := quality_of(task, cell)) is not None
        and (value := axis.value(cell)) is not None
    ]
    if len(points) < LEAST:
        return frozenset()
    on = front([point for _, point in points])
    return frozenset(key for (key, _), kept in zip(points, on, strict=True) if kept)


def quality_of(task: TaskFindings, cell: Cell) -> float | None:
    """The outcome on the main split, higher is better."""
    outcome = None if task.main is None else cell.outcome(task.main, task.primary)
    return None if outcome is None else goodness(outcome.value, task.primary)


def pareto(findings: Findings, say: Messages) -> list[Block]:
    """The figure, and the table folded; nothing where no two cells can be weighed."""
    fields = fields_of(findings)
    if not fields:
        return []
    return [
        Heading(level=2, text=say("pareto.heading")),
        Paragraph(text=say("pareto.how")),
        figure_pareto(fields, AXES, findings, say),
        _table(fields, findings, say),
    ]


def _table(fields: Sequence[Field], findings: Findings, say: Messages) -> Details:
    columns = (
        Column(header=say("column.task")),
        *lead_columns(findings, say),
        Column(header=say("gaps.main"), align="right"),
        *(Column(header=say(f"pareto.{axis.name}"), align="right") for axis in AXES),
        Column(header=say("pareto.front")),
    )
    rows = [_row(field, cell, findings, say) for field in fields for cell in field.cells]
    return folded(say("pareto.summary"), columns, rows, say)


def _row(field: Field, cell: Cell, findings: Findings, say: Messages) -> tuple[str, ...]:
    task = field.task
    assert task.main is not None, "a field holds cells with an outcome on the main split"
    on = [
        say(f"pareto.on_{name}") for name, those in field.fronts.items() if cell.identity in those
    ]
    return (
        say("pareto.task", task=task.title, metric=metric_with_unit(task.primary, say)),
        *lead(cell, findings, say),
        score_with_interval(cell.outcome(task.main, task.primary), task.primary),
        *(axis.text(axis.value(cell)) for axis in AXES),
        listed(on, say) or MISSING,
    )
