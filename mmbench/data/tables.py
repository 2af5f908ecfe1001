"""Files → tables: every row and every column, as written, with nothing decoded or guessed."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from mmbench.cards import FileFormat
from mmbench.data.archives import ARCHIVES, read_aishell
from mmbench.data.lines import not_utf8, numbered_lines
from mmbench.data.people_daily import read_people_daily
from mmbench.errors import DataError

Layout = FileFormat | Literal["tsv"]
"""How a file is read; `tsv` is `csv` with tabs, known by its suffix."""

SUFFIXES: Mapping[str, Layout] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
LONGEST_FIELD = 2**30  # of a CSV cell, in characters; the csv module's own limit is 2**17


class ArrowCell(Protocol):
    def as_py(self) -> Any: ...


class ArrowColumn(Protocol):
    """What is used of a pyarrow column: it stays in Arrow until its values are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> "ArrowCell": ...

    def to_pylist(self) -> list[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """N rows: column name → N values (str, int, float, bool, None, bytes, Path, or nested).

    where: what errors call it. folder: what image paths in it are relative to; None where it may
    hold none. skipped counts what stood in the files and is no row, by reason.
    """

    where: str
    columns: Mapping[str, list[Any] | ArrowColumn]
    folder: Path | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def values(self, column: str) -> list[Any]:
        """All values of a column that exists."""
        values = self.columns[column]
        return values if isinstance(values, list) else values.to_pylist()

    def at(self, column: str, rows: Iterable[int]) -> list[Any]:
        """The values of some rows of a column that exists; the others are not read."""
        values = self.columns[column]
        if isinstance(values, list):
            return [values[row] for row in rows]
        return [values[row].as_py() for row in rows]


def layout_of(path: Path, declared: FileFormat | None) -> Layout:
    """How to read `path`; DataError if neither the card nor the suffix tells."""
    suffix = path.suffix.lower()
    if declared is not None:
        return "tsv" if declared == "csv" and suffix == ".tsv" else declared
    if path.is_dir():
        return "images"
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path}: {suffix or 'no suffix'} does not tell how to read it; set source.format to "
            f"one of {', '.join(get_args(FileFormat))}"
        )
    return SUFFIXES[suffix]


def read_table(path: Path, declared: FileFormat | None) -> Table:
    """One part of a source. DataError if it is absent, broken or in another encoding."""
    layout = layout_of(path, declared)
    if not path.exists():
        raise DataError(f"{path}: no such {'folder' if layout == 'images' else 'file'}")
    if path.is_dir() != (layout == "images"):
        raise DataError(f"{path}: format {layout!r} does not read a {_sort(path)}")
    if layout == "images":
        return _read_images(path)
    if layout == "parquet":
        return _read_parquet(path)
    if layout == "jsonl":
        return _read_jsonl(path)
    if layout in ARCHIVES:
        columns, skipped = ARCHIVES[layout](path)
        return Table(where=str(path), columns=columns, folder=path.parent, skipped=skipped)
    if layout == "aishell":
        columns, skipped = read_aishell(path)
        return Table(where=str(path), columns=columns, folder=path.parent.parent, skipped=skipped)
    if layout == "people_daily":
        columns, blank = read_people_daily(path)
        return Table(where=str(path), columns=columns, skipped=_blank_lines(blank))
    return _read_csv(path, delimiter="\t" if layout == "tsv" else ",")


def read_lines(files: Mapping[str, Path]) -> Table:
    """One text a line, one file a label → columns text, label, id (`label/line`, from 1).

    Blank lines are skipped and counted.
    """
    columns: dict[str, list[Any]] = {"text": [], "label": [], "id": []}
    blank = 0
    for label, path in files.items():
        for number, line in numbered_lines(path):
            if not line.strip():
                blank += 1
                continue
            columns["text"].append(line)
            columns["label"].append(label)
            columns["id"].append(f"{label}/{number}")
    where = ", ".join(str(path) for path in files.values())
    return Table(where=where, columns=columns, skipped=_blank_lines(blank))


def image_files(folder: Path) -> tuple[list[tuple[str, Path]], int]:
    """(class, image) for every image under each sub-folder, sorted, and how many files are not.

    Hidden files and folders are no images and no classes: `._cat.jpg`, `.ipynb_checkpoints`.
    """
    if not any(path.is_dir() and not _is_hidden(path) for path in folder.iterdir()):
        raise DataError(f"{folder}: has no sub-folder; put the images of each class into its own")
    images, others = [], 0
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        inside = path.relative_to(folder)
        known = path.suffix.lower() in IMAGE_SUFFIXES and len(inside.parts) > 1
        if known and not _is_hidden(inside):
            images.append((inside.parts[0], path))
        else:
            others += 1
    return images, others


# ---------------------------------------------------------------------------- the formats


def _read_images(folder: Path) -> Table:
    images, others = image_files(folder)
    return Table(
        where=str(folder),
        columns={
            "image": [path for _, path in images],
            "label": [label for label, _ in images],
            "id": [path.relative_to(folder).as_posix() for _, path in images],
        },
        folder=folder,
        skipped={"not an image file": others} if others else {},
    )


def _read_parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # not read_table, which makes columns of folder names such as `fold=1`
        table = pq.ParquetFile(path, memory_map=True).read()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not readable as Parquet: {one_line(error)}") from None
    columns = dict(zip(table.column_names, table.columns, strict=True))
    if len(columns) < len(table.columns):
        raise DataError(f"{path}: two columns have one name: {table.column_names}")
    return Table(where=str(path), columns=columns, folder=path.parent)


def _read_jsonl(path: Path) -> Table:
    rows: list[dict[str, Any]] = []
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}:{number}: not JSON: {error}; one object a line") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: a {type(row).__name__}; one object a line is needed")
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return Table(where=str(path), columns=columns, folder=path.parent)


def _read_csv(path: Path, *, delimiter: str) -> Table:
    """Every cell is text as it stands; a column of nothing but whole numbers becomes int.

    Not pandas: it fills up or cuts rows of the wrong length in silence.
    """
    limit = csv.field_size_limit(LONGEST_FIELD)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            header = next(reader, [])
            rows = list(_even_rows(reader, header, path))
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not readable as CSV: {error}") from None
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from None
    finally:
        csv.field_size_limit(limit)
    if len(set(header)) < len(header):
        raise DataError(f"{path}: two columns have one name: {', '.join(header)}")
    cells = zip(*rows, strict=True) if rows else ([] for _ in header)
    columns = {name: _numbers_if_all(column) for name, column in zip(header, cells, strict=True)}
    return Table(where=str(path), columns=columns, folder=path.parent)


def _even_rows(reader: Any, header: list[str], path: Path) -> Iterator[list[str]]:
    for row in reader:
        if len(row) == len(header):
            yield row
        elif row:  # a blank line between rows is none of them
            raise DataError(
                f"{path}:{reader.line_num}: {len(row)} cells where the header has {len(header)}; "
                "quote texts that hold the separator or a line break"
            )


def _numbers_if_all(column: Iterable[str]) -> list[Any]:
    """int if every cell is a whole number in its plain spelling, so that str() gives it back."""
    cells = list(column)
    if cells and all(WHOLE_NUMBER.fullmatch(cell) for cell in cells):
        return [int(cell) for cell in cells]
    return cells


def _blank_lines(count: int) -> dict[str, int]:
    return {"blank line": count} if count else {}


def _is_hidden(path: Path) -> bool:
    parts = path.parts[-1:] if path.is_absolute() else path.parts
    return any(part.startswith(".") for part in parts)


def _sort(path: Path) -> str:
    return "folder" if path.is_dir() else "file"


def one_line(error: BaseException) -> str:
    """The message of another library's error without its line breaks, at most 300 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:299] + "…"
