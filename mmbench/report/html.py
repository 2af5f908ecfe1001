"""Documents → one HTML file that needs nothing else: tables to sort and filter, figures to hover.

Every text goes through jinja2's escaping; figures go through `svg.inline_svg`. The page says by a
content policy that it loads nothing and runs one script, ours, known by its hash; so whatever else
got in could neither run nor call anybody.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

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
    Picture,
    Table,
    within,
)
from mmbench.report.i18n import Messages
from mmbench.report.svg import inline_svg
from mmbench.report.text import lines, one_line
from mmbench.report.values import is_missing, numeric_columns, reading

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

ASSETS = Path(__file__).parent / "assets"
LONG = 8  # rows from which on a table has a filter of its own
KINDS = {
    Heading: "heading",
    Paragraph: "paragraph",
    BulletList: "list",
    Notice: "notice",
    Table: "table",
    Figure: "figure",
    Gallery: "gallery",
    Code: "code",
    Link: "link",
    Details: "details",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A heading in the table of contents."""

    level: int
    text: str
    anchor: str


def render_html(documents: Sequence[Document]) -> str:
    """One page of the documents, which are the same report in one language each.

    With several the page has a switch; it opens in the language that the browser asks for.
    ValueError if a figure holds what has no place in a page.
    """
    assert documents, "a page is of at least one document"
    style, script = _asset("report.css"), _asset("report.js")
    environment = _environment()
    return environment.get_template("report.html.j2").render(
        documents=documents,
        pages=[Page(document) for document in documents],
        style=style,
        script=script,
        policy=policy(style, script),
        languages={d.lang: Messages(d.lang)("html.language") for d in documents},
        one=len(documents) == 1,
    )


def policy(style: str, script: str) -> str:
    """The content policy: nothing from anywhere, but for this style and this script, and pictures
    that the page itself holds."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


class Page:
    """What the template asks about one document. Anchors count up in the order of the page."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.say = Messages(document.lang)
        self._figures = 0
        self.anchors = {
            id(block): f"{document.lang}-{place}"
            for place, block in enumerate(within(document.blocks, Heading), start=1)
        }

    @property
    def contents(self) -> list[Entry]:
        return [
            Entry(level=block.level, text=one_line(block.text), anchor=self.anchors[id(block)])
            for block in within(self.document.blocks, Heading)
        ]

    def kind(self, block: Block) -> str:
        return KINDS[type(block)]

    def anchor(self, block: Heading) -> str:
        return self.anchors[id(block)]

    def columns(self, table: Table) -> list[tuple[str, str, bool]]:
        """Header, alignment, and whether the column is of numbers."""
        told = zip(table.columns, numeric_columns(table), strict=True)
        return [(one_line(column.header), column.align, number) for column, number in told]

    def rows(self, table: Table) -> "Iterator[Markup]":
        """The cells of each row: in Python, as a template takes most of a large page's time."""
        from markupsafe import Markup

        numbers = numeric_columns(table)
        forms = [
            (column.align, number) for column, number in zip(table.columns, numbers, strict=True)
        ]
        for row in table.rows:
            cells = (_cell(text, *form) for text, form in zip(row, forms, strict=True))
            yield Markup("").join(cells)

    def is_long(self, table: Table) -> bool:
        return len(table.rows) >= LONG

    def svg(self, figure: Figure) -> str:
        self._figures += 1
        return inline_svg(figure.svg, f"{self.document.lang}-figure-{self._figures}-")

    def address(self, picture: Picture) -> str:
        """The picture itself."""
        return f"data:image/webp;base64,{base64.b64encode(picture.webp).decode()}"

    def code(self, block: Code) -> str:
        return "\n".join(lines(block.text))


@lru_cache(maxsize=2**16)
def _cell(text: str, align: str, number: bool) -> "Markup":
    """With what its column is sorted by, unless it has no number or is missing."""
    from markupsafe import Markup

    found = reading(text) if number else None
    missing = is_missing(text) or (number and found is None)
    value = "" if found is None else Markup(' data-value="{}"').format(f"{found.value:.10g}")
    cell = Markup('<td class="{}{}"{}>{}</td>\n')
    return cell.format(align, " missing" if missing else "", value, one_line(text))


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["line"] = one_line
    return found


@cache
def _asset(name: str) -> str:
    text = (ASSETS / name).read_text(encoding="utf-8").strip()
    assert not re.search(r"</(?:script|style)", text, re.IGNORECASE), name
    return f"\n{text}\n"
