"""The table of kinds says of each whether it learned, from the committed records."""

from collections import defaultdict
from dataclasses import replace

import pytest

from mmbench.compare.cells import Cell, Estimate
from mmbench.kinds import KINDS
from tools.table_of_kinds import PAGE, RECORDS, TABLE, Line, lines, records_of, table

EXEMPT = {"question_answering"}
"""Its model starts at random and sees 400 questions: it must fit 16 examples instead."""


@pytest.fixture(scope="module")
def found() -> list[Line]:
    return lines(records_of(RECORDS))


def test_the_page_has_what_the_records_say(found: list[Line]) -> None:
    on_page = TABLE.search(PAGE.read_text("utf-8"))
    assert on_page is not None
    assert table(found) in on_page[0]


def test_every_kind_is_there_in_two_ways_and_three_seeds(found: list[Line]) -> None:
    ways = defaultdict(set)
    for line in found:
        ways[line.cell.task.kind].add((line.cell.model.name, line.cell.recipe.name))
        assert line.cell.seeds == (0, 1, 2), line.cell.records[0].trial.cell
    assert set(ways) == set(KINDS)
    assert all(len(each) >= 2 for each in ways.values()), ways


def test_every_kind_learns(found: list[Line]) -> None:
    learned = {line.cell.task.kind for line in found if line.learned}
    assert learned >= set(KINDS) - EXEMPT


@pytest.mark.parametrize(
    ("metric", "low", "high", "baseline", "learned"),
    [
        ("accuracy", 0.6, 0.8, 0.5, True),
        ("accuracy", 0.4, 0.8, 0.5, False),
        ("mae", 1.0, 2.0, 2.5, True),
        ("mae", 1.0, 3.0, 2.5, False),
        ("accuracy", None, None, 0.5, False),
    ],
)
def test_only_an_interval_that_is_wholly_better_shows_learning(
    found: list[Line],
    metric: str,
    low: float | None,
    high: float | None,
    baseline: float,
    learned: bool,
) -> None:
    cell: Cell = found[0].cell
    after = Estimate(value=0.7, low=low, high=high, values=(0.7,))
    line = Line(cell=cell, metric=metric, after=after, baseline=baseline)
    assert line.learned is learned
    assert replace(line, baseline=0.0 if metric == "mae" else 1.0).learned is False
