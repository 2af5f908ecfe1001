"""Renew the table of docs/kinds/README.md: what every kind of task learned in the suite every-kind.

`python -m tools.table_of_kinds` reads the records of results/reference/every-kind. A cell has
learned where the worse end of its interval over the seeds is better than the baseline of its kind.
"""

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmbench.compare.cells import Cell, Estimate, cells
from mmbench.compare.checks import goodness, main_split, splits_scored
from mmbench.metrics.table import metric
from mmbench.report.i18n import Messages
from mmbench.report.words import metric_name
from mmbench.store import Store

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "results" / "reference" / "every-kind"
PAGE = ROOT / "docs" / "kinds" / "README.md"
TABLE = re.compile(r"(<!-- table of every-kind -->\n).*?(<!-- end of table -->)", re.DOTALL)
HEADER = (
    "| kind | task | model | recipe | seeds | metric | after, 95 % | baseline | learned |",
    "|:--|:--|:--|:--|--:|:--|--:|--:|:--|",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cell against the baseline of its kind, on its main test split."""

    cell: Cell
    metric: str
    after: Estimate
    baseline: float

    @property
    def learned(self) -> bool:
        """Whether all of the interval is better than the baseline; without one, nothing is said."""
        worse = self.after.low if metric(self.metric).higher_is_better else self.after.high
        return worse is not None and goodness(worse, self.metric) > goodness(
            self.baseline, self.metric
        )


def main() -> int:
    page = PAGE.read_text("utf-8")
    if not TABLE.search(page):
        raise ValueError(f"{PAGE} has no place for the table")
    drawn = table(lines(records_of(RECORDS)))
    PAGE.write_text(TABLE.sub(lambda found: f"{found[1]}{drawn}\n{found[2]}", page), "utf-8")
    return 0


def records_of(folder: Path) -> list[Cell]:
    return cells([stored.record for stored in Store(folder).select()])


def lines(found: Sequence[Cell]) -> list[Line]:
    """Of every trained cell, kind by kind; ValueError where a score is missing."""
    trained = [cell for cell in found if cell.recipe.strategy != "zero_shot"]
    return [_line(cell) for cell in sorted(trained, key=lambda cell: cell.task.kind)]


def table(found: Sequence[Line]) -> str:
    return "\n".join([*HEADER, *_rows(found)])


def _line(cell: Cell) -> Line:
    split, name = main_split(splits_scored(cell.records)), cell.task.primary
    after = None if split is None else cell.outcome(split, name)
    baseline = None if split is None else cell.baseline(split, name)
    if after is None or baseline is None:
        raise ValueError(f"{cell.records[0].trial.cell} has no {name} with a baseline")
    return Line(cell=cell, metric=name, after=after, baseline=baseline.value)


def _rows(found: Sequence[Line]) -> Iterator[str]:
    say = Messages("en")
    for line in found:
        cell, after = line.cell, line.after
        low, high = (math.nan if end is None else end for end in (after.low, after.high))
        columns = (
            cell.task.kind,
            cell.task.name,
            f"{cell.model.name} ({cell.mark})",
            cell.recipe.name,
            str(len(cell.seeds)),
            metric_name(line.metric, say),
            f"{after.value:.3f} [{low:.3f}, {high:.3f}]",
            f"{line.baseline:.3f}",
            "yes" if line.learned else "not shown",
        )
        yield f"| {' | '.join(columns)} |"


if __name__ == "__main__":
    sys.exit(main())
