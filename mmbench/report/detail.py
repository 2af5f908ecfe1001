"""What lies folded below a task's table: other metrics, every seed, every class."""

from collections.abc import Sequence

from mmbench.compare.cells import Cell
from mmbench.report.document import Column, Details, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, score, score_with_interval
from mmbench.report.words import (
    baseline_row,
    cell_name,
    label_name,
    lead,
    lead_columns,
    metric_name,
    metric_with_unit,
    split_name,
    stage_name,
)

MOST_CLASSES = 20
MOST_CELLS_BY_CLASS = 4


def other_metrics(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """The metrics that are not primary; those of retrieval have tables of their own."""
    others = task.cells[0].task.metrics[1:]
    if not others or task.kind.name == "retrieval":
        return None
    lead_ = lead_columns(findings, say)
    splits = tuple(Column(header=split_name(s, say), align="right") for s in task.splits)
    tables = []
    for name in others:
        baselines = [score_with_interval(task.baseline(s, name), name) for s in task.splits]
        rows = [baseline_row(task, baselines, findings, say)]
        for cell in task.cells:
            values = [score_with_interval(cell.outcome(s, name), name) for s in task.splits]
            rows.append((*lead(cell, findings, say), *values))
        caption = say(
            "quality.other_caption",
            metric=metric_with_unit(name, say, task.cells[0].task),
            stage=stage_name(task, say),
        )
        tables.append(Table(columns=lead_ + splits, rows=tuple(rows), caption=caption))
    return Details(
        summary=say(
            "quality.others",
            task=task.title,
            metrics=say("list.separator").join(metric_name(name, say) for name in others),
        ),
        blocks=tuple(tables),
    )


def seeds(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """The outcome of every seed on the main split, where a cell has several."""
    planned = sorted({seed for cell in task.cells for seed in (*cell.seeds, *cell.unfinished)})
    if task.main is None or len(planned) < 2:
        return None
    columns = tuple(Column(header=say("quality.seed", seed=s), align="right") for s in planned)
    rows = []
    for cell in task.cells:
        outcome = cell.outcome(task.main, task.primary)
        values = () if outcome is None else outcome.values
        reached = dict(zip(cell.seeds, values, strict=False))
        failed = dict.fromkeys(cell.unfinished, say("status.failed"))
        told = {seed: score(value, task.primary) for seed, value in reached.items()} | failed
        rows.append((*lead(cell, findings, say), *(told.get(s, MISSING) for s in planned)))
    table = Table(
        columns=lead_columns(findings, say) + columns,
        rows=tuple(rows),
        caption=say(
            "quality.seeds_caption",
            metric=metric_with_unit(task.primary, say, task.cells[0].task),
            split=split_name(task.main, say),
            stage=stage_name(task, say),
        ),
    )
    return Details(summary=say("quality.seeds", task=task.title), blocks=(table,))


def classes(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """F1 by class, of tagging by type of entity, on the main split for the cells that lead; the
    hardest first."""
    shown = (task.verdict.leaders if task.verdict else ())[:MOST_CELLS_BY_CLASS]
    scores = [_f1_by_class(cell, task.main) for cell in shown]
    support = {
        c.label: c.support
        for cell in shown
        for r in cell.records
        for c in r.classes
        if c.split == task.main
    }
    if not support:
        return None
    hardest = sorted(
        support, key=lambda label: (sum(found.get(label, 0.0) for found in scores), label)
    )
    entities = task.kind.name == "tagging"
    columns = [
        Column(header=say("column.entity" if entities else "column.class")),
        Column(header=say("column.entities" if entities else "column.examples"), align="right"),
    ]
    columns += [Column(header=cell_name(cell, findings, say), align="right") for cell in shown]
    rows = [
        (
            label_name(label, task.cells[0].task, say),
            f"{support[label]:,}",
            *(score(found.get(label), "f1_macro") for found in scores),
        )
        for label in hardest[:MOST_CLASSES]
    ]
    key = "quality.classes" if len(hardest) <= MOST_CLASSES else "quality.hardest_classes"
    if entities:
        key = "quality.entities"
    summary = say(key, task=task.title, shown=len(rows), classes=len(hardest))
    return Details(summary=summary, blocks=(Table(columns=tuple(columns), rows=tuple(rows)),))


def _f1_by_class(cell: Cell, split: str | None) -> dict[str, float]:
    """Mean F1 over the seeds, by label."""
    values: dict[str, list[float]] = {}
    for record in cell.records:
        for found in record.classes:
            if found.split == split:
                values.setdefault(found.label, []).append(found.f1)
    return {label: sum(each) / len(each) for label, each in values.items()}


def interval_methods(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """Metric → the ways its intervals were computed, as the records name them."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        for record in cell.records:
            for item in record.scores:
                if item.interval is not None and item.interval not in found.get(item.metric, []):
                    found.setdefault(item.metric, []).append(item.interval)
    return found
