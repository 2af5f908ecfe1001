"""What a test asks of a document: its tables, sentences and notices."""

from collections.abc import Callable, Iterator, Sequence

from mmbench.records import Record
from mmbench.report.document import (
    Block,
    BulletList,
    Code,
    Details,
    Document,
    Figure,
    Heading,
    Lang,
    Notice,
    Paragraph,
    Table,
)
from mmbench.report.numbers import NO_BREAK
from mmbench.store import Stored

StoreAll = Callable[[list[Record]], list[Stored]]
LANGS: tuple[Lang, ...] = ("en", "zh")


def flat(blocks: Sequence[Block]) -> Iterator[Block]:
    """Every block, those inside details too."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from flat(block.blocks)


def words(document: Document) -> str:
    """Every text of the document, one after the other."""
    found: list[str] = [document.title]
    for block in flat(document.blocks):
        match block:
            case Heading() | Paragraph() | Code():
                found.append(block.text)
            case BulletList():
                found += block.items
            case Notice():
                found += [block.text, *block.items]
            case Table():
                found += [c.header for c in block.columns] + [c for row in block.rows for c in row]
                found.append(block.caption or "")
            case Details():
                found.append(block.summary)
            case Figure():
                found.append(block.alt)
    return "\n".join(found).replace(NO_BREAK, " ")


def table_with(document: Document, header: str) -> Table:
    """The first table with this column."""
    for block in flat(document.blocks):
        if isinstance(block, Table) and plain(header) in [plain(c.header) for c in block.columns]:
            return block
    raise AssertionError(f"no table has a column {header!r}")


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace(NO_BREAK, " ")


def column(table: Table, header: str) -> list[str]:
    place = [plain(c.header) for c in table.columns].index(plain(header))
    return [plain(row[place]) for row in table.rows]


def sentences(document: Document) -> tuple[str, ...]:
    """The summary's sentence for each task."""
    lists = (block for block in document.blocks if isinstance(block, BulletList))
    return tuple(item.replace(NO_BREAK, " ") for item in next(lists).items)


def notices(document: Document) -> list[str]:
    return [
        "\n".join([block.text, *block.items]).replace(NO_BREAK, " ")
        for block in document.blocks
        if isinstance(block, Notice)
    ]


def only(records: list[Record], *, task: str, models: Sequence[str] = ()) -> list[Record]:
    return [
        record
        for record in records
        if record.trial.task.name == task and (not models or record.trial.model.name in models)
    ]


# ------------------------------------------------------------------------------ summary
