"""The document model: what a report says, apart from how it is written down.

Every text is plain: no markup, nothing escaped. A renderer escapes for its own format, so that a
name or a label from anybody's data can never become a tag, a link or a broken table. The blocks
are few on purpose; a new renderer needs one function for each.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Lang = Literal["en", "zh"]
FILE_STEM = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`level` 2 is a section, 3 a part of one; the document's title stands above them."""

    level: Literal[2, 3]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletList:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a reader must not miss: a sentence, and the cases it is about."""

    kind: Literal["note", "warning"]
    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    header: str
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, each as long as `columns`; `caption` stands above."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            assert len(row) == len(self.columns), f"{len(row)} cells, {len(self.columns)} columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture as SVG. `stem` names its file; `alt` says in words what it shows."""

    stem: str
    svg: str
    alt: str

    def __post_init__(self) -> None:
        assert FILE_STEM.fullmatch(self.stem), self.stem


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image of somebody's data, small. `webp`: the file. `name`: of the example. `told`: what
    the reader is to see in it."""

    webp: bytes
    name: str
    told: str

    @property
    def stem(self) -> str:
        """Names its file, by its content: two reports in one folder share what is the same."""
        return f"example-{hashlib.sha256(self.webp).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Pictures side by side, each with its words below."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Text that is shown as it is, line by line; `language` colours it where that is possible."""

    text: str
    language: Literal["sh", "text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A line that leads to another file of the same report. `href`: a relative path, ours."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What only some readers want, folded under its summary where the format can fold."""

    summary: str
    blocks: tuple["Block", ...]


Block = Heading | Paragraph | BulletList | Notice | Table | Figure | Gallery | Code | Link | Details


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    title: str
    lang: Lang
    blocks: tuple[Block, ...]


B = TypeVar("B", Heading, Table, Figure, Gallery)


def within(blocks: Sequence[Block], kind: type[B]) -> list[B]:
    """All of the kind in their order, folded ones too."""
    found: list[B] = []
    for block in blocks:
        if isinstance(block, kind):
            found.append(block)
        elif isinstance(block, Details):
            found += within(block.blocks, kind)
    return found
