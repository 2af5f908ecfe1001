"""Places of cells on one task and over several: by what their intervals support, ties included."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from mmbench.compare.cells import Cell
from mmbench.compare.checks import favour, goodness
from mmbench.metrics.table import metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Of a cell on one task. rank: one more than the number of cells that are shown to beat it,
    each with an interval wholly beyond this cell's; so cells that nothing tells apart may share a
    rank. normalised: (score − baseline) / (best possible − baseline), 1 is flawless, 0 is what the
    baseline reaches; None without a baseline, or where a metric has no best value.
    """

    cell: Cell
    rank: int
    normalised: float | None


def places(cells: Sequence[Cell], split: str) -> list[Place]:
    """Of the cells of one basis that have a score on the split: the first rank first, and of one
    rank the better mean."""
    name = cells[0].task.primary if cells else ""
    scored = [(cell, out) for cell in cells if (out := cell.outcome(split, name)) is not None]
    scored.sort(key=lambda pair: -goodness(pair[1].value, name))
    ends = [favour(outcome, name) for _, outcome in scored]
    found = [
        Place(
            cell=cell,
            rank=1 + sum(least > most for least, _ in ends),
            normalised=_normalised(cell, split, outcome.value, name),
        )
        for (cell, outcome), (_, most) in zip(scored, ends, strict=True)
    ]
    return sorted(found, key=lambda place: place.rank)


def _normalised(cell: Cell, split: str, value: float, name: str) -> float | None:
    baseline = cell.baseline(split, name)
    best = max(goodness(end, name) for end in metric(name).range)
    if baseline is None or not math.isfinite(best):
        return None
    bar = goodness(baseline.value, name)
    return None if best <= bar else (goodness(value, name) - bar) / (best - bar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """Of a model with a recipe over tasks. rank, normalised: the means."""

    key: Hashable
    cells: tuple[Cell, ...]
    rank: float
    normalised: float | None


def overall(tasks: Sequence[Mapping[Hashable, Place]]) -> list[Overall]:
    """tasks: of each, the place by what a cell is called over all tasks. Only those that have a
    place on every task are compared, by the mean of their ranks among each other's."""
    if len(tasks) < 2:
        return []
    shared = set.intersection(*(set(task) for task in tasks))
    found = []
    for key in tasks[0]:
        if key not in shared:
            continue
        own = [task[key] for task in tasks]
        normalised = [place.normalised for place in own if place.normalised is not None]
        found.append(
            Overall(
                key=key,
                cells=tuple(place.cell for place in own),
                rank=math.fsum(place.rank for place in own) / len(own),
                normalised=math.fsum(normalised) / len(own)
                if len(normalised) == len(own)
                else None,
            )
        )
    return sorted(found, key=lambda each: each.rank) if len(found) > 1 else []
