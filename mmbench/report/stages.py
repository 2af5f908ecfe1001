"""What came before the fine-tuning itself, stage by stage: before, after, and what it took."""

from mmbench.records import Record, StageFacts
from mmbench.report.document import Block, Column, Heading, Paragraph, Table
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text
from mmbench.report.numbers import MISSING, amount, loss, rate
from mmbench.report.words import marked, metric_name, score_text

LEFT = ("column.model", "column.task", "column.recipe", "column.seed", "stages.stage")
RIGHT = ("stages.rows", "stages.before", "stages.after", "stages.seconds")


def stages(findings: Findings, say: Messages) -> list[Block]:
    """One row a stage of every trial that had one; nothing where none had."""
    rows = tuple(
        _row(record, stage, say)
        for cell in findings.cells
        for record in cell.records
        for stage in record.stages
    )
    if not rows:
        return []
    columns = (
        *(Column(header=say(name)) for name in LEFT),
        *(Column(header=say(name), align="right") for name in RIGHT),
        Column(header=say("grid.remark")),
    )
    return [
        Heading(level=3, text=say("stages.heading")),
        Paragraph(text=say("stages.how")),
        Table(columns=columns, rows=rows),
    ]


def _row(record: Record, stage: StageFacts, say: Messages) -> tuple[str, ...]:
    trial = record.trial
    return (
        marked(trial.model, say),
        trial.task.name,
        trial.recipe.name,
        str(trial.seed),
        say(f"stages.{stage.name}"),
        f"{stage.samples:,}" if stage.samples else MISSING,
        MISSING if stage.loss_before is None else loss(stage.loss_before),
        _after(record, stage, say),
        amount(stage.seconds) if stage.seconds else MISSING,
        _remark(stage, say),
    )


def _after(record: Record, stage: StageFacts, say: Messages) -> str:
    """The loss of pre-training; of a probe what its best rate reached on validation."""
    if stage.loss_after is not None:
        return loss(stage.loss_after)
    chosen = next((point for point in stage.grid if point.chosen), None)
    if chosen is None:
        return MISSING
    name = record.trial.task.primary
    value = score_text(chosen.validation, name, say)
    return say("grid.score", value=value, metric=metric_name(name, say))


def _remark(stage: StageFacts, say: Messages) -> str:
    chosen = next((point for point in stage.grid if point.chosen), None)
    if chosen is not None:
        return say("stages.rate", rate=rate(chosen.learning_rate))
    return "" if stage.note is None else note_text(stage.note, say)
