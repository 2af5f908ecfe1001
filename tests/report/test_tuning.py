"""What tuning cost and changed is in the report, in both languages; searches are no cells."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import Recipe, Span, Tuning
from mmbench.parents import search_of
from mmbench.records import CurvePoint, Failure, Tried
from mmbench.report.build import build
from mmbench.report.document import Details, Document, Lang, Paragraph, Table
from mmbench.store import Stored
from tests.specimens import RECIPE, TRIAL, record

TUNED = replace(
    RECIPE, name="tuned", tune=Tuning(trials=3, space={"lr": Span(low=1e-3, high=0.1, log=True)})
)
HEADING = {
    "en": "Tuning: what it cost, and how far the default was",
    "zh": "调参：开销，以及默认设置差多少",
}


def tried(number: int, rate: float, validation: float | None, outcome: str) -> Tried:
    point = CurvePoint(
        learning_rate=rate,
        step=10,
        epoch=1.0,
        train_loss=1.0,
        validation_loss=0.5,
        validation={"accuracy": validation or 0.0},
    )
    return Tried(
        number=number,
        setting={"lr": rate},
        outcome=outcome,  # type: ignore[arg-type]
        validation=validation,
        curve=() if validation is None else (point,),
        samples=0 if validation is None else 640,
        seconds=2.0,
        chosen=number == 1,
    )


TRIED = (
    tried(0, 0.01, 0.5, "finished"),
    tried(1, 0.003, 0.75, "finished"),
    tried(2, 0.1, None, "diverged"),
)


def stored(failure: Failure | None = None, *, default: Recipe = RECIPE) -> list[Stored]:
    trial = replace(TRIAL, recipe=TUNED)
    search = search_of(trial)
    found = replace(record(search, status="failed" if failure else "ok"), scores=())
    found = replace(found, failure=failure, tried=() if failure else TRIED)
    child = replace(trial, parents=(search.key,), tuned={"lr": 0.003})
    records = [found, record(child), record(replace(TRIAL, recipe=default))]
    return [Stored(Path(str(place)), each) for place, each in enumerate(records)]


def section(document: Document) -> list[object]:
    texts = [getattr(block, "text", None) for block in document.blocks]
    start = texts.index(HEADING[document.lang])
    return list(document.blocks[start + 1 : start + 5])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_search_has_a_row_of_cost_and_of_default_against_tuned(lang: Lang) -> None:
    table = next(b for b in section(build(stored(), lang=lang)) if isinstance(b, Table))
    (row,) = table.rows
    assert row[1:3] == ("moods", "tuned")
    assert row[4:9] == ("3", "0", "1", "6.00", "1,280")
    assert ["50" in row[9], "75" in row[10]] == [True, True]
    assert ["90" in row[11], "90" in row[12]] == [True, True]
    assert row[13] == "lr: 0.003"


def test_without_the_recipe_that_agrees_there_is_no_default_on_test() -> None:
    document = build(stored(default=replace(RECIPE, epochs=3)), lang="en")
    table = next(b for b in section(document) if isinstance(b, Table))
    assert table.rows[0][11] == "–"
    assert "90" in table.rows[0][12]


def test_every_setting_is_told_folded() -> None:
    folded = next(b for b in section(build(stored(), lang="en")) if isinstance(b, Details))
    (table,) = (block for block in folded.blocks if isinstance(block, Table))
    assert [row[-1] for row in table.rows] == ["default", "chosen", "diverged"]
    assert [row[-2] for row in table.rows] == ["lr: 0.01", "lr: 0.003", "lr: 0.1"]


def test_a_failed_search_is_told_with_its_reason() -> None:
    failure = Failure(kind="Diverged", message="all 3 settings diverged", traceback="")
    blocks = section(build(stored(failure), lang="en"))
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    assert any("failed: all 3 settings diverged" in text for text in texts)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_searches_are_in_no_other_table(lang: Lang) -> None:
    document = build(stored(), lang=lang)
    others = [b for b in document.blocks if isinstance(b, Table)]
    assert not any("tuned-search" in cell for table in others for row in table.rows for cell in row)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_search_there_is_no_such_section(lang: Lang) -> None:
    document = build([Stored(Path("run"), record(TRIAL))], lang=lang)
    assert HEADING[lang] not in [getattr(block, "text", None) for block in document.blocks]
