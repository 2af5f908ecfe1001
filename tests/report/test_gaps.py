"""Gaps between splits: their sign, their interval against a simulation, and their words."""

from dataclasses import replace

import numpy as np
import pytest

from mmbench.cards import Target, TaskCard
from mmbench.compare.cells import Cell, Estimate
from mmbench.report.document import BulletList, Details, Document, Heading, Lang, Table
from mmbench.report.findings import TaskFindings, findings
from mmbench.report.gaps import gap
from mmbench.report.i18n import Messages
from mmbench.store import Stored


def estimate(value: float, low: float | None, high: float | None) -> Estimate:
    return Estimate(value=value, low=low, high=high, values=(value,))


@pytest.fixture(name="task")
def fixture_task(stored: list[Stored]) -> TaskFindings:
    return next(task for task in findings(stored).tasks if task.primary == "accuracy")


def test_the_interval_is_that_of_a_difference_of_independent_means(task: TaskFindings) -> None:
    """Of two normal means it is the usual one: half-widths add as squares."""
    found = gap(task, task.cells[0], estimate(0.9, 0.87, 0.93), estimate(0.8, 0.76, 0.84))
    assert found is not None
    draws = np.random.default_rng(0).normal([0.9, 0.8], [0.03 / 1.96, 0.04 / 1.96], (200_000, 2))
    low, high = np.quantile(draws[:, 0] - draws[:, 1], [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=1e-3)
    assert found.high == pytest.approx(high, abs=1e-3)
    assert found.value == pytest.approx(0.1)
    assert found.clear


def test_a_lopsided_interval_keeps_its_sides(task: TaskFindings) -> None:
    found = gap(task, task.cells[0], estimate(0.5, 0.2, 0.6), estimate(0.5, 0.5, 0.5))
    assert found is not None
    assert found.low == pytest.approx(-0.3)
    assert found.high == pytest.approx(0.1)
    assert not found.clear


def test_of_an_error_less_is_better(task: TaskFindings) -> None:
    record = task.cells[0].records[0]
    card = TaskCard(
        name="strokes",
        version=1,
        kind="regression",
        languages=("en",),
        inputs={"text": "text"},
        target=Target(column="strokes"),
        source=record.trial.task.source,
        splits=record.trial.task.splits,
        metrics=("mae",),
    )
    cell = Cell(records=(replace(record, trial=replace(record.trial, task=card)),))
    of_errors = replace(task, cells=(cell,))
    assert of_errors.primary == "mae"
    found = gap(of_errors, cell, estimate(3.0, 2.9, 3.1), estimate(1.0, 0.9, 1.1))
    assert found is not None
    assert found.value == -2.0
    assert found.high is not None
    assert found.high < 0


def test_without_an_interval_nothing_is_clear(task: TaskFindings) -> None:
    found = gap(task, task.cells[0], estimate(0.9, None, None), estimate(0.1, 0.0, 0.2))
    assert found is not None
    assert (found.low, found.high, found.clear) == (None, None, False)
    assert gap(task, task.cells[0], None, estimate(0.1, 0.0, 0.2)) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_section_counts_what_its_table_shows(
    documents: dict[Lang, Document], lang: Lang
) -> None:
    blocks = documents[lang].blocks
    heading = Messages(lang)("gaps.heading")
    start = next(
        place
        for place, block in enumerate(blocks)
        if isinstance(block, Heading) and block.text == heading
    )
    sentences, folded = blocks[start + 1 : start + 3]
    assert isinstance(sentences, BulletList)
    assert isinstance(folded, Details)
    table = next(block for block in folded.blocks if isinstance(block, Table))
    shown = [[cell for cell in column if cell != "–"] for column in list(zip(*table.rows))[-3:]]  # noqa: B905
    assert len(sentences.items) == len(shown)
    signs = ("−", "−", "+")  # of what is clear and bad: lost on a shift, better on train
    for sentence, cells, sign in zip(sentences.items, shown, signs, strict=True):
        # both ends of the interval have the sign
        clear = [cell for cell in cells if cell.split("[")[1].count(sign) == 2]
        assert str(len(clear)) in str(sentence)
        assert str(len(cells)) in str(sentence)
