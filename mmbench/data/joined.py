"""Two tables → one: facts that stand beside the pictures, without the pictures a second time."""

from collections import Counter
from typing import Any

from mmbench.data.columns import name_some, require_column
from mmbench.data.tables import ArrowColumn, Table
from mmbench.errors import DataError


def joined(table: Table, added: Table, *, on: str) -> Table:
    """`table`'s rows in their order, with the columns of `added` from its row of the same `on`.

    DataError if a value of `on` has no row in `added` or several, or if another column stands in
    both: no row and no column is dropped or replaced in silence.
    """
    for side in (table, added):
        require_column(side, on, "source.join.on")
    both = [name for name in added.columns if name in table.columns and name != on]
    if both:
        raise DataError(
            f"{added.where}: the columns {name_some(both)} stand in {table.where} as well; only "
            f"the column to join on, {on!r}, may"
        )
    keys = added.values(on)
    repeated = [repr(key) for key, count in Counter(keys).items() if count > 1]
    if repeated:
        raise DataError(
            f"{added.where}: column {on!r} holds {name_some(repeated)} more than once; every row "
            "needs exactly one partner"
        )
    row_of = {key: row for row, key in enumerate(keys)}
    wanted = table.values(on)
    absent = list(dict.fromkeys(repr(key) for key in wanted if key not in row_of))
    if absent:
        raise DataError(
            f"{added.where}: column {on!r} lacks {name_some(absent)}, which {table.where} has; "
            "every row needs exactly one partner"
        )
    partners = [row_of[key] for key in wanted]
    columns: dict[str, list[Any] | ArrowColumn] = dict(table.columns)
    for name in added.columns:
        if name != on:
            values = added.values(name)
            columns[name] = [values[row] for row in partners]
    return Table(where=table.where, columns=columns, folder=table.folder, skipped=table.skipped)
