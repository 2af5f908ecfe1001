"""Mistakes of the best model of each classification: what is taken for what, and which inputs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmbench.cards.sources import BundledData, FileData, PackageData
from mmbench.compare.cells import Cell
from mmbench.errors import MmbenchError, StoreError
from mmbench.report.document import Block, Column, Details, Heading, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import percent
from mmbench.report.text import one_line
from mmbench.report.words import cell_name, split_name

if TYPE_CHECKING:
    from mmbench.compare.mistakes import Mistakes

MOST_CONFUSIONS = 10
MOST_SHOWN = 8
MATRIX_UP_TO = 10  # classes: a wider matrix cannot be read
LONGEST_TEXT = 120  # characters


def worst(findings: Findings, say: Messages) -> list[Block]:
    """A folded part a task; nothing where no classification kept its answers."""
    parts = [part for task in findings.tasks if (part := _part(task, findings, say)) is not None]
    if not parts:
        return []
    heading = Heading(level=2, text=say("mistakes.heading"))
    return [heading, Paragraph(text=say("mistakes.how")), *parts]


def _part(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    found = _of_best(task, findings)
    if found is None or task.main is None:
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
    blocks: list[Block] = [Paragraph(text=told)]
    if len(wrong.labels) <= MATRIX_UP_TO:
        blocks.append(_matrix(wrong, say))
    else:
        blocks.append(_confusions(wrong, say))
    blocks.append(_surest(task, cell, wrong, findings, say))
    return Details(summary=say("mistakes.summary", task=task.title), blocks=tuple(blocks))


def _of_best(task: TaskFindings, findings: Findings) -> "tuple[Cell, Mistakes] | None":
    """Of the first seed of the best cell that kept its answers and made mistakes."""
    split = task.main
    if split is None:
        return None
    from mmbench.compare.mistakes import mistakes

    def find() -> "tuple[Cell, Mistakes] | None":
        for cell in task.cells:
            try:
                found = mistakes(findings.stored(cell.records[0]), split, most=MOST_SHOWN)
            except StoreError:  # named where the best of the task are compared
                continue
            if found is not None:
                return (cell, found) if found.wrong else None
        return None

    return findings.once(("mistakes", task.title), find)


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


def _surest(
    task: TaskFindings, cell: Cell, wrong: "Mistakes", findings: Findings, say: Messages
) -> Table:
    inputs = findings.once(("inputs", task.title), lambda: _texts(task, cell))
    columns = (
        Column(header=say("mistakes.example")),
        *((Column(header=say("mistakes.input")),) if inputs else ()),
        Column(header=say("mistakes.target")),
        Column(header=say("mistakes.predicted")),
        Column(header=say("mistakes.probability"), align="right"),
    )
    rows = tuple(
        (
            each.id,
            *((inputs.get(each.id, ""),) if inputs else ()),
            each.target,
            each.predicted,
            percent(each.probability),
        )
        for each in wrong.surest
    )
    return Table(columns=columns, rows=rows, caption=say("mistakes.surest_caption"))


def _texts(task: TaskFindings, cell: Cell) -> Mapping[str, str]:
    """What a row of the main split said, by its id; nothing where the data hold no texts alone, lie
    on a hub, or are not there or not the same any more."""
    card = cell.task
    if set(card.inputs) - {"text", "text_pair"} or task.main is None:
        return {}
    if not isinstance(card.source, BundledData | FileData | PackageData):
        return {}
    from mmbench.data.identity import data_digest
    from mmbench.data.tasks import load_task

    try:
        if data_digest(card.source) != cell.records[0].trial.digests.get("task"):
            return {}
        rows = load_task(card, limit=task.basis.limit).splits[task.main]
    except (MmbenchError, OSError, KeyError):
        return {}
    slots = [rows.inputs[slot] for slot in card.inputs]
    return {
        row: _short(" / ".join(_words(column[place]) for column in slots))
        for place, row in enumerate(rows.ids)
    }


def _words(text: object) -> str:
    if isinstance(text, tuple):  # of a text that is cut into words
        return " ".join(map(str, text))
    return str(text)


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
