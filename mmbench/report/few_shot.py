"""Few-shot curves: how quality grows with the rows of each class that a model was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmbench.compare.cells import Cell
from mmbench.report.document import (
    Block,
    Column,
    Details,
    Figure,
    Heading,
    Paragraph,
)
from mmbench.report.drawing import COLOURS, Row, rows_of, stacked
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.folding import folded
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, is_share, score_with_interval
from mmbench.report.words import (
    cell_name,
    lead,
    lead_columns,
    listed_phrases,
    metric_with_unit,
    model_name,
    outcome_text,
    split_name,
)

MOST_TASKS = 6
MOST_LINES = 7
WIDTH, HEIGHT = 520, 190
TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Cells of one model, strategy and head on one task and setup, by rising numbers of rows."""

    task: TaskFindings
    cells: tuple[Cell, ...]


def training_rows(cell: Cell) -> int | None:
    """How many rows the cell was trained on, all classes together."""
    rows = (facts.examples for facts in cell.records[0].data if facts.split == TRAIN)
    return next(rows, None)


def curves_of(findings: Findings) -> list[Curve]:
    """Where a recipe with `shots` was run, and the same strategy with other shots or all rows."""
    found = []
    for task in findings.tasks:
        groups: dict[tuple[object, ...], list[Cell]] = {}
        for cell in task.cells:
            known = task.main is not None and cell.outcome(task.main, task.primary) is not None
            if known and training_rows(cell) and cell.recipe.strategy != "zero_shot":
                recipe = cell.recipe
                key = (cell.model.name, cell.mark, cell.setup, recipe.strategy, recipe.head)
                groups.setdefault(key, []).append(cell)
        for cells in groups.values():
            cells.sort(key=lambda cell: (training_rows(cell) or 0, cell.recipe.name))
            if len(cells) > 1 and any(cell.recipe.shots for cell in cells):
                found.append(Curve(task=task, cells=tuple(cells)))
    return found


def few_shot(findings: Findings, say: Messages) -> list[Block]:
    """The figure, and its numbers folded; nothing where no recipe has `shots`."""
    curves = curves_of(findings)
    if not curves:
        return []
    return [
        Heading(level=2, text=say("shots.heading")),
        Paragraph(text=say("shots.how")),
        _figure(curves, findings, say),
        _table(curves, findings, say),
    ]


def _table(curves: Sequence[Curve], findings: Findings, say: Messages) -> Details:
    columns = (
        Column(header=say("column.task")),
        *lead_columns(findings, say),
        Column(header=say("shots.shots"), align="right"),
        Column(header=say("shots.rows"), align="right"),
        Column(header=say("gaps.metric")),
        Column(header=say("gaps.main"), align="right"),
    )
    rows = [_row(curve.task, cell, findings, say) for curve in curves for cell in curve.cells]
    return folded(say("shots.summary"), columns, rows, say)


def _row(task: TaskFindings, cell: Cell, findings: Findings, say: Messages) -> tuple[str, ...]:
    main = None if task.main is None else cell.outcome(task.main, task.primary)
    shots, rows = cell.recipe.shots, training_rows(cell)
    return (
        task.title,
        *lead(cell, findings, say),
        say("shots.all") if shots is None else f"{shots:,}",
        MISSING if rows is None else f"{rows:,}",
        metric_with_unit(task.primary, say, task.cells[0].task),
        score_with_interval(main, task.primary),
    )


# ------------------------------------------------------------------------------ figure


def _figure(curves: Sequence[Curve], findings: Findings, say: Messages) -> Figure:
    tasks: dict[str, list[Curve]] = {}
    for curve in curves:
        tasks.setdefault(curve.task.title, []).append(curve)
    shown = [those[:MOST_LINES] for those in tasks.values()][:MOST_TASKS]
    told = [_told(curve, findings, say) for those in shown for curve in those]
    alt = say("shots.alt", curves=listed_phrases(told, say))
    left = len(curves) - len(told)
    if left:
        alt += say("shots.alt_rest", count=left)
    svg = stacked([_panel(those, findings, say) for those in shown])
    return Figure(stem="few-shot", svg=svg, alt=alt)


def _told(curve: Curve, findings: Findings, say: Messages) -> str:
    assert curve.task.main is not None, "a curve holds outcomes on the main split"
    values = [
        say("shots.alt_point", rows=f"{training_rows(cell) or 0:,}",
            score=outcome_text(cell, curve.task.main, say))
        for cell in curve.cells
    ]  # fmt: skip
    name = _line(curve, findings, say)
    return say(
        "shots.alt_curve", task=curve.task.title, line=name, values=listed_phrases(values, say)
    )


def _line(curve: Curve, findings: Findings, say: Messages) -> str:
    first = curve.cells[0]
    strategy = say(f"strategy_short.{first.recipe.strategy}")
    return say("name.cell", model=model_name(first, findings, say), recipe=strategy)


def _panel(curves: Sequence[Curve], findings: Findings, say: Messages) -> Row:
    task = curves[0].task
    assert task.main is not None, "a curve holds outcomes on the main split"
    names = [_line(curve, findings, say) for curve in curves]
    rows = [
        _point(cell, curve, name, findings, say)
        for curve, name in zip(curves, names, strict=True)
        for cell in curve.cells
    ]
    color = {
        "field": "line",
        "type": "nominal",
        "scale": {"domain": names, "range": COLOURS},
        "legend": {"orient": "bottom", "columns": 2, "title": None},
    }
    x = {
        "field": "rows",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 20},
        "axis": {"title": say("shots.axis"), "format": "~s", "tickCount": 5},
    }
    title = say("figure.axis_plain", metric=metric_with_unit(task.primary, say, task.cells[0].task),
                split=split_name(task.main, say))  # fmt: skip
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False},
        "axis": {"title": title},
    }
    place = {"x": x, "y": y, "color": color}
    rule = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}, "color": color}
    return {
        "title": task.title,
        "width": WIDTH,
        "height": HEIGHT,
        "data": rows_of(rows),
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 1.8, "aria": False}, "encoding": place},
            {"mark": {"type": "rule", "aria": False}, "encoding": rule},
            {
                "mark": {"type": "point", "size": 70, "filled": True, "opacity": 1},
                "encoding": place | {"description": {"field": "told", "type": "nominal"}},
            },
        ],
    }


def _point(cell: Cell, curve: Curve, line: str, findings: Findings, say: Messages) -> Row:
    task = curve.task
    assert task.main is not None, "a curve holds outcomes on the main split"
    outcome = cell.outcome(task.main, task.primary)
    assert outcome is not None, "a curve holds cells with an outcome"
    scale = 100 if is_share(task.primary) else 1
    rows = training_rows(cell) or 0
    return {
        "line": line,
        "rows": rows,
        "value": scale * outcome.value,
        "low": scale * (outcome.value if outcome.low is None else outcome.low),
        "high": scale * (outcome.value if outcome.high is None else outcome.high),
        "told": say(
            "shots.point",
            cell=cell_name(cell, findings, say),
            rows=f"{rows:,}",
            score=outcome_text(cell, task.main, say),
        ),
    }
