"""国内 against 国外: where models of both regions met, who is ahead, and what that shows."""

from collections.abc import Sequence

from mmbench.compare.cells import Cell
from mmbench.compare.regions import (
    BASE_FROM,
    FEWEST_TASKS,
    LARGE_FROM,
    REGIONS,
    SIZES,
    Meeting,
    Size,
    meetings,
    sign_p,
)
from mmbench.report.document import Block, BulletList, Column, Heading, Paragraph, Table
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import difference, many, probability, score_with_interval
from mmbench.report.words import cell_name, metric_with_unit, tested


def regions(findings: Findings, say: Messages) -> list[Block]:
    """Nothing unless there are pretrained models of both regions."""
    there = {cell.model.region for cell in findings.cells if cell.mark == "pretrained"}
    if not there.issuperset(REGIONS):
        return []
    found = findings.once("regions", lambda: meetings(findings.scored, findings.against))
    blocks: list[Block] = [
        Heading(level=2, text=say("regions.heading")),
        Paragraph(text=say("regions.how", base=many(BASE_FROM), large=many(LARGE_FROM))),
    ]
    if not found:
        return [*blocks, Paragraph(text=say("regions.none"))]
    sizes = [size for size in SIZES if any(met.size == size for met in found)]
    told = tuple(_sentence(size, [m for m in found if m.size == size], say) for size in sizes)
    return [*blocks, BulletList(items=told), _table(found, findings, say)]


def _sentence(size: Size, found: Sequence[Meeting], say: Messages) -> str:
    shown = [met.ahead for met in found if met.shown]
    text = say(
        "regions.size",
        size=say(f"regions.{size}"),
        tasks=len(found),
        domestic=shown.count("domestic"),
        international=shown.count("international"),
        unshown=len(found) - len(shown),
    )
    ahead = [met.ahead for met in found]
    p = sign_p(ahead)
    if p is None:
        return text + say("regions.few", needed=FEWEST_TASKS)
    values = {
        "domestic": ahead.count("domestic"),
        "international": ahead.count("international"),
        "p": probability(p),
    }
    return text + say("regions.over_tasks" if p < 0.05 else "regions.even", **values)


def _table(found: Sequence[Meeting], findings: Findings, say: Messages) -> Table:
    columns = (
        Column(header=say("column.task")),
        Column(header=say("regions.size_class")),
        Column(header=say("gaps.metric")),
        Column(header=say("regions.domestic")),
        Column(header=say("regions.score"), align="right"),
        Column(header=say("regions.international")),
        Column(header=say("regions.score"), align="right"),
        Column(header=say("compare.difference"), align="right"),
        Column(header=say("compare.test"), align="right"),
    )
    rows = tuple(_row(met, findings, say) for met in found)
    return Table(columns=columns, rows=rows, caption=say("regions.caption"))


def _row(met: Meeting, findings: Findings, say: Messages) -> tuple[str, ...]:
    name = met.domestic.task.primary
    ours, theirs = (cell.outcome(met.split, name) for cell in (met.domestic, met.international))
    assert ours is not None, "only cells with a score meet"
    assert theirs is not None, "only cells with a score meet"
    return (
        met.domestic.task.name,
        say(f"regions.{met.size}"),
        metric_with_unit(name, say, met.domestic.task),
        _best_of(met.domestic, met.models[0], findings, say),
        score_with_interval(ours, name),
        _best_of(met.international, met.models[1], findings, say),
        score_with_interval(theirs, name),
        difference(ours.value - theirs.value, name),
        tested(met.told, shown=met.shown, say=say),
    )


def _best_of(cell: Cell, models: int, findings: Findings, say: Messages) -> str:
    return say("regions.best_of", cell=cell_name(cell, findings, say), models=models)
