"""Two runs, two models or two recipes against each other, on what they share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmbench.compare.cells import Cell, by_basis
from mmbench.compare.checks import goodness, main_split, splits_scored
from mmbench.compare.versus import Against, against, shown
from mmbench.errors import PlanError, did_you_mean
from mmbench.report.document import Block, BulletList, Column, Document, Lang, Paragraph, Table
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, difference, score_with_interval
from mmbench.report.words import cell_name, metric_with_unit, tested


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same but for what is compared. told: of their answers to the same examples, of a side
    that is worse; None where these are not there. significant: Holm over all pairs rejects."""

    first: Cell
    second: Cell
    split: str
    told: Against | None
    significant: bool = False


def pairs_by_name(found: Findings, first: str, second: str) -> list[tuple[Cell, Cell]]:
    """Cells of two models, or of two recipes, that share the rest. PlanError for other names."""
    models = {cell.model.name for cell in found.cells}
    recipes = {cell.recipe.name for cell in found.cells}
    if {first, second} <= models:
        return _paired(found, first, second, _model, lambda c: (c.recipe.name, c.setup))
    if {first, second} <= recipes:
        return _paired(found, first, second, _recipe, lambda c: (c.model.name, c.mark, c.setup))
    known = sorted(models | recipes)
    wrong = next((n for n in (first, second) if n not in known), None)
    if wrong is None:
        raise PlanError(f"{first} and {second}: one is a model and the other a recipe")
    raise PlanError(f"no model or recipe {wrong!r} in these records{did_you_mean(wrong, known)}")


def pairs_of_runs(first: Findings, second: Findings) -> list[tuple[Cell, Cell]]:
    """Cells of the same model, task and recipe, of two folders of records."""
    theirs = {_whole(cell): cell for cell in second.cells}
    return [(cell, theirs[_whole(cell)]) for cell in first.cells if _whole(cell) in theirs]


def judged(pairs: Sequence[tuple[Cell, Cell]], stored_of: Mapping[int, Findings]) -> list[Pair]:
    """stored_of: the findings that a record's files belong to, by the identity of the record.
    StoreError for answers that changed since their record was written."""
    found = []
    for first, second in pairs:
        split = main_split(splits_scored([*first.records, *second.records]))
        if split is None:
            continue
        told = against(
            first,
            second,
            split,
            lambda r: stored_of[id(r)].stored(r),
            stored_of[id(first.records[0])].remembered,
        )
        found.append(Pair(first=first, second=second, split=split, told=told))
    verdicts = shown([pair.told for pair in found])
    return [replace(pair, significant=one) for pair, one in zip(found, verdicts, strict=True)]


def comparison(
    pairs: Sequence[Pair], found: Findings, first: str, second: str, *, lang: Lang
) -> Document:
    """A table of the pairs, and how many of them show a difference."""
    say = Messages(lang)
    columns = (
        Column(header=say("column.task")),
        Column(header=say("compare.cell")),
        Column(header=say("gaps.metric")),
        Column(header=first, align="right"),
        Column(header=second, align="right"),
        Column(header=say("compare.difference"), align="right"),
        Column(header=say("compare.test"), align="right"),
    )
    rows = tuple(_row(pair, found, say) for pair in pairs)
    better = [_better(pair) for pair in pairs if pair.significant]
    sentence = say(
        "compare.told",
        pairs=len(pairs),
        first=first,
        second=second,
        wins=better.count("first"),
        losses=better.count("second"),
        untested=sum(pair.told is None for pair in pairs),
    )
    blocks: list[Block] = [Paragraph(text=sentence), Table(columns=columns, rows=rows)]
    blocks.append(BulletList(items=(say("compare.how"),)))
    return Document(
        lang=lang, title=say("compare.title", first=first, second=second), blocks=tuple(blocks)
    )


def _row(pair: Pair, found: Findings, say: Messages) -> tuple[str, ...]:
    name = pair.first.task.primary
    ours, theirs = (cell.outcome(pair.split, name) for cell in (pair.first, pair.second))
    apart = (
        MISSING if ours is None or theirs is None else difference(theirs.value - ours.value, name)
    )
    return (
        pair.first.task.name,
        cell_name(pair.first, found, say),
        metric_with_unit(name, say, pair.first.task),
        score_with_interval(ours, name),
        score_with_interval(theirs, name),
        apart,
        tested(pair.told, shown=pair.significant, say=say),
    )


def _better(pair: Pair) -> Literal["first", "second"]:
    name = pair.first.task.primary
    ours, theirs = (cell.outcome(pair.split, name) for cell in (pair.first, pair.second))
    assert ours is not None, "a significant pair has scores"
    assert theirs is not None, "a significant pair has scores"
    return "first" if goodness(ours.value, name) > goodness(theirs.value, name) else "second"


def _paired(
    found: Findings,
    first: str,
    second: str,
    name_of: Callable[[Cell], str],
    key: Callable[[Cell], tuple[str, ...]],
) -> list[tuple[Cell, Cell]]:
    pairs = []
    for group in by_basis(found.cells).values():
        theirs = {key(cell): cell for cell in group if name_of(cell) == second}
        pairs += [
            (cell, theirs[key(cell)])
            for cell in group
            if name_of(cell) == first and key(cell) in theirs
        ]
    return pairs


def _model(cell: Cell) -> str:
    return cell.model.name


def _recipe(cell: Cell) -> str:
    return cell.recipe.name


def _whole(cell: Cell) -> tuple[str, ...]:
    basis = cell.basis
    return (
        cell.model.name,
        cell.mark,
        cell.task.name,
        cell.recipe.name,
        basis.data or "",
        basis.rules,
    )
