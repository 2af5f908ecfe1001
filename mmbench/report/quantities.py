"""Columns of measured quantities, and the tables that cells fill with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mmbench.compare.cells import Cell, Estimate
from mmbench.report.document import Block, BulletList, Column, Table
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text
from mmbench.report.numbers import MISSING, amount, amount_with_interval
from mmbench.report.words import lead, lead_columns, listed_phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A column: the key of its header, and how a cell's value is written.

    `measured`: the measurement behind it, whose notes are footnotes of the table. `of_some`: only
    some models have it (of two encoders, of sound), so that elsewhere nobody misses it.
    """

    key: str
    text: Callable[[Cell], str]
    measured: str | None = None
    of_some: bool = False


def rate(key: str, name: str) -> Quantity:
    def text(cell: Cell) -> str:
        return amount_with_interval(cell.measured(name))

    return Quantity(key=key, text=text, measured=name)


def of_some(key: str, name: str) -> Quantity:
    return replace(rate(key, name), of_some=True)


def plain(key: str, name: str, written: Callable[[float | None], str]) -> Quantity:
    def text(cell: Cell) -> str:
        found = cell.measured(name)
        return written(None if found is None else found.value)

    return Quantity(key=key, text=text, measured=name)


def milliseconds(key: str, name: str) -> Quantity:
    """Of a measurement in seconds, with its interval where it has one."""

    def text(cell: Cell) -> str:
        found = cell.measured(name)
        return amount_with_interval(None if found is None else _thousandfold(found))

    return Quantity(key=key, text=text, measured=name)


def _thousandfold(found: Estimate) -> Estimate:
    low, high = (None if end is None else 1000 * end for end in (found.low, found.high))
    return replace(found, value=1000 * found.value, low=low, high=high)


def if_any(key: str, name: str) -> Quantity:
    """Seconds that most trials have none of: zero is no entry."""

    def text(cell: Cell) -> str:
        found = cell.measured(name)
        return amount(found.value) if found is not None and found.value else MISSING

    return Quantity(key=key, text=text, measured=name)


def tables(
    cells: Sequence[Cell],
    quantities: Sequence[Quantity],
    caption: str,
    findings: Findings,
    say: Messages,
    *,
    notes: Sequence[str] = (),
) -> list[Block]:
    """The table without the columns that no cell fills; those are named below it."""
    if not cells:
        return []
    written = {q.key: [q.text(cell) for cell in cells] for q in quantities}
    shown = [q for q in quantities if any(text != MISSING for text in written[q.key])]
    absent = [say(q.key) for q in quantities if q not in shown and not q.of_some]
    columns = (
        Column(header=say("column.task")),
        *lead_columns(findings, say),
        *(Column(header=say(q.key), align="right") for q in shown),
    )
    rows = tuple(
        (
            cell.task.name,
            *lead(cell, findings, say),
            *(written[q.key][place] for q in shown),
        )
        for place, cell in enumerate(cells)
    )
    items = [*notes, *_footnotes(cells, shown, say)]
    if absent:
        items.append(say("cost.absent", columns=listed_phrases(absent, say)))
    table = Table(columns=columns, rows=rows, caption=caption)
    return [table, BulletList(items=tuple(items))] if items else [table]


def _footnotes(cells: Sequence[Cell], shown: Sequence[Quantity], say: Messages) -> list[str]:
    """What the records note about these measurements, each note once."""
    found: dict[str, dict[str, None]] = {}
    keys = {quantity.measured: quantity.key for quantity in shown}
    for record in (record for cell in cells for record in cell.records):
        for measured in record.measurements:
            if measured.note and measured.name in keys:
                found.setdefault(measured.note, {})[say(keys[measured.name])] = None
    return [
        say("cost.note", columns=listed_phrases(list(keys), say), note=note_text(note, say))
        for note, keys in found.items()
    ]
