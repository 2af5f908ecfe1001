"""Several targets at once: the scores of each by itself."""

from mmbench.compare.cells import Cell, Estimate
from mmbench.report.document import Block, Column, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import score_with_interval
from mmbench.report.words import (
    baseline_row,
    lead,
    lead_columns,
    metric_with_unit,
    split_name,
    stage_name,
)

METRICS = ("accuracy", "f1_macro")


def parts(task: TaskFindings, findings: Findings, say: Messages) -> list[Block]:
    """A table for each test split; nothing for other kinds of task."""
    names = [(part, name) for part in task.cells[0].task.target.parts for name in METRICS]
    if not names:
        return []
    columns = (
        *lead_columns(findings, say),
        *(
            Column(
                header=say("parts.column", part=part, metric=metric_with_unit(name, say)),
                align="right",
            )
            for part, name in names
        ),
    )
    blocks: list[Block] = [Paragraph(text=say("parts.how", stage=stage_name(task, say)))]
    for split in task.tests:
        lowest = [
            score_with_interval(_baseline(task, part, split, name), name) for part, name in names
        ]
        rows = [baseline_row(task, lowest, findings, say)]
        for cell in task.cells:
            values = [_value(cell, part, split, name) for part, name in names]
            rows.append((*lead(cell, findings, say), *values))
        blocks.append(Table(columns=columns, rows=tuple(rows), caption=split_name(split, say)))
    return blocks


def _value(cell: Cell, part: str, split: str, name: str) -> str:
    return score_with_interval(cell.part(part, "after", split, name), name)


def _baseline(task: TaskFindings, part: str, split: str, name: str) -> Estimate | None:
    """It follows from the data, so any cell knows."""
    found = (cell.part(part, "majority", split, name) for cell in task.cells)
    return next(filter(None, found), None)
