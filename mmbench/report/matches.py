"""Head to head: on each task every cell against every other, by the same examples."""

from mmbench.compare.cells import Cell
from mmbench.compare.head_to_head import Duel, Needed, head_to_head, needed
from mmbench.compare.versus import ALPHA
from mmbench.report.document import Block, BulletList, Column, Details, Heading, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, difference, probability
from mmbench.report.words import cell_name, metric_with_unit

MOST_CELLS = 8  # of a task, unless all pairs are asked for: their tests grow with the square
MOST_TESTS = 200  # of a section, likewise; a bootstrap takes a second or so
MOST_NEEDED = 3
TOO_MANY = 100  # times as many seeds or examples as there are: then they are nearly the same


def matches(findings: Findings, say: Messages, *, all_pairs: bool = False) -> list[Block]:
    """A matrix a task, folded; nothing where no two cells answered the same examples."""
    tables: list[Block] = []
    left_out: list[str] = []
    tests = 0
    for task in findings.tasks:
        scored = _scored(task)
        if len(scored) < 2:
            continue
        tests += len(scored) * (len(scored) - 1) // 2
        if (len(scored) > MOST_CELLS or tests > MOST_TESTS) and not all_pairs:
            left_out.append(say("matches.left_out", task=task.title, cells=len(scored)))
            continue
        found = _duels(task, findings)
        if any(duel.told is not None for duel in found):
            tables += [_matrix(task, found, findings, say), *_needed(task, found, findings, say)]
    if not tables and not left_out:
        return []
    blocks: list[Block] = [Heading(level=2, text=say("matches.heading"))]
    if tables:
        how = Paragraph(text=say("matches.how"))
        blocks.append(Details(summary=say("matches.summary"), blocks=(how, *tables)))
    return [*blocks, BulletList(items=tuple(left_out))] if left_out else blocks


def _scored(task: TaskFindings) -> list[Cell]:
    if task.main is None:
        return []
    return [cell for cell in task.cells if cell.outcome(task.main, task.primary) is not None]


def _duels(task: TaskFindings, findings: Findings) -> list[Duel]:
    split, cells = task.main, _scored(task)
    assert split is not None, "asked of scored tasks alone"
    return findings.once(
        ("duels", task.title),
        lambda: head_to_head(cells, split, findings.against),
    )


def _matrix(task: TaskFindings, found: list[Duel], findings: Findings, say: Messages) -> Table:
    """The row's score less the column's, and whether that is shown."""
    cells = _scored(task)
    told = {(duel.first, duel.second): duel for duel in found}
    columns = (
        Column(header=metric_with_unit(task.primary, say, cells[0].task)),
        *(Column(header=f"{place}", align="right") for place in range(1, len(cells) + 1)),
    )
    rows = tuple(
        (
            f"{row + 1} {cell_name(cell, findings, say)}",
            *(_entry(task, cells, row, column, told, say) for column in range(len(cells))),
        )
        for row, cell in enumerate(cells)
    )
    return Table(columns=columns, rows=rows, caption=task.title)


def _entry(
    task: TaskFindings,
    cells: list[Cell],
    row: int,
    column: int,
    told: dict[tuple[int, int], Duel],
    say: Messages,
) -> str:
    if row == column:
        return MISSING
    ours, theirs = (cells[place].outcome(task.main or "", task.primary) for place in (row, column))
    assert ours is not None, "only cells with a score stand here"
    assert theirs is not None, "only cells with a score stand here"
    duel = told[min(row, column), max(row, column)]
    apart = difference(ours.value - theirs.value, task.primary)
    if duel.told is None:
        return say("matches.untested", difference=apart)
    return say("matches.shown" if duel.shown else "matches.not_shown", difference=apart)


def _needed(
    task: TaskFindings, found: list[Duel], findings: Findings, say: Messages
) -> list[BulletList]:
    """Of the pairs that are nearest to being shown, how many seeds or examples would do it."""
    cells = _scored(task)
    near = sorted(
        (duel for duel in found if duel.told is not None and not duel.shown),
        key=lambda duel: duel.told.p if duel.told is not None else 1.0,
    )
    items = []
    for duel in near[:MOST_NEEDED]:
        assert duel.told is not None, "those alone were taken"
        seeds = len(cells[duel.first].seeds)
        # by the level that Holm holds the smallest p of all pairs to
        wanted = needed(duel.told, seeds, alpha=ALPHA / len(found))
        if wanted is None:
            continue
        items.append(
            say(
                "matches.needed",
                first=cell_name(cells[duel.first], findings, say),
                second=cell_name(cells[duel.second], findings, say),
                p=probability(duel.told.p),
                what=_what(wanted, duel.told.count, seeds, say),
            )
        )
    return [BulletList(items=tuple(items))] if items else []


def _what(wanted: Needed, examples: int, seeds: int, say: Messages) -> str:
    there = seeds if wanted.what == "seeds" else examples
    if wanted.count > TOO_MANY * there:
        return say("matches.alike", times=TOO_MANY)
    return say(f"matches.{wanted.what}", count=f"{wanted.count:,}", there=f"{there:,}")
