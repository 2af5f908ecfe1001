"""Places: by what intervals show, with ties, and over tasks."""

from collections.abc import Callable, Hashable
from typing import Any

import pytest

from mmbench.compare.cells import Cell, cells
from mmbench.compare.ranks import Place, overall, places
from mmbench.records import Record

MakeRecord = Callable[..., Record]


def cell(make_record: MakeRecord, model: str, **reached: Any) -> Cell:
    (found,) = cells([make_record(model, **reached)])
    return found


@pytest.fixture(name="four")
def fixture_four(make_record: MakeRecord) -> list[Cell]:
    """The second overlaps the first and the third; the fourth lies below all."""
    intervals = [(0.9, 0.86, 0.94), (0.85, 0.80, 0.90), (0.80, 0.75, 0.84), (0.5, 0.45, 0.55)]
    return [cell(make_record, f"r{number}", test=ends) for number, ends in enumerate(intervals)]


def test_a_rank_counts_the_cells_that_are_shown_to_be_better(four: list[Cell]) -> None:
    found = places(four[::-1], "test")
    assert [(place.cell.model.name, place.rank) for place in found] == [
        ("r0", 1),
        ("r1", 1),
        ("r2", 2),
        ("r3", 4),
    ]


def test_a_score_is_normalised_between_the_baseline_and_the_best(four: list[Cell]) -> None:
    for place in places(four, "test"):
        baseline = place.cell.baseline("test", "accuracy")
        outcome = place.cell.outcome("test", "accuracy")
        assert outcome is not None
        if baseline is None:
            assert place.normalised is None
            continue
        wanted = (outcome.value - baseline.value) / (1 - baseline.value)
        assert place.normalised == pytest.approx(wanted)


def test_over_tasks_only_what_ran_on_all_is_compared(four: list[Cell]) -> None:
    def place(at: int, rank: int, normalised: float | None) -> Place:
        return Place(cell=four[at], rank=rank, normalised=normalised)

    first: dict[Hashable, Place] = {
        "a": place(0, 1, 0.9),
        "b": place(1, 2, 0.5),
        "c": place(2, 3, 0.1),
    }
    second: dict[Hashable, Place] = {"b": place(1, 1, 0.7), "a": place(0, 4, None)}
    found = overall([first, second])
    assert [(each.key, each.rank) for each in found] == [("b", 1.5), ("a", 2.5)]
    assert found[0].normalised == pytest.approx(0.6)
    assert found[1].normalised is None
    assert overall([first]) == []
    assert overall([first, {"c": place(2, 1, 0.2)}]) == []  # one alone has no place
