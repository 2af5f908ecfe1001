"""Numbers read back from a report's cells, so that a column sorts by value and not by its letters.

The sections write texts, by `numbers`; whoever sorts or exports a table needs what they stand for.
What is read is what is printed: two cells that look the same are the same.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mmbench.report.document import Table
from mmbench.report.numbers import BILLION, GIB, MIB, MILLION, MINUS, MISSING, NO_BREAK

NUMBER = rf"[+\-{MINUS}]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
# `p < 0.001`, `rank 12.5`, `≥ 3` and `#2`: a letter or a sign may stand before the number
_BEGINNING = re.compile(
    rf"(?:[a-z]{{1,5}}\s)?(?P<sign>[<>≤≥≈=]\s?)?#?(?P<number>{NUMBER})"
    r"(?:\s?(?P<unit>MiB|GiB|KiB|M|B)(?![A-Za-z]))?(?![A-Za-z0-9_.]*[A-Za-z_])"
)
_INTERVAL = re.compile(rf"\[({NUMBER}),\s({NUMBER})\]")
_SCALE = {"KiB": 2**10, "MiB": MIB, "GiB": GIB, "M": MILLION, "B": BILLION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a cell says: the number as it is printed, with its unit's scale, and its interval."""

    value: float
    low: float | None = None
    high: float | None = None


@lru_cache(maxsize=2**16)
def reading(text: str) -> Reading | None:
    """The number that the cell begins with, `before → after` with the one after; None without.

    `< 0.1%` is read as a little below 0.1, so that it stands below what is 0.1 and above zero.
    """
    told = text.replace(NO_BREAK, " ").rpartition("→")[2].strip()
    found = _BEGINNING.match(told)
    if found is None:
        return None
    value = _number(found["number"]) * _SCALE.get(found["unit"] or "", 1)
    match (found["sign"] or "").strip():
        case "<":
            value *= 0.999
        case ">":
            value *= 1.001
    interval = _INTERVAL.search(told)
    if interval is None:
        return Reading(value=value)
    low, high = (_number(end) for end in interval.groups())
    return Reading(value=value, low=low, high=high)


def is_missing(text: str) -> bool:
    """A dash, nothing at all, or a reason in place of a number that is not there."""
    return text.strip() in ("", MISSING, "—", "-")


def numeric_columns(table: Table) -> tuple[bool, ...]:
    """Of each column, whether every cell that is not missing begins with a number.

    A column that is aligned to the left holds names, though they may begin with digits.
    """
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return tuple(
        column.align == "right" and _all_numbers(cells)
        for column, cells in zip(table.columns, columns, strict=True)
    )


def _all_numbers(cells: Iterable[str]) -> bool:
    told = [cell for cell in set(cells) if not is_missing(cell)]
    known = [cell for cell in told if reading(cell) is not None]
    # a word such as `n/a` among numbers is a missing one; a column of words alone is none
    return bool(known) and 2 * len(known) >= len(told)


def _number(text: str) -> float:
    return float(text.replace(",", "").replace(MINUS, "-"))
