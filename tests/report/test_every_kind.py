"""Every kind of task in a reader's words: a reference page, and what must stand on it.

UPDATE_GOLDEN=1 python -m pytest tests/report/test_every_kind.py
"""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmbench.kinds import KINDS
from mmbench.report.document import Document, Lang
from mmbench.report.figure import _baseline_line, _panel, _rows
from mmbench.report.findings import Findings, findings
from mmbench.report.i18n import Messages
from mmbench.report.markdown import render
from mmbench.report.quality import quality
from mmbench.report.summary import summary
from tests.report.conftest import LANGS
from tests.report.every_kind import every_kind
from tests.report.sweep import store_all

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(name="found", scope="module")
def fixture_found() -> Findings:
    return findings(store_all(every_kind()))


@pytest.fixture(name="pages", scope="module")
def fixture_pages(found: Findings) -> dict[Lang, str]:
    """Without the figure, the cost and the rest, which know no kinds."""
    pages = {}
    for lang in LANGS:
        say = Messages(lang)
        blocks = (*summary(found, say), *quality(found, say))
        pages[lang] = render(Document(title=say("title"), lang=lang, blocks=blocks))
    return pages


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_reads_as_its_reference_page(pages: dict[Lang, str], lang: Lang) -> None:
    page = GOLDEN / f"every-kind.{lang}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(pages[lang], encoding="utf-8")
    assert pages[lang] == page.read_text(encoding="utf-8"), (
        "the report has changed; if that is meant: "
        "UPDATE_GOLDEN=1 python -m pytest tests/report/test_every_kind.py"
    )


def test_every_kind_is_on_the_page(found: Findings) -> None:
    assert {task.kind.name for task in found.tasks} == set(KINDS)


def test_numbers_carry_their_unit_and_their_direction(pages: dict[Lang, str]) -> None:
    for told in (
        "mean absolute error (strokes, lower is better), before",
        "character error rate (%, lower is better), before",
        "CIDEr-D, before",
        "mAP (%), before",
    ):
        assert told in pages["en"], told
    assert "平均绝对误差 (画，越低越好)" in pages["zh"]


def test_what_must_be_beaten_has_the_name_that_it_has_in_the_kind(pages: dict[Lang, str]) -> None:
    for told in (
        "every label at its frequency",
        "median of the training targets",
        "most frequent tag of each word",
        "majority class of each target",
        "one transcript for all",
        "most frequent caption",
        "most frequent answer to each question",
        "majority class",
        "chance",
    ):
        assert re.search(rf"^\| {told} +\|", pages["en"], re.MULTILINE), told


def test_warnings_stand_whichever_way_is_better(pages: dict[Lang, str]) -> None:
    """An error above that of the constant, a caption below the most frequent, an answer below
    zero-shot, a pair below the majority class."""
    page = pages["en"]
    for told in (
        "against the median of the training targets: seed 0 has 3.400 against 3.120",
        "against the most frequent caption: seed 0 has 0.153 against 0.200",
        "against its own score before training: seed 0 has 55.0% against 61.0%",
        "against the majority class: seed 0 has 61.0% against 66.0%",
    ):
        assert told in page, told


def test_an_error_is_best_where_it_is_lowest(found: Findings) -> None:
    (task,) = (task for task in found.tasks if task.kind.name == "regression")
    assert [cell.recipe.name for cell in task.cells] == ["full", "probe"]
    assert task.verdict is not None
    assert task.verdict.leaders == (task.cells[0],)
    assert task.verdict.supported
    assert task.verdict.above_baseline


@pytest.mark.parametrize("lang", LANGS)
def test_retrieval_is_told_of_retrieval_alone(found: Findings, lang: Lang) -> None:
    others = replace(found, tasks=tuple(t for t in found.tasks if t.kind.name != "retrieval"))
    blocks = tuple(quality(others, Messages(lang)))
    assert "R@k" not in render(Document(title="t", lang=lang, blocks=blocks))


@pytest.mark.parametrize("lang", LANGS)
def test_no_english_note_stands_on_the_chinese_page(pages: dict[Lang, str], lang: Lang) -> None:
    if lang == "zh":
        for told in ("has not been trained", "random weights", "no token", "no training text"):
            assert told not in pages["zh"]


def _axes(chart: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of the layers of a chart those horizontal ones that have a scale."""
    for layer in chart.get("layer", ()):
        yield from _axes(layer)
    side = chart.get("encoding", {}).get("x", {})
    if "scale" in side:
        yield side


def test_a_panel_of_errors_has_an_axis_of_its_own(found: Findings) -> None:
    """From below the least to above the highest, the constant's among them, and not in percent."""
    say = Messages("en")
    (task,) = (task for task in found.tasks if task.kind.name == "regression")
    rows = _rows(task, found, say)
    assert sorted(row["value"] for row in rows) == [1.274, 3.4]
    panel = _panel(task, rows, ["full", "probe"], say)
    axes = list(_axes(panel))
    assert axes
    for axis in axes:
        low, high = axis["scale"]["domain"]
        assert 0 < low < 0.9 * 1.274
        assert 1.1 * 3.4 < high < 4.0
        assert "strokes, lower is better" in axis["title"]


@pytest.mark.parametrize(("value", "align"), [(0.2, "left"), (0.8, "right")])
def test_the_name_of_a_baseline_stays_within_its_panel(value: float, align: str) -> None:
    layers = _baseline_line(value, "one transcript for all", [0.0, 1.0])
    (text,) = (layer["mark"] for layer in layers if layer["mark"]["type"] == "text")
    assert text["align"] == align
