"""Where the best model of each task goes wrong: what it takes for what, and on which inputs."""

from functools import partial
from typing import TYPE_CHECKING

from mmbench.report.document import Block, Column, Details, Heading, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import percent
from mmbench.report.shown import MOST_SHOWN, Shown, gallery, of_best, seen, unread
from mmbench.report.words import cell_name, split_name
from mmbench.report.worst import worst_examples

if TYPE_CHECKING:
    from mmbench.compare.mistakes import Mistakes

MOST_CONFUSIONS = 10
MATRIX_UP_TO = 10  # classes: a wider matrix cannot be read


def mistakes(findings: Findings, say: Messages, *, inputs: bool) -> list[Block]:
    """A folded part a task; nothing where no trial kept its answers. inputs: whether those of
    single examples may be shown."""
    parts = [
        part
        for task in findings.tasks
        if (part := _of_classes(task, findings, say, inputs=inputs)) is not None
        or (part := worst_examples(task, findings, say, inputs=inputs)) is not None
    ]
    if not parts:
        return []
    heading = Heading(level=2, text=say("mistakes.heading"))
    return [heading, Paragraph(text=say("mistakes.how")), *parts]


def _of_classes(
    task: TaskFindings, findings: Findings, say: Messages, *, inputs: bool
) -> Details | None:
    from mmbench.compare.mistakes import mistakes as of_trial

    found = of_best(task, findings, partial(of_trial, most=MOST_SHOWN))
    if found is None or task.main is None or not found[1].wrong:
        return None
    cell, wrong = found
    values = {"wrong": f"{wrong.wrong:,}", "examples": f"{sum(map(sum, wrong.counts)):,}"}
    told = say(
        "mistakes.told",
        cell=cell_name(cell, findings, say),
        seed=cell.seeds[0],
        split=split_name(task.main, say),
        **values,
    )
    table = _matrix if len(wrong.labels) <= MATRIX_UP_TO else _confusions
    ids = [each.id for each in wrong.surest]
    read = seen(task, cell, ids, findings, inputs=inputs)
    taken = [
        (each.id, say("mistakes.arrow", target=each.target, answer=each.predicted))
        for each in wrong.surest
    ]
    blocks = (
        Paragraph(text=told),
        table(wrong, say),
        _surest(wrong, read, say),
        *gallery(taken, read),
        *unread(read, say),
    )
    return Details(summary=say("mistakes.summary", task=task.title), blocks=blocks)


def _matrix(wrong: "Mistakes", say: Messages) -> Table:
    columns = (
        Column(header=say("mistakes.matrix")),
        *(Column(header=label, align="right") for label in wrong.labels),
    )
    rows = tuple(
        (label, *(f"{count:,}" for count in row))
        for label, row in zip(wrong.labels, wrong.counts, strict=True)
    )
    return Table(columns=columns, rows=rows, caption=say("mistakes.matrix_caption"))


def _confusions(wrong: "Mistakes", say: Messages) -> Table:
    columns = (
        Column(header=say("mistakes.target")),
        Column(header=say("mistakes.taken_for")),
        Column(header=say("mistakes.count"), align="right"),
        Column(header=say("mistakes.share"), align="right"),
    )
    rows = tuple(
        (target, predicted, f"{count:,}", percent(share))
        for target, predicted, count, share in wrong.confusions()[:MOST_CONFUSIONS]
    )
    return Table(columns=columns, rows=rows, caption=say("mistakes.confusions_caption"))


def _surest(wrong: "Mistakes", read: Shown, say: Messages) -> Table:
    columns = (
        Column(header=say("mistakes.example")),
        *((Column(header=say("mistakes.input")),) if read.texts else ()),
        Column(header=say("mistakes.target")),
        Column(header=say("mistakes.predicted")),
        Column(header=say("mistakes.probability"), align="right"),
    )
    rows = tuple(
        (
            each.id,
            *((read.texts.get(each.id, ""),) if read.texts else ()),
            each.target,
            each.predicted,
            percent(each.probability),
        )
        for each in wrong.surest
    )
    return Table(columns=columns, rows=rows, caption=say("mistakes.surest_caption"))
