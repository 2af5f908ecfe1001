"""Cells that hold several texts: a row for each, or one text of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mmbench.data.tables import Table
from mmbench.errors import DataError, did_you_mean


def reshaped(table: Table, unfold: str | None, glue: Mapping[str, str]) -> Table:
    """The table with the columns of `glue` as texts, and a row for each text of column `unfold`.

    DataError for a column that is absent, and for a cell that holds no texts.
    """
    for column, between in glue.items():
        _require(table, column, f"source.glue.{column}")
        whole = [between.join(_texts(cell, table, column)) for cell in table.values(column)]
        table = replace(table, columns={**table.columns, column: whole})
    if unfold is None:
        return table
    _require(table, unfold, "source.unfold")
    texts = [_texts(cell, table, unfold) for cell in table.values(unfold)]
    rows = [row for row, cell in enumerate(texts) for _ in cell]
    columns: dict[str, list[Any]] = {}
    for name in table.columns:
        values = table.values(name)
        columns[name] = [values[row] for row in rows]
    columns[unfold] = [text for cell in texts for text in cell]
    empty = sum(not cell for cell in texts)
    skipped = {**table.skipped, f"no text in {unfold!r}": empty} if empty else table.skipped
    return replace(table, columns=columns, skipped=skipped)


def _texts(cell: object, table: Table, column: str) -> list[str]:
    """Those of a list, or the lines of a text; blank ones are none."""
    found = cell.splitlines() if isinstance(cell, str) else cell
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise DataError(
            f"{table.where}: column {column!r} holds {repr(cell)[:60]}, which is no list of texts"
        )
    return [text.strip() for text in found if text.strip()]


def _require(table: Table, column: str, field: str) -> None:
    if column not in table.columns:
        raise DataError(
            f"{table.where}: no column {column!r}{did_you_mean(column, table.columns)}; it has "
            f"{', '.join(table.columns)}. Set {field} in the task card."
        )
