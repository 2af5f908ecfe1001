"""What others published for these models, beside what was measured here."""

from dataclasses import dataclass

from mmbench.cards.model import Published
from mmbench.compare.cells import Cell, Estimate
from mmbench.report.document import Block, BulletList, Column, Heading, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import difference, score, score_with_interval
from mmbench.report.words import cell_name, metric_with_unit, split_name

ZERO_SHOT, PROBE, TUNED = "zero-shot", "linear probe", "fine-tuned"
"""How a card's `protocol` begins, by what was trained: only like stands beside like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A published value and ours of the same task, metric and kind of training."""

    task: TaskFindings
    cell: Cell
    published: Published
    ours: Estimate


def published(findings: Findings, say: Messages) -> list[Block]:
    """Nothing where no card has a value for a task that was run."""
    found = _found(findings)
    if not found:
        return []
    columns = (
        Column(header=say("column.task")),
        Column(header=say("ways.cell")),
        Column(header=say("gaps.metric")),
        Column(header=say("published.ours"), align="right"),
        Column(header=say("published.theirs"), align="right"),
        Column(header=say("compare.difference"), align="right"),
        Column(header=say("published.our_protocol")),
        Column(header=say("published.their_protocol")),
    )
    table = Table(columns=columns, rows=tuple(_row(beside, findings, say) for beside in found))
    sources = dict.fromkeys(
        say("published.source", model=b.cell.model.name, source=b.published.source) for b in found
    )
    return [
        Heading(level=2, text=say("published.heading")),
        Paragraph(text=say("published.how")),
        table,
        BulletList(items=tuple(sources)),
    ]


def _found(findings: Findings) -> list[Beside]:
    """Of a zero-shot value one row a model: every recipe starts from the same score."""
    found: dict[object, Beside] = {}
    for task in findings.tasks:
        for cell in task.cells:
            for place, value in enumerate(cell.model.published):
                beside = _beside(task, cell, value)
                trained = not value.protocol.startswith(ZERO_SHOT)
                key = (task.title, cell.model.name, place, cell.identity if trained else None)
                if beside is not None:
                    found.setdefault(key, beside)
    return list(found.values())


def _beside(task: TaskFindings, cell: Cell, value: Published) -> Beside | None:
    if task.main is None or value.task != cell.task.name or value.metric not in cell.task.metrics:
        return None
    trained = cell.recipe.strategy
    if value.protocol.startswith(ZERO_SHOT):
        ours = cell.score("before", task.main, value.metric)
    elif trained == "zero_shot" or value.protocol.startswith(PROBE) != (trained == "probe"):
        return None
    elif value.protocol.startswith((PROBE, TUNED)):
        ours = cell.outcome(task.main, value.metric)
    else:
        return None  # of no kind that is known here
    if ours is None:
        return None
    return Beside(task=task, cell=cell, published=value, ours=ours)


def _row(beside: Beside, findings: Findings, say: Messages) -> tuple[str, ...]:
    name = beside.published.metric
    return (
        beside.task.title,
        cell_name(beside.cell, findings, say),
        metric_with_unit(name, say, beside.cell.task),
        score_with_interval(beside.ours, name),
        score(beside.published.value, name),
        difference(beside.ours.value - beside.published.value, name),
        _our_protocol(beside, say),
        beside.published.protocol,
    )


def _our_protocol(beside: Beside, say: Messages) -> str:
    task, cell = beside.task, beside.cell
    assert task.main is not None, "asked for above"
    zero_shot = beside.published.protocol.startswith(ZERO_SHOT)
    strategy = ZERO_SHOT.replace("-", "_") if zero_shot else cell.recipe.strategy
    told = say(
        "published.protocol",
        strategy=strategy,
        split=split_name(task.main, say),
        examples=f"{beside.ours.count:,}" if beside.ours.count else "?",
        seeds=len(cell.seeds),
    )
    limit = task.basis.limit
    return told if limit is None else told + say("published.limited", limit=f"{limit:,}")
