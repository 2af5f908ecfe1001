"""Fronts against a brute-force definition, and what the report says of them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmbench.errors import PlanError
from mmbench.records import Record
from mmbench.report.build import build
from mmbench.report.document import Details, Document, Figure, Lang, Table
from mmbench.report.findings import findings
from mmbench.report.limits import Limits, keeps, memory_bytes, samples_per_second
from mmbench.report.pareto import fields_of, front
from mmbench.store import Stored

StoreAll = Callable[[list[Record]], list[Stored]]
FEW = st.integers(0, 4).map(float)


@given(st.lists(st.tuples(FEW, FEW), max_size=12))
def test_a_point_is_on_the_front_if_none_is_as_good_in_both_and_better_in_one(
    points: list[tuple[float, float]],
) -> None:
    wanted = [not any(x >= a and y >= b and (x > a or y > b) for x, y in points) for a, b in points]
    assert front(points) == wanted


def test_fronts_hold_the_best_and_the_fastest_of_every_field(stored: list[Stored]) -> None:
    fields = fields_of(findings(stored))
    assert fields
    for field in fields:
        rates = {cell.identity: samples_per_second(cell) or 0.0 for cell in field.cells}
        on = field.fronts["rate"]
        fastest = max(rates.values())
        assert any(rates[key] == fastest for key in on)
        memory = {cell.identity: memory_bytes(cell) for cell in field.cells}
        least = min(value for value in memory.values() if value is not None)
        assert any(memory[key] == least for key in field.fronts["memory"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_marks_what_is_on_a_front(documents: dict[Lang, Document], lang: Lang) -> None:
    (table,) = (
        table
        for block in documents[lang].blocks
        if isinstance(block, Details)
        for table in block.blocks
        if isinstance(table, Table)
        and table.columns[-1].header == {"en": "on the front of", "zh": "所在前沿"}[lang]
    )
    of_reviews = [row for row in table.rows if row[0].startswith("fixture-reviews")]
    best = [row for row in of_reviews if row[1].startswith("fixture-bert-zh") and row[2] == "full"]
    assert [row[-1] for row in best] == [
        {"en": "speed, latency, memory", "zh": "速度、延迟、内存"}[lang]
    ]
    assert of_reviews[1][-1] == "–"  # the same model, slower in nothing, and worse


def test_one_cell_alone_is_weighed_against_nothing(
    records: list[Record], store_all: StoreAll
) -> None:
    document = build(store_all(records[:1]), lang="en")
    stems = {block.stem for block in document.blocks if isinstance(block, Figure)}
    assert "pareto" not in stems


# ------------------------------------------------------------------------------ limits


def test_a_limit_that_is_no_amount_is_refused() -> None:
    for value in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(PlanError, match="--max-memory-gb is"):
            Limits(max_memory_gb=value)
    assert Limits(max_latency_ms=3.0).set == {"max_latency_ms": 3.0}


def test_a_cell_keeps_to_limits_or_breaks_them_or_was_not_measured(stored: list[Stored]) -> None:
    cells = [cell for task in findings(stored).tasks for cell in task.cells]
    timed = next(cell for cell in cells if cell.task.name == "fixture-reviews")
    memory = memory_bytes(timed)
    assert memory is not None
    assert keeps(timed, Limits()) is True
    assert keeps(timed, Limits(max_memory_gb=memory / 1e9 + 0.01, max_latency_ms=9.0)) is True
    assert keeps(timed, Limits(max_memory_gb=memory / 1e9 - 0.01)) is False
    assert keeps(timed, Limits(min_samples_per_second=1e9)) is False
    unmeasured = next(cell for cell in cells if cell.measured("latency_p50_seconds") is None)
    assert keeps(unmeasured, Limits(max_latency_ms=1e6)) is None
    assert keeps(unmeasured, Limits(max_latency_ms=1e6, min_samples_per_second=1e9)) is False
