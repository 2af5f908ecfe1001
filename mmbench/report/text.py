"""Making text that came from anywhere printable: one line, no control or direction marks."""

import re
import unicodedata
from functools import lru_cache

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# They reorder what the eye sees ("Trojan source", arXiv:2111.00169), so they are made visible.
DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@lru_cache(maxsize=2**16)  # of a large report's cells most stand in it again and again
def one_line(text: str) -> str:
    """The text without line breaks and control characters; runs of spaces become one.

    No-break spaces stay: they hold a value and its interval together.
    """
    return re.sub(" +", " ", _visible(text)).strip()


def lines(text: str) -> list[str]:
    """The lines of a text that is shown as it stands, each free of control characters."""
    return [_visible(line.expandtabs(4)) for line in text.splitlines()]


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_character, text))


@lru_cache(maxsize=2**13)
def _visible_character(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if character in DIRECTION or category == "Cs":  # Cs: half a surrogate pair cannot be written
        return REPLACEMENT
    return character
