"""The examples that the best model answers worst, where answers are no classes."""

from functools import partial
from typing import TYPE_CHECKING

from mmbench.report.document import Column, Details, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import score
from mmbench.report.shown import MOST_SHOWN, Shown, gallery, of_best, seen, short, unread
from mmbench.report.words import cell_name, metric_with_unit, split_name

if TYPE_CHECKING:
    from mmbench.compare.worst import Example, Worst


def worst_examples(
    task: TaskFindings, findings: Findings, say: Messages, *, inputs: bool
) -> Details | None:
    """Nothing where no trial kept its answers, or all of them are right."""
    from mmbench.compare.worst import worst

    found = of_best(task, findings, partial(worst, most=MOST_SHOWN))
    if found is None or task.main is None or not found[1].examples:
        return None
    cell, those = found
    told = say(
        "worst.ranked" if those.metric is None else "worst.told",
        cell=cell_name(cell, findings, say),
        seed=cell.seeds[0],
        split=split_name(task.main, say),
        examples=f"{those.count:,}",
    )
    read = seen(task, cell, [each.id for each in those.examples], findings, inputs=inputs)
    table = _ranked(those, read, say) if those.metric is None else _judged(those, read, task, say)
    captions = [(each.id, _caption(each, say)) for each in those.examples]
    blocks = (Paragraph(text=told), table, *gallery(captions, read), *unread(read, say))
    return Details(summary=say("mistakes.summary", task=task.title), blocks=blocks)


def _ranked(found: "Worst", read: Shown, say: Messages) -> Table:
    """Of retrieval: a row is an image with its text, one of which is the query."""
    columns = (
        Column(header=say("mistakes.example")),
        *((Column(header=say("worst.text")),) if read.texts else ()),
        Column(header=say("worst.query")),
        Column(header=say("worst.rank"), align="right"),
    )
    rows = tuple(
        (
            each.id,
            *((read.texts.get(each.id, ""),) if read.texts else ()),
            say(f"worst.by_{each.query}"),
            f"{each.value:,.0f}",
        )
        for each in found.examples
    )
    return Table(columns=columns, rows=rows, caption=say("worst.ranked_caption"))


def _judged(found: "Worst", read: Shown, task: TaskFindings, say: Messages) -> Table:
    assert found.metric is not None, "examples without a metric are ranked"
    columns = (
        Column(header=say("mistakes.example")),
        *((Column(header=say("mistakes.input")),) if read.texts else ()),
        Column(header=say("worst.target")),
        Column(header=say("mistakes.predicted")),
        Column(header=metric_with_unit(found.metric, say, task.cells[0].task), align="right"),
    )
    rows = tuple(
        (
            each.id,
            *((read.texts.get(each.id, ""),) if read.texts else ()),
            short(each.target),
            short(each.answer),
            score(each.value, found.metric),
        )
        for each in found.examples
    )
    return Table(columns=columns, rows=rows, caption=say("worst.caption"))


def _caption(each: "Example", say: Messages) -> str:
    if each.query is None:
        return say("mistakes.arrow", target=short(each.target), answer=short(each.answer))
    return say(f"worst.at_{each.query}", rank=f"{each.value:,.0f}")
