"""What each input of a fused model is worth: its scores with either one taken away."""

from mmbench.cards import Side
from mmbench.report.document import Block, Column, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import score_with_interval
from mmbench.report.words import baseline_row, lead, lead_columns, metric_with_unit, split_name

SIDES: tuple[Side, Side] = ("image", "text")


def ablation(task: TaskFindings, findings: Findings, say: Messages) -> list[Block]:
    """A table for each test split with the fused models; nothing where there are none."""
    name = task.primary
    cells = [
        cell
        for cell in task.cells
        if any(cell.without(side, split, name) for side in SIDES for split in task.tests)
    ]
    if not cells:
        return []
    columns = (
        *lead_columns(findings, say),
        Column(header=say("ablation.both"), align="right"),
        *(
            Column(header=say("ablation.without", modality=say(f"modality.{side}")), align="right")
            for side in SIDES
        ),
    )
    blocks: list[Block] = [Paragraph(text=say("ablation.how"))]
    for split in task.tests:
        lowest = score_with_interval(task.baseline(split, name), name)
        rows = [baseline_row(task, [lowest] * 3, findings, say)]
        for cell in cells:
            found = [cell.outcome(split, name), *(cell.without(s, split, name) for s in SIDES)]
            rows.append(
                (*lead(cell, findings, say), *(score_with_interval(f, name) for f in found))
            )
        caption = say(
            "ablation.caption", metric=metric_with_unit(name, say), split=split_name(split, say)
        )
        blocks.append(Table(columns=columns, rows=tuple(rows), caption=caption))
    return blocks
