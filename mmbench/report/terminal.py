"""Documents → a terminal: the same texts and tables, with figures in words.

Every text is a `rich.text.Text` or escaped, so that none of it is taken for markup; control
characters are gone by `text.one_line`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as RichTable
from rich.text import Text

from mmbench.report.document import (
    Block,
    BulletList,
    Code,
    Details,
    Document,
    Figure,
    Gallery,
    Heading,
    Link,
    Notice,
    Paragraph,
    Table,
)
from mmbench.report.i18n import Messages
from mmbench.report.text import lines, one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STYLES = {"note": "cyan", "warning": "bold yellow"}


def show(document: Document, console: "Console") -> None:
    """Print the document; what is folded on a page stands indented."""
    console.print(Rule(Text(one_line(document.title), "bold")))
    _print(document.blocks, console, Messages(document.lang), indent=0)


def _print(blocks: Sequence[Block], console: "Console", say: Messages, *, indent: int) -> None:
    for block in blocks:
        if isinstance(block, Details):
            summary = Text(f"▸ {one_line(block.summary)}", "bold")
            console.print(Padding(summary, (1, 0, 0, indent)))
            _print(block.blocks, console, say, indent=indent + 2)
            continue
        for shown in _shown(block, say):
            console.print(Padding(shown, (0, 0, 0, indent)))


def _shown(block: Block, say: Messages) -> "list[RenderableType]":
    match block:
        case Heading():
            return [
                Text(),
                Text(one_line(block.text), "bold underline" if block.level < 3 else "bold"),
            ]
        case Paragraph():
            return [Text(one_line(block.text))]
        case BulletList():
            return [Text(f"• {one_line(item)}") for item in block.items]
        case Notice():
            head = f"{say(f'html.{block.kind}')} {one_line(block.text)}"
            items = [Text(f"  • {one_line(item)}") for item in block.items]
            return [Text(head, STYLES[block.kind]), *items]
        case Table():
            return [_table(block)]
        case Figure():
            return [Text(one_line(block.alt), "dim")]
        case Gallery():
            return [Text(f"{one_line(p.name)}: {one_line(p.told)}", "dim") for p in block.pictures]
        case Code():
            return [Text(line, "cyan") for line in lines(block.text)]
        case Link():
            return []  # to the same page in another language, which lies elsewhere
        case _:
            raise AssertionError(type(block))


def _table(table: Table) -> RichTable:
    caption = None if table.caption is None else Text(one_line(table.caption), "italic")
    shown = RichTable(title=caption, title_justify="left", box=box.SIMPLE_HEAD)
    for column in table.columns:
        shown.add_column(Text(one_line(column.header)), justify=column.align, overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(one_line(cell)) for cell in row))
    return shown
