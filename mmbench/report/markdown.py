"""Document → GitHub-flavoured Markdown. Whatever came from data is escaped: it stays text.

A table's cell, a name or a reason may hold anything. After escaping nothing in it opens a tag, a
link, an image, emphasis, code or another cell; renderers that link bare addresses by themselves
are stopped by an invisible word joiner inside the address.
"""

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from tabulate import tabulate

from mmbench.report.document import (
    Block,
    BulletList,
    Code,
    Details,
    Document,
    Figure,
    Gallery,
    Heading,
    Lang,
    Link,
    Notice,
    Paragraph,
    Picture,
    Table,
)
from mmbench.report.text import lines, one_line

WORD_JOINER = "\u2060"
FIGURES = "figures"

# The first alternative is one of our intervals: no link can be made of it, so it stays readable.
_SPECIAL = re.compile(r"(\[[\d.,]+,\s[\d.,]+\](?![(\[:]))|[\\`*\[\]~$#]")
# Inside a word of ASCII letters `_` is plain text, and names such as test_shift stay readable.
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
# A list, a heading's underline or a table's rule; `-5` and `87.3` are none of these.
_BLOCK_START = re.compile(r"^(?:([+\-=:](?=[\s=-]|$))|(\d{1,9})([.)])(?=\s|$))")
# What GitHub and linkifiers turn into links: scheme://, www., name@host, and @name. `R@5` is none:
# behind a letter `@` mentions nobody, and a host has more than a number.
_ADDRESS = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=\w)(?!(?<=[a-z]@)\d{1,3}(?![\w.-]))"
    r"|(?<=mailto:)|(?<=xmpp:)",
    re.I,
)


def render(document: Document) -> str:
    """The whole document; figures are referenced relatively, at `figure_path`."""
    blocks = _blocks(document.blocks, document.lang)
    return "\n\n".join([f"# {escape(document.title)}", *blocks]) + "\n"


def figure_path(figure: Figure, lang: Lang) -> PurePosixPath:
    """Where a figure lies, relative to the report that shows it."""
    return PurePosixPath(FIGURES) / f"{figure.stem}.{lang}.svg"


def picture_path(picture: Picture) -> PurePosixPath:
    """Where a picture lies, relative to the report; the same in every language."""
    return PurePosixPath(FIGURES) / f"{picture.stem}.webp"


@lru_cache(maxsize=2**16)  # names and dashes stand in many cells
def escape(text: str) -> str:
    """One line of Markdown that shows `text` and does nothing else, in a paragraph or a cell."""
    text = _ADDRESS.sub(WORD_JOINER, one_line(text))
    text = _SPECIAL.sub(lambda match: match[1] or f"\\{match[0]}", text)
    text = _UNDERSCORE.sub(r"\\_", text)
    text = re.sub(r"[&<>|]", lambda match: _ENTITY[match[0]], text)
    return _BLOCK_START.sub(_escape_start, text)


def _escape_start(match: re.Match[str]) -> str:
    return f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}"


def _blocks(blocks: Sequence[Block], lang: Lang) -> list[str]:
    return [_block(block, lang) for block in blocks]


def _block(block: Block, lang: Lang) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {escape(block.text)}"
        case Paragraph():
            return escape(block.text)
        case BulletList():
            return _bullets(block.items)
        case Notice():
            return _notice(block)
        case Table():
            return _table(block)
        case Figure():
            return f"![{escape(block.alt)}]({figure_path(block, lang)})"
        case Gallery():
            return _gallery(block)
        case Code():
            return _code(block)
        case Link():
            return f"[{escape(block.text)}](<{block.href}>)"
        case Details():
            inner = "\n\n".join(_blocks(block.blocks, lang))
            summary = html.escape(one_line(block.summary))
            return f"<details>\n<summary>{summary}</summary>\n\n{inner}\n\n</details>"


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {escape(item)}" for item in items)


def _notice(block: Notice) -> str:
    """GitHub's alert: a quote whose first line names its kind."""
    parts = [f"[!{block.kind.upper()}]", escape(block.text)]
    if block.items:
        parts += ["", _bullets(block.items)]
    return "\n".join(f"> {line}".rstrip() for line in "\n".join(parts).split("\n"))


def _table(block: Table) -> str:
    table = tabulate(
        [[escape(cell) for cell in row] for row in block.rows],
        headers=[escape(column.header) for column in block.columns],
        tablefmt="pipe",
        colalign=[column.align for column in block.columns],
        disable_numparse=True,  # `1e5` and `007` are printed as they are
    )
    return table if block.caption is None else f"{escape(block.caption)}\n\n{table}"


def _gallery(block: Gallery) -> str:
    """A table of two rows: what nobody can wrap stays in one line, and scrolls on GitHub."""
    pictures = [f"![{escape(p.name)}]({picture_path(p)})" for p in block.pictures]
    return tabulate(
        [[escape(picture.told) for picture in block.pictures]],
        headers=pictures,
        tablefmt="pipe",
        colalign=["center"] * len(pictures),
        disable_numparse=True,
    )


def _code(block: Code) -> str:
    """Fenced by more backticks than any run of them inside."""
    text = "\n".join(lines(block.text))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{block.language}\n{text}\n{fence}"
