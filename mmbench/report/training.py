"""How training went: what every learning rate reached and cost, and the curves of the chosen."""

from mmbench.compare.cells import Cell
from mmbench.compare.checks import at_grid_edge
from mmbench.records import CurvePoint, GridPoint, Record
from mmbench.report.document import Block, Column, Details, Paragraph, Table
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, amount, loss, percent, rate
from mmbench.report.times import tuning_seconds
from mmbench.report.words import (
    lead,
    lead_columns,
    listed,
    listed_phrases,
    marked,
    metric_name,
    score_text,
    trial_names,
)

MOST_POINTS = 6  # of one curve; the record has all
IN_BATCH = "in_batch_accuracy"


def grid(findings: Findings, say: Messages) -> list[Block]:
    """Every learning rate of every trial; folded."""
    records = [r for cell in findings.cells for r in cell.records if len(r.grid) > 0]
    if not records:
        return []
    names = ("column.model", "column.task", "column.recipe", "column.seed")
    numbers = ("grid.rate", "grid.validation", "grid.best_step", "grid.seconds")
    columns = (
        *(Column(header=say(name)) for name in names),
        *(Column(header=say(name), align="right") for name in numbers),
        Column(header=say("grid.remark")),
    )
    rows = tuple(row for record in records for row in _grid_rows(record, say))
    blocks: list[Block] = [Paragraph(text=say("grid.how"))]
    blocks.append(Table(columns=columns, rows=rows))
    edges = trial_names([r for r in records if at_grid_edge(r)], findings, say)
    if edges:
        blocks.append(Paragraph(text=say("grid.edge", trials=listed_phrases(edges, say, most=8))))
    spent = sum(tuning_seconds(record) or 0.0 for record in records)
    summary = say("grid.summary", seconds=amount(spent))
    return [Details(summary=summary, blocks=tuple(blocks))]


def _grid_rows(record: Record, say: Messages) -> list[tuple[str, ...]]:
    trial, name = record.trial, record.trial.task.primary
    rows: list[tuple[str, ...]] = []
    for point in record.grid:
        told = (
            ("grid.chosen", point.chosen),
            ("grid.stopped", point.stopped_early),
            ("grid.diverged", point.diverged is not None),
        )
        remarks = [say(key) for key, true in told if true]
        value = score_text(point.validation, name, say)
        score = say("grid.score", value=value, metric=metric_name(name, say))
        rows.append(
            (
                marked(trial.model, say),
                trial.task.name,
                trial.recipe.name,
                str(trial.seed),
                rate(point.learning_rate),
                MISSING if point.diverged else score,
                MISSING if point.diverged else f"{point.best_step} / {point.steps}",
                amount(point.seconds),
                listed(remarks, say),
            )
        )
    return rows


# ------------------------------------------------------------------------------ curves


def curves(findings: Findings, say: Messages) -> list[Block]:
    """A few validations of each cell's first seed, with what was measured within batches."""
    cells = [(task.title, cell) for task in findings.tasks for cell in task.cells]
    found = [(title, cell, point) for title, cell in cells for point in _some(cell.records[0])]
    if not found:
        return []
    in_batch = any(IN_BATCH in point.in_batch for _, _, point in found)
    numbers = ["grid.rate", "curve.step", "curve.epoch", "curve.train_loss"]
    numbers += ["curve.validation_loss", "grid.validation"]
    numbers += ["curve.in_batch"] if in_batch else []
    columns = (
        Column(header=say("column.task")),
        *lead_columns(findings, say),
        *(Column(header=say(name), align="right") for name in numbers),
        Column(header=say("grid.remark")),
    )
    rows = []
    for title, cell, point in found:
        facts = _point(point, cell, say)
        told = [facts[name] for name in (*numbers, "grid.remark")]
        rows.append((title, *lead(cell, findings, say), *told))
    blocks: list[Block] = [Paragraph(text=say("curve.how", most=MOST_POINTS))]
    if in_batch:
        blocks.append(Paragraph(text=say("curve.in_batch_how")))
    blocks.append(Table(columns=columns, rows=tuple(rows)))
    return [Details(summary=say("curve.summary"), blocks=tuple(blocks))]


def _some(record: Record) -> list[CurvePoint]:
    """Of the learning rate that was kept: the best validation, and others at even distances from
    the first to the last."""
    chosen, points = _chosen(record), chosen_curve(record)
    if chosen is None or len(points) <= MOST_POINTS:
        return points
    others = MOST_POINTS - 1  # one place is for the best
    places = {round(i * (len(points) - 1) / (others - 1)) for i in range(others)}
    return [p for i, p in enumerate(points) if i in places or p.step == chosen.best_step]


def chosen_curve(record: Record) -> list[CurvePoint]:
    """Every validation of the learning rate that was kept; nothing where none was trained."""
    chosen = _chosen(record)
    if chosen is None:
        return []
    return [p for p in record.curve if p.learning_rate == chosen.learning_rate]


def _batch_size(record: Record) -> int:
    """The recipe's, or all training rows where these are fewer."""
    rows = [facts.examples for facts in record.data if facts.split == "train"]
    return min([record.trial.trained.batch_size, *rows])


def _chosen(record: Record) -> GridPoint | None:
    return next((point for point in record.grid if point.chosen), None)


def _point(point: CurvePoint, cell: Cell, say: Messages) -> dict[str, str]:
    """One validation by column. What was measured within a batch names the size of the batch."""
    chosen, name = _chosen(cell.records[0]), cell.task.primary
    value = score_text(point.validation.get(name), name, say)
    share = point.in_batch.get(IN_BATCH)
    size = f"{_batch_size(cell.records[0]):,}"
    best = chosen is not None and point.step == chosen.best_step
    return {
        "grid.rate": rate(point.learning_rate),
        "curve.step": f"{point.step:,}",
        "curve.epoch": amount(point.epoch),
        "curve.train_loss": MISSING if point.train_loss is None else loss(point.train_loss),
        "curve.validation_loss": loss(point.validation_loss),
        "grid.validation": say("grid.score", value=value, metric=metric_name(name, say)),
        "curve.in_batch": (
            MISSING if share is None else say("curve.in_batch_of", share=percent(share), size=size)
        ),
        "grid.remark": say("curve.best") if best else "",
    }
