"""Few-shot curves: which cells lie on one, and in which order."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Details, Figure, Lang, Table
from mmbench.report.few_shot import curves_of, training_rows
from mmbench.report.findings import findings
from mmbench.store import Stored

StoreAll = Callable[[list[Record]], list[Stored]]


def of_few(record: Record, shots: int) -> Record:
    """The same trial on so many rows of each of two classes."""
    recipe = replace(record.trial.recipe, name=f"probe-{shots}-shot", shots=shots)
    trial = replace(record.trial, recipe=recipe)
    data = tuple(
        replace(facts, examples=2 * shots) if facts.split == "train" else facts
        for facts in record.data
    )
    return replace(record, trial=trial, key=trial.key, data=data)


@pytest.fixture(name="shot")
def fixture_shot(records: list[Record]) -> list[Record]:
    """All rows of one cell, then 50 and 5 of each class; and a cell of another strategy."""
    cell = [
        r
        for r in records
        if r.trial.model.name == "fixture-bert-zh" and r.trial.recipe.name == "probe"
    ]
    full = [r for r in records if r.trial.model.name == "fixture-bert-zh" and r not in cell]
    return [*cell, *(of_few(r, n) for n in (50, 5) for r in cell), full[0]]


def test_a_curve_is_one_strategy_by_rising_rows(shot: list[Record], store_all: StoreAll) -> None:
    (curve,) = curves_of(findings(store_all(shot)))
    assert [cell.recipe.name for cell in curve.cells] == ["probe-5-shot", "probe-50-shot", "probe"]
    rows = [training_rows(cell) for cell in curve.cells]
    assert rows[:2] == [10, 100]
    assert rows == sorted(rows, key=lambda n: n or 0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_numbers_stand_folded_under_the_figure(
    shot: list[Record], store_all: StoreAll, lang: Lang
) -> None:
    blocks = build(store_all(shot), lang=lang).blocks
    place = next(
        i
        for i, block in enumerate(blocks)
        if isinstance(block, Figure) and block.stem == "few-shot"
    )
    folded = blocks[place + 1]
    assert isinstance(folded, Details)
    (table,) = folded.blocks
    assert isinstance(table, Table)
    assert [row[3] for row in table.rows][:2] == ["5", "50"]
    assert [row[4] for row in table.rows][:2] == ["10", "100"]


def test_without_shots_there_is_no_curve(records: list[Record], store_all: StoreAll) -> None:
    assert curves_of(findings(store_all(records))) == []
    assert curves_of(findings(store_all([of_few(records[0], 5)]))) == []
