"""Domestic against international models: who may meet, and what a meeting shows."""

from dataclasses import replace
from itertools import repeat

import pytest
from scipy.stats import binomtest

from mmbench.cards.recipe import Strategy
from mmbench.compare.cells import Cell, cells
from mmbench.compare.regions import REGIONS, Meeting, meetings, sign_p
from mmbench.compare.versus import Against
from tests.compare.conftest import make_record

Asked = list[tuple[str, str]]


def cell(
    name: str,
    score: float,
    *,
    country: str | None = "CN",
    parameters: float = 100e6,
    strategy: Strategy = "full",
    scratch: bool = False,
    metric: str = "accuracy",
) -> Cell:
    record = make_record(
        name,
        test=(score, score - 0.02, score + 0.02),
        strategy=strategy,
        scratch=scratch,
        metric=metric,
    )
    model = replace(record.trial.model, country=country, parameters=int(parameters))
    trial = replace(record.trial, model=model)
    (found,) = cells([replace(record, trial=trial, key=trial.key)])
    return found


def met(*of_task: Cell, p: float = 0.001) -> tuple[list[Meeting], Asked]:
    """Every test gives p; whom it was asked of."""
    asked: Asked = []

    def test(first: Cell, second: Cell, split: str) -> Against:
        asked.append((first.model.name, second.model.name))
        return Against(drop=0.1, p=p, count=200)

    return meetings([(of_task, "test")], test), asked


def test_the_best_of_either_region_meet_the_better_one_first() -> None:
    found, asked = met(
        cell("zh-1", 0.70),
        cell("zh-2", 0.80),
        cell("en-1", 0.85, country="US"),
        cell("en-2", 0.60, country="FR"),
        cell("en-3", 0.65, country="US"),
    )
    (meeting,) = found
    assert asked == [("en-1", "zh-2")]
    assert meeting.domestic.model.name == "zh-2"
    assert meeting.models == (2, 3)
    assert (meeting.ahead, meeting.shown) == ("international", True)


def test_of_an_error_the_lower_one_is_the_better() -> None:
    ((meeting,), _) = met(
        cell("zh", 0.30, metric="cer"), cell("en", 0.40, country="US", metric="cer")
    )
    assert meeting.ahead == "domestic"


@pytest.mark.parametrize(
    "other",
    [
        {"scratch": True, "country": None},
        {"country": None},
        {"country": "CN"},
        {"parameters": 400e6},
        {"parameters": 20e6},
        {"strategy": "probe"},
    ],
    ids=["scratch", "no region", "same region", "larger", "smaller", "other recipe"],
)
def test_unlike_is_never_set_against_unlike(other: dict[str, object]) -> None:
    theirs = cell("en", 0.85, **{"country": "US", **other})  # type: ignore[arg-type]
    assert met(cell("zh", 0.80), theirs) == ([], [])


def test_recipes_of_one_region_alone_do_not_count() -> None:
    """The best domestic score is of a recipe that no international model was trained with."""
    found, _ = met(
        cell("zh", 0.95, strategy="probe"), cell("zh", 0.80), cell("en", 0.85, country="US")
    )
    assert [(m.domestic.recipe.name, m.ahead) for m in found] == [("full", "international")]


def test_a_cell_that_lost_a_seed_is_not_the_best_of_its_region() -> None:
    lost = replace(cell("zh", 0.95), unfinished=(1,))
    ((meeting,), _) = met(lost, cell("zh-2", 0.80), cell("en", 0.85, country="US"))
    assert meeting.domestic.model.name == "zh-2"


def test_sizes_meet_apart_and_holm_counts_them_all() -> None:
    sides = [
        cell(f"{country.lower()}-{parameters:.0f}", score, country=country, parameters=parameters)
        for country, score in (("CN", 0.8), ("US", 0.7))
        for parameters in (20e6, 100e6, 400e6)
    ]
    found, _ = met(*sides, p=0.03)
    assert [meeting.size for meeting in found] == ["small", "base", "large"]
    assert not any(meeting.shown for meeting in found), "0.03 is above 0.05 / 3"
    assert all(meeting.shown for meeting in met(*sides, p=0.01)[0])


def test_answers_that_are_not_there_show_nothing() -> None:
    sides = (cell("zh", 0.9), cell("en", 0.5, country="US"))
    (meeting,) = meetings([(sides, "test")], lambda *_: None)
    assert (meeting.told, meeting.shown) == (None, False)


@pytest.mark.parametrize("ahead", [(6, 0), (5, 1), (9, 1), (4, 4)])
def test_over_tasks_it_is_a_sign_test(ahead: tuple[int, int]) -> None:
    domestic, international = repeat(REGIONS[0], ahead[0]), repeat(REGIONS[1], ahead[1])
    assert sign_p([*domestic, *international, None]) == pytest.approx(
        binomtest(ahead[0], sum(ahead)).pvalue
    )


def test_of_five_tasks_no_split_is_uneven_enough() -> None:
    assert sign_p([*repeat(REGIONS[0], 5), None, None]) is None
    assert binomtest(5, 5).pvalue > 0.05 > binomtest(6, 6).pvalue
