"""Texts that try to be more than text, and a parser that sees whether they succeed."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mmbench.report.markdown import WORD_JOINER

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details><h1>out</h1>",
    "</summary><b>bold</b>",
    "<!-- comment -->",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[click](javascript:alert(1))",
    "[click]: http://evil.example",
    "[ref][ref]",
    "![pixel](http://evil.example/p.png)",
    "![x][y]",
    "<http://evil.example>",
    "<someone@evil.example>",
    "http://evil.example/a_b_c",
    "HTTPS://EVIL.EXAMPLE",
    "www.evil.example",
    "someone@evil.example",
    "mailto:someone@evil.example",
    "a | b | c",
    "a \\| b",
    "trailing backslash \\",
    "two\nlines",
    "two\r\n\r\n# paragraphs",
    "\n---\n",
    "---",
    ":---",
    "===",
    "# heading #",
    "> quote",
    "- item",
    "+ item",
    "1. item",
    "2) item",
    "*em* **strong** _em_ __strong__",
    "`code` ``code``",
    "```\nfence",
    "~~struck~~ ~~~",
    "[^1] footnote",
    "[ ] task",
    "[1, 2](http://evil.example)",
    "[!WARNING]",
    "$x^2$ $$y$$",
    "\u202egnp.exe",
    "\x00\x1b[31mred\x1b[0m\x7f",
    "line\u2028separator\u0085next",
    "[/red]rich[/red]",
    "=1+1",
    "tab\tseparated",
]
BARE_ADDRESS = re.compile(
    r"(?:https?|ftp)://\w|\bwww\.\w|[\w.+-]+@[\w-]+\.\w|(?:mailto|xmpp):\w", re.IGNORECASE
)
TEXT = {"text", "text_special"}
FRAME = {
    "paragraph_open", "paragraph_close", "heading_open", "heading_close", "inline",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close",
    "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close",
    "blockquote_open", "blockquote_close",
}  # fmt: skip


def parse(text: str) -> list[Token]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return parser.parse(text)


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def shown(token: Token) -> str:
    """What a reader sees of one paragraph or cell, less our invisible joiners."""
    return "".join(child.content for child in token.children or ()).replace(WORD_JOINER, "")


def assert_harmless(text: str) -> list[Token]:
    """Only text inside a frame of paragraphs, lists and tables; no live address."""
    tokens = parse(text)
    assert {token.type for token in tokens} <= FRAME
    for child in inline(tokens):
        assert child.type in TEXT | {"softbreak"}, child
        assert not BARE_ADDRESS.search(child.content), child.content
    return tokens
