"""A long table, folded, with its first rows alone."""

from collections.abc import Sequence

from mmbench.report.document import Block, Column, Details, Paragraph, Table
from mmbench.report.i18n import Messages

MOST_ROWS = 200


def folded(
    summary: str,
    columns: tuple[Column, ...],
    rows: Sequence[tuple[str, ...]],
    say: Messages,
    *,
    before: Sequence[Block] = (),
) -> Details:
    """before: what stands above the table. How many rows are left out is said below it."""
    blocks = [*before, Table(columns=columns, rows=tuple(rows[:MOST_ROWS]))]
    if len(rows) > MOST_ROWS:
        blocks.append(Paragraph(text=say("views.rest", count=len(rows) - MOST_ROWS)))
    return Details(summary=summary, blocks=tuple(blocks))
