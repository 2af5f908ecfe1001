"""A gate's report for a pull request: whole, in both languages, and safe whatever it names."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import pytest

from mmbench.compare.gate import Change, Finding, Reason, ReasonCode, Scale, Verdict
from mmbench.report.document import Lang
from mmbench.report.gate_markdown import (
    HEADLINES,
    change_text,
    gate_markdown,
    reason_text,
    threshold_text,
)
from mmbench.report.i18n import CATALOGUE, Messages, placeholders
from tests.report.gates import FAILED, FEW, MEMORY, RANK, REPORT, SLOWER, STORED

LANGS: tuple[Lang, ...] = ("en", "zh")


def rows(markdown: str) -> list[list[str]]:
    """The cells of all table rows."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_has_each_number_with_its_bounds_and_what_they_rest_on() -> None:
    found = {row[0] + row[1]: row for row in rows(gate_markdown(REPORT, lang="en"))}
    slow = found["bert × news × fulltrain_padded_tokens_per_second"]
    assert slow[2:] == [
        "1,234\N{NO-BREAK SPACE}tokens/s",
        "1,152\N{NO-BREAK SPACE}tokens/s",
        "1.072 [1.051,\N{NO-BREAK SPACE}1.090]",
        "60 pairs",
        "1.050",
        "REGRESSION",
    ]
    assert found["bert × news × fullaccuracy"][4:] == [
        "0.40 \\[−1.00,\N{NO-BREAK SPACE}2.00\\] points",
        "1 example",
        "1.00 points",
        "cannot tell",
    ]
    assert found["clipi2t_median_rank"][4:] == ["−2.0%", "–", "5.0%", "pass"]
    assert found["clippeak_rss_bytes"][2:5] == [
        "2.00\N{NO-BREAK SPACE}GiB",
        "2.02\N{NO-BREAK SPACE}GiB",
        "1.010",
    ]


def test_every_reason_ends_in_what_to_do() -> None:
    text = gate_markdown(REPORT, lang="en")
    assert "pass --trust-stored on a quiet, dedicated machine" in text
    assert "about 7,000 would be needed" in text


def test_what_passed_is_folded_away_only_beside_what_did_not() -> None:
    assert "<summary>What passed (2)</summary>" in gate_markdown(REPORT, lang="en")
    good = replace(REPORT, findings=(RANK, MEMORY), missing=())
    assert "<details>" not in gate_markdown(good, lang="en")
    assert len(rows(gate_markdown(good, lang="en"))) == 4


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ((RANK,), "# Gate: pass"),
        ((RANK, STORED), "# Gate: pass"),
        ((RANK, FAILED, SLOWER), "# Gate: regression"),
        ((RANK, FAILED, FEW), "# Gate: error"),
        ((RANK, FEW), "# Gate: cannot tell"),
        ((), "# Gate: error"),
    ],
)
def test_the_first_line_is_the_verdict(findings: tuple[Finding, ...], expected: str) -> None:
    report = replace(REPORT, findings=findings, missing=())
    assert gate_markdown(report, lang="en").splitlines()[0] == expected


def test_nothing_compared_is_said_aloud() -> None:
    text = gate_markdown(replace(REPORT, findings=()), lang="en")
    assert "Nothing was compared, so nothing has passed." in text


def test_what_stands_on_one_side_and_what_differs_is_listed() -> None:
    text = gate_markdown(REPORT, lang="en")
    assert "gone: missing in the candidate" in text
    assert "threads: 2 against 4" in text
    assert "stand in no cell: trian." in text
    assert "- a note" in text
    assert "which was allowed" in gate_markdown(replace(REPORT, allow_missing=True), lang="en")


def test_names_open_no_tag_no_link_and_no_cell() -> None:
    text = gate_markdown(REPORT, lang="en")
    assert "<img" not in text
    assert "[x](http" not in text
    assert "\x1b" not in text
    assert {len(row) for row in rows(text)} == {8}


def test_both_languages_stand_below_each_other() -> None:
    text = gate_markdown(REPORT, lang="both")
    assert text.index("# Gate: regression") < text.index("# 性能门禁：出现退化")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("code", get_args(ReasonCode))
def test_every_reason_has_its_sentence(code: ReasonCode, lang: Lang) -> None:
    values: Mapping[str, str] = dict.fromkeys(
        placeholders(CATALOGUE[lang][f"gate.reason.{code}"]), "baseline"
    )
    assert reason_text(Reason(code=code, values=values), Messages(lang)) != ""


@pytest.mark.parametrize(
    ("metric", "scale", "told", "threshold"),
    [
        ("accuracy", "drop", "1.20 [0.30,\N{NO-BREAK SPACE}2.10] points", "1.00 points"),
        ("cer", "drop", "1.20 [0.30,\N{NO-BREAK SPACE}2.10] points", "1.00 points"),
        ("cider", "drop", "0.012 [0.003,\N{NO-BREAK SPACE}0.021]", "0.010"),
        ("pearson", "drop", "0.012 [0.003,\N{NO-BREAK SPACE}0.021]", "0.010"),
        ("mae", "relative_drop", "1.2% [0.3%,\N{NO-BREAK SPACE}2.1%]", "1.0%"),
    ],
)
def test_a_drop_is_told_in_what_the_metric_is_told_in(
    metric: str, scale: Scale, told: str, threshold: str
) -> None:
    change = Change(scale=scale, value=0.012, low=0.003, high=0.021)
    found = replace(FEW, metric=metric, change=change, threshold=0.01)
    assert change_text(found, Messages("en")) == told
    assert threshold_text(found, Messages("en")) == threshold


@pytest.mark.parametrize("lang", LANGS)
def test_every_verdict_has_its_word(lang: Lang) -> None:
    assert {f"gate.verdict.{name}" for name in get_args(Verdict)} <= set(CATALOGUE[lang])
    assert {f"gate.headline.{name}" for name in HEADLINES} <= set(CATALOGUE[lang])


def test_a_warning_of_a_record_is_told_in_the_readers_language() -> None:
    warning = "other processes kept 1.5 of 2 cores busy: do not compare the speeds; run it alone"
    text = reason_text(Reason(code="unstable", values={"warning": warning}), Messages("zh"))
    assert "其他进程" in text
