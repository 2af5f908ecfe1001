"""A gate's report as Markdown, for a pull request: the verdict, what is not a pass, and why."""

from collections.abc import Sequence
from typing import Literal

from mmbench.compare.gate import Finding, GateReport, Missing, Reason, Verdict
from mmbench.compare.quality import scale_of
from mmbench.metrics.table import METRICS
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Details,
    Document,
    Heading,
    Lang,
    Notice,
    Paragraph,
    Table,
)
from mmbench.report.i18n import Messages
from mmbench.report.markdown import render
from mmbench.report.notes import failure_text, note_text
from mmbench.report.numbers import MINUS, MISSING, NO_BREAK, is_share, score_with_unit, size
from mmbench.report.words import listed, listed_phrases

HEADLINES: tuple[Verdict, ...] = ("pass", "regression", "error", "cannot_tell")
"""By exit status."""

ORDER: tuple[Verdict, ...] = ("regression", "error", "cannot_tell", "warning", "pass")
COLUMNS = ("cell", "metric", "baseline", "candidate", "change", "count", "threshold", "verdict")
RIGHT = ("baseline", "candidate", "change", "count", "threshold")


def gate_markdown(report: GateReport, *, lang: Literal["en", "zh", "both"]) -> str:
    """One document; with `both`, English first and Chinese below it."""
    languages: tuple[Lang, ...] = ("en", "zh") if lang == "both" else (lang,)
    return "\n".join(render(gate_document(report, language)) for language in languages)


def gate_document(report: GateReport, lang: Lang) -> Document:
    say = Messages(lang)
    blocks: list[Block] = [Paragraph(text=summary(report, say))]
    if not report.findings:
        blocks.append(Notice(kind="warning", text=say("gate.nothing")))
    shown = [found for verdict in ORDER[:-1] for found in report.of(verdict)]
    passed = report.of("pass")
    if shown or passed:
        blocks.append(_table(shown or passed, say))
        blocks.append(Paragraph(text=say("gate.how")))
    blocks += [*_missing(report, say), *_reasons(shown, say), *_rest(report, say)]
    if shown and passed:
        summary_line = say("gate.passed", count=len(passed))
        blocks.append(Details(summary=summary_line, blocks=(_table(passed, say),)))
    return Document(title=headline(report, say), lang=lang, blocks=tuple(blocks))


def headline(report: GateReport, say: Messages) -> str:
    return say(f"gate.headline.{HEADLINES[report.status]}")


def summary(report: GateReport, say: Messages) -> str:
    """What was compared with what, and how many of each verdict there are."""
    return say(
        "gate.compared",
        candidate=report.candidate,
        baseline=report.baseline,
        mode=say(f"gate.mode.{report.mode}"),
        count=len(report.findings),
        regressions=len(report.of("regression")),
        errors=len(report.of("error")),
        unknown=len(report.of("cannot_tell")),
        warnings=len(report.of("warning")),
        passed=len(report.of("pass")),
    )


def reason_text(reason: Reason, say: Messages) -> str:
    """Why it is no pass, and what to do, in the reader's language as far as it is known."""
    values = dict(reason.values)
    if "side" in values:
        values["side"] = say(f"gate.side.{values['side']}")
    if "warning" in values:
        values["warning"] = note_text(values["warning"], say)
    if "message" in values:
        values["message"] = failure_text(values["message"], say)
    return say(f"gate.reason.{reason.code}", **values)


def missing_text(missing: Missing, say: Messages) -> str:
    return say(
        "gate.missing_item",
        what=_where(missing.cell, missing.metric, say),
        side=say(f"gate.side.{missing.lacking}"),
    )


def reasons(findings: Sequence[Finding], say: Messages) -> list[str]:
    """Each reason once, with all that it is about."""
    about: dict[str, list[str]] = {}
    for found in findings:
        if found.reason is not None:
            sentence = reason_text(found.reason, say)
            about.setdefault(sentence, []).append(_where(found.cell, found.metric, say))
    return [
        say("gate.why_item", where=listed_phrases(where, say, most=5), sentence=sentence)
        for sentence, where in about.items()
    ]


def change_text(finding: Finding, say: Messages) -> str:
    """`1.072 [1.051, 1.090]`, `1.30 [0.20, 2.40] points`, `12.0% [8.0%, 15.0%]`; of a metric that
    is no share of one, such as CIDEr, `0.083 [0.051, 0.120]`."""
    change = finding.change
    if change is None:
        return MISSING
    points = change.scale == "drop" and is_share(finding.metric)
    text = _amount(change.value, change.scale, points=points)
    if change.low is not None and change.high is not None:
        low, high = (_amount(end, change.scale, points=points) for end in (change.low, change.high))
        text += f" [{low},{NO_BREAK}{high}]"
    return say("gate.points", text=text) if points else text


def _amount(value: float, scale: str, *, points: bool) -> str:
    if scale == "ratio":
        return f"{value:.3f}"
    if scale == "drop":
        digits = f"{100 * value:.2f}" if points else f"{value:.3f}"
    else:
        digits = f"{100 * value:.1f}%"
    return digits.replace("-", MINUS)


def threshold_text(finding: Finding, say: Messages) -> str:
    if finding.aspect != "quality":
        return MISSING if not finding.metric else f"{1 + finding.threshold:.3f}"
    row = METRICS.get(finding.metric)
    if row is None:
        return MISSING
    if scale_of(row) == "relative_drop":
        return f"{100 * finding.threshold:.1f}%"
    if not row.is_share:
        return f"{finding.threshold:.3f}"
    return say("gate.points", text=f"{100 * finding.threshold:.2f}")


def _table(findings: Sequence[Finding], say: Messages) -> Table:
    columns = tuple(
        Column(header=say(f"gate.column.{name}"), align="right" if name in RIGHT else "left")
        for name in COLUMNS
    )
    return Table(columns=columns, rows=tuple(_row(found, say) for found in findings))


def _row(found: Finding, say: Messages) -> tuple[str, ...]:
    change = found.change
    counted = MISSING
    if change is not None and change.count is not None and change.counted is not None:
        counted = say(f"gate.counted.{change.counted}", count=change.count)
    return (
        found.cell,
        found.metric or MISSING,
        _value(found.baseline, found),
        _value(found.candidate, found),
        change_text(found, say),
        counted,
        threshold_text(found, say),
        say(f"gate.verdict.{found.verdict}"),
    )


def _value(value: float | None, found: Finding) -> str:
    if value is None:
        return MISSING
    if found.aspect == "quality":
        return score_with_unit(value, found.metric) if found.metric in METRICS else f"{value:.4g}"
    if found.aspect == "memory":
        return size(value)
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{number}{NO_BREAK}{found.unit}" if found.unit else number


def _where(cell: str, metric: str | None, say: Messages) -> str:
    return say("gate.where", cell=cell, metric=metric) if metric else cell


def _missing(report: GateReport, say: Messages) -> list[Block]:
    if not report.missing:
        return []
    key = "gate.missing_allowed" if report.allow_missing else "gate.missing"
    items = tuple(missing_text(item, say) for item in report.missing)
    return [Notice(kind="note" if report.allow_missing else "warning", text=say(key), items=items)]


def _reasons(findings: Sequence[Finding], say: Messages) -> list[Block]:
    items = tuple(reasons(findings, say))
    return [Heading(level=2, text=say("gate.why")), BulletList(items=items)] if items else []


def _rest(report: GateReport, say: Messages) -> list[Block]:
    blocks: list[Block] = []
    if report.differences:
        text = say("gate.differences")
        blocks.append(Notice(kind="note", text=text, items=tuple(report.differences)))
    if report.unused:
        metrics = listed(report.unused, say)
        blocks.append(Notice(kind="warning", text=say("gate.unused", metrics=metrics)))
    if report.notes:
        blocks.append(BulletList(items=report.notes))
    return blocks
