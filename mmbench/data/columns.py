"""Columns of a table → inputs, targets and group keys of one type each; None where missing."""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from mmbench.cards import Slot
from mmbench.data.examples import EncodedMedia, Words
from mmbench.data.tables import Table
from mmbench.errors import DataError, did_you_mean

MAX_NAMED = 5  # rows or values that an error spells out; the rest is counted
HIDDEN = ("-1", "-100", "-1.0")  # labels that stand for none


def require_column(table: Table, column: str, field: str) -> None:
    """DataError names the columns there are and the card's field to set."""
    if column not in table.columns:
        raise DataError(
            f"{table.where}: no column {column!r}{did_you_mean(column, table.columns)}; it has "
            f"{', '.join(table.columns) or 'none'}. Set {field} in the task card."
        )


def texts(table: Table, column: str) -> list[str | None]:
    """str, or None for a missing or blank text. Whole numbers are spelled out.

    DataError for any other type, and for text that is not Unicode (lone surrogates).
    """
    values = [_text(value, table, column) for value in table.values(column)]
    try:
        "".join(value for value in values if value is not None).encode()
    except UnicodeEncodeError:
        rows = [row for row, value in enumerate(values) if value and not _is_unicode(value)]
        raise DataError(
            f"{table.where}: column {column!r}: {name_some(rows)} (from 0) hold half of a "
            "surrogate pair, which is no text; repair the file"
        ) from None
    return values


def media(table: Table, column: str) -> list[EncodedMedia | None]:
    """The bytes of an image's or a sound's file or its path, or None if missing.

    A string is a path relative to the table's folder; {bytes, path} is how `datasets` stores an
    image or a sound. DataError for another type, a path that leaves the folder, and files that are
    absent.
    """
    values = [_medium(value, table, column) for value in table.values(column)]
    absent = [str(value) for value in values if isinstance(value, Path) and not value.is_file()]
    if absent:
        raise DataError(
            f"{table.where}: column {column!r} names {len(absent)} files that do not exist: "
            f"{name_some(absent)}. A path is relative to the table's own folder."
        )
    return values


def labels(table: Table, column: str) -> list[str | int | None]:
    """str or int (True and False count as 1 and 0), or None for a missing or blank label."""
    return [_label(value, table, column) for value in table.values(column)]


def keys(table: Table, column: str) -> list[str | None]:
    """Group keys, spelled out."""
    return [None if is_missing(value) else str(value) for value in table.values(column)]


def numbers(table: Table, column: str) -> list[float | None]:
    """float, or None for a missing number; a text that spells one counts. DataError for others,
    and for what is not finite."""
    return [_number(value, table, column) for value in table.values(column)]


def label_sets(
    table: Table, column: str, separator: str | None
) -> list[tuple[str | int, ...] | None]:
    """The labels of each row, each once, in the order in which they stand; none is (). None where
    the cell is missing.

    A cell is a list, or, with a separator, a text; DataError for others.
    """
    return [_label_set(value, table, column, separator) for value in table.values(column)]


def words(table: Table, column: str) -> list[Words | None]:
    """Lists of words (or characters, or tags); None for a missing or empty one.

    DataError for cells that are no lists, and for words that are blank or no text.
    """
    return [_words(value, table, column) for value in table.values(column)]


READERS: Mapping[Slot, Callable[[Table, str], list[Any]]] = {
    "text": texts,
    "text_pair": texts,
    "image": media,
    "audio": media,
}


def read_given(table: Table, column: str, slot: Slot) -> list[Any]:
    """What somebody gives to predict on: as READERS have it, or texts that are cut into words."""
    cut = slot == "text" and any(isinstance(cell, list | tuple) for cell in table.values(column))
    return words(table, column) if cut else READERS[slot](table, column)


def is_missing(value: object) -> bool:
    """None, NaN, blank text, an empty file."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value != value or value == b""


def is_hidden(value: Any) -> bool:
    """Whether a target is one that was kept secret: missing, or −1."""
    return is_missing(value) or str(value) in HIDDEN if not isinstance(value, list) else not value


def name_some(items: list[Any]) -> str:
    """`3, 17, 20 and 12 more`."""
    named = ", ".join(str(item) for item in items[:MAX_NAMED])
    return named if len(items) <= MAX_NAMED else f"{named} and {len(items) - MAX_NAMED} more"


def _text(value: object, table: Table, column: str) -> str | None:
    if is_missing(value):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _wrong_type(value, table, column, "text")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _label(value: object, table: Table, column: str) -> str | int | None:
    if is_missing(value):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)
    raise _wrong_type(value, table, column, "a label (text or a whole number)")


def _number(value: object, table: Table, column: str) -> float | None:
    if is_missing(value):
        return None
    try:
        found = float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise _wrong_type(value, table, column, "a number")
    return found


def _label_set(
    value: object, table: Table, column: str, separator: str | None
) -> tuple[str | int, ...] | None:
    if isinstance(value, str) and separator is not None:
        value = [part.strip() for part in value.split(separator) if part.strip()]
    if value is None or value != value:
        return None
    if not isinstance(value, list | tuple):
        wanted = "a list of labels (a text needs target.separator)"
        raise _wrong_type(value, table, column, wanted)
    found = [_label(part, table, column) for part in value]
    return tuple(dict.fromkeys(label for label in found if label is not None))


def _words(value: object, table: Table, column: str) -> Words | None:
    if value is None or value != value or (isinstance(value, list) and not value):
        return None
    if not isinstance(value, list | tuple):
        raise _wrong_type(value, table, column, "a list of words")
    for word in value:
        if not isinstance(word, str | int) or is_missing(word):
            raise _wrong_type(word, table, column, "a word")
    return tuple(str(word) for word in value)


def _medium(value: object, table: Table, column: str) -> EncodedMedia | None:
    if isinstance(value, Mapping):  # datasets' Image: the bytes, or the path of a local file
        value = value.get("bytes") or value.get("path")
        if table.folder is None and isinstance(value, str):
            return Path(value)  # in datasets' own cache
    if is_missing(value):
        return None
    if isinstance(value, bytes | Path):
        return value
    if isinstance(value, str) and table.folder is not None:
        return table.folder / _inside(value, table, column)
    raise _wrong_type(value, table, column, "an image or a sound")


def _inside(path: str, table: Table, column: str) -> PurePath:
    """Data from elsewhere must not name files outside their own folder (links are its owner's)."""
    pure = PurePath(path)
    leaves = pure.is_absolute() or PurePath(os.path.normpath(pure)).parts[:1] == ("..",)
    if "\0" in path or leaves:
        raise DataError(
            f"{table.where}: column {column!r} holds {path!r}; a file is named by a path inside "
            "the table's own folder"
        )
    return pure


def _wrong_type(value: object, table: Table, column: str, wanted: str) -> DataError:
    shown = repr(value)[:60]
    return DataError(
        f"{table.where}: column {column!r} holds {shown} ({type(value).__name__}), not {wanted}"
    )
