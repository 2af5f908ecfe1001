"""Ways to fine-tune one model on one task: is a cheaper one shown to be worse than the best?

Cells of one model meet on one machine and with as many shots, so that their costs compare too. The
one with the best mean is tested against each of the others by the same examples; Holm counts all
tests of a report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmbench.compare.cells import Cell
from mmbench.compare.checks import reached
from mmbench.compare.versus import Against, Test, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of a model on a task. best: the cell of the model with the best mean, which may be
    this one. told: this one against it; None for the best itself, and where the same examples were
    not answered. worse: that is shown."""

    cell: Cell
    best: Cell
    split: str
    told: Against | None = None
    worse: bool = False

    @property
    def is_best(self) -> bool:
        return self.cell is self.best

    @property
    def is_tested(self) -> bool:
        return self.is_best or self.told is not None


def ways(tasks: Sequence[tuple[Sequence[Cell], str]], test: Test) -> list[Way]:
    """tasks: of each the cells of one basis and its main split. Those of a model with at least two
    ways to be trained, best first."""
    found = [way for cells, split in tasks for way in _of_task(cells, split, test)]
    verdicts = shown([way.told for way in found])
    return [
        replace(way, worse=one and way.told is not None and way.told.drop > 0)
        for way, one in zip(found, verdicts, strict=True)
    ]


def _of_task(cells: Sequence[Cell], split: str, test: Test) -> list[Way]:
    models: dict[tuple[str, str, str, int | None], list[Cell]] = {}
    for cell in cells:
        scored = cell.outcome(split, cell.task.primary) is not None and not cell.unfinished
        if scored and cell.recipe.strategy != "zero_shot":
            key = (cell.model.name, cell.mark, cell.setup, cell.recipe.shots)
            models.setdefault(key, []).append(cell)
    found = []
    for group in models.values():
        if len({cell.recipe.strategy for cell in group}) < 2:
            continue
        ordered = sorted(group, key=lambda cell: -reached(cell, split))
        best = ordered[0]
        for cell in ordered:
            told = None if cell is best else test(best, cell, split)
            found.append(Way(cell=cell, best=best, split=split, told=told))
    return found
