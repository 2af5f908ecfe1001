"""Ways to fine-tune: what each reaches of its model's best, and what it costs."""

from collections.abc import Callable, Sequence
from statistics import median

from mmbench.cards.recipe import Strategy
from mmbench.compare.strategies import Way, ways
from mmbench.report.document import Block, Column, Heading, Paragraph, Table
from mmbench.report.findings import Findings
from mmbench.report.folding import folded
from mmbench.report.i18n import Messages
from mmbench.report.limits import MEMORY
from mmbench.report.matches import MOST_TESTS
from mmbench.report.numbers import (
    MISSING,
    amount,
    many,
    percent,
    score_with_interval,
    size,
)
from mmbench.report.times import seconds_alone
from mmbench.report.words import cell_name, metric_with_unit, tested


def strategies(findings: Findings, say: Messages, *, all_pairs: bool = False) -> list[Block]:
    """A row a strategy, and every cell folded; nothing where no model was trained in two ways.

    Where there are more than MOST_TESTS to be made, none is, unless all pairs are asked for: which
    were left out would decide what Holm's correction lets through.
    """
    found = findings.once("strategies", lambda: _ways(findings, all_pairs=all_pairs))
    if not found:
        return []
    return [
        Heading(level=2, text=say("ways.heading")),
        Paragraph(text=say("ways.how")),
        _summary(found, say),
        _every(found, findings, say),
    ]


def _ways(findings: Findings, *, all_pairs: bool) -> list[Way]:
    untested = ways(findings.scored, lambda *_: None)
    if sum(not way.is_best for way in untested) > MOST_TESTS and not all_pairs:
        return untested
    return ways(findings.scored, findings.against)


def _summary(found: Sequence[Way], say: Messages) -> Table:
    """Over all models and tasks, in the order of the median time."""
    kinds: dict[Strategy, list[Way]] = {}
    for way in found:
        kinds.setdefault(way.cell.recipe.strategy, []).append(way)
    columns = (
        Column(header=say("ways.strategy")),
        Column(header=say("ways.cells"), align="right"),
        Column(header=say("ways.best"), align="right"),
        Column(header=say("ways.worse"), align="right"),
        Column(header=say("ways.untested"), align="right"),
        Column(header=say("ways.seconds"), align="right"),
        Column(header=say("ways.trained"), align="right"),
    )
    rows = [
        (
            strategy,
            f"{len(group)}",
            f"{sum(way.is_best for way in group)}",
            f"{sum(way.worse for way in group)}",
            f"{sum(not way.is_tested for way in group)}",
            _median(group, _seconds, amount),
            _median(group, _trained, percent),
        )
        for strategy, group in sorted(
            kinds.items(), key=lambda item: median(map(_seconds, item[1]))
        )
    ]
    return Table(columns=columns, rows=tuple(rows))


def _seconds(way: Way) -> float:
    return seconds_alone(way.cell)


def _median(
    group: Sequence[Way],
    of: Callable[[Way], float | None],
    written: Callable[[float | None], str],
) -> str:
    known = [value for value in map(of, group) if value is not None]
    return written(median(known)) if len(known) == len(group) else MISSING


def _trained(way: Way) -> float | None:
    """Of the parameters, the share that is trained."""
    whole, trained = (way.cell.measured(name) for name in ("parameters", "trainable_parameters"))
    if whole is None or trained is None or not whole.value:
        return None
    return trained.value / whole.value


def _every(found: Sequence[Way], findings: Findings, say: Messages) -> Block:
    columns = (
        Column(header=say("column.task")),
        Column(header=say("ways.cell")),
        Column(header=say("ways.strategy")),
        Column(header=say("gaps.metric")),
        Column(header=say("regions.score"), align="right"),
        Column(header=say("ways.against_best"), align="right"),
        Column(header=say("ways.one_trial"), align="right"),
        Column(header=say("ways.parameters"), align="right"),
        Column(header=say("ways.memory"), align="right"),
    )
    rows = [_row(way, findings, say) for way in found]
    return folded(say("ways.summary", count=len(rows)), columns, rows, say)


def _row(way: Way, findings: Findings, say: Messages) -> tuple[str, ...]:
    cell, name = way.cell, way.cell.task.primary
    trained = cell.measured("trainable_parameters")
    peaks = [peak for each in MEMORY if (peak := cell.measured(each)) is not None]
    return (
        cell.task.name,
        cell_name(cell, findings, say),
        cell.recipe.strategy,
        metric_with_unit(name, say, cell.task),
        score_with_interval(cell.outcome(way.split, name), name),
        _verdict(way, say),
        amount(seconds_alone(way.cell)),
        many(None if trained is None else trained.value),
        size(peaks[0].value) if peaks else MISSING,
    )


def _verdict(way: Way, say: Messages) -> str:
    return say("ways.is_best") if way.is_best else tested(way.told, shown=way.worse, say=say)
