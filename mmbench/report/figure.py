"""The figure: the primary metric on the test split with its interval, by task, model and recipe."""

from collections.abc import Sequence

from mmbench.compare.cells import Cell
from mmbench.metrics.table import metric
from mmbench.report.document import Block, Figure, Paragraph
from mmbench.report.drawing import COLOURS, SHAPES, Row, rows_of, stacked
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import is_share
from mmbench.report.words import (
    baseline_name,
    listed_phrases,
    mark,
    metric_with_unit,
    model_name,
    outcome_text,
    recipe_name,
    split_name,
)

WIDTH = 520
ROW = 22  # pixels for one recipe of one model
MOST_PANELS, MOST_ROWS = 24, 20  # more are not taken in at a glance; the tables have all


def figure(findings: Findings, say: Messages) -> list[Block]:
    """One panel a task, of its best cells; nothing if nothing was scored on a test split."""
    found = [(task, rows) for task in findings.tasks if (rows := _rows(task, findings, say))]
    if not found:
        return []
    drawn = found[:MOST_PANELS]
    recipes = sorted({row["recipe"] for _, rows in drawn for row in rows[:MOST_ROWS]})
    panels = [_panel(task, rows, recipes, say) for task, rows in drawn]
    svg = stacked(panels, shared=("color", "shape"))
    blocks: list[Block] = [
        Figure(stem="quality", svg=svg, alt=_alt([task for task, _ in drawn], findings, say))
    ]
    if len(drawn) < len(found):
        blocks.append(Paragraph(text=say("figure.rest", shown=len(drawn), all=len(found))))
    return blocks


def _rows(task: TaskFindings, findings: Findings, say: Messages) -> list[Row]:
    """One row a cell that has an outcome on the main split; values as they are printed."""
    rows = []
    for cell in task.cells:
        outcome = None if task.main is None else cell.outcome(task.main, task.primary)
        if outcome is None:
            continue
        scale = 100 if is_share(task.primary) else 1
        low = outcome.value if outcome.low is None else outcome.low
        high = outcome.value if outcome.high is None else outcome.high
        rows.append(
            {
                "model": _label(cell, findings, say),
                "mark": mark(cell.model, say),
                "recipe": cell.recipe.name,
                "value": scale * outcome.value,
                "low": scale * low,
                "high": scale * high,
            }
        )
    return rows


def _label(cell: Cell, findings: Findings, say: Messages) -> str:
    name, letter = model_name(cell, findings, say), findings.letter(cell.setup)
    if len(findings.setups) == 1:
        return name
    return say("figure.on_setup", model=name, setup=letter)


def _panel(task: TaskFindings, rows: Sequence[Row], recipes: Sequence[str], say: Messages) -> Row:
    shown = rows[:MOST_ROWS]
    here = [recipe for recipe in recipes if recipe in {row["recipe"] for row in shown}]
    models = list(dict.fromkeys(row["model"] for row in shown))
    baseline = _baseline(task)
    ends = [row["low"] for row in shown] + [row["high"] for row in shown]
    ends += [] if baseline is None else [baseline]
    domain = _domain(ends, task.primary)
    name = baseline_name(task.kind, say)
    layers = [] if baseline is None else _baseline_line(baseline, name, domain)
    title = task.title
    if len(shown) < len(rows):
        title = say("figure.best", task=title, shown=len(shown), all=len(rows))
    return {
        "title": title,
        "width": WIDTH,
        "height": ROW * len(here) * len(models) + 12,
        "data": rows_of(shown),
        "layer": [*layers, *_marks(task, models, here, recipes, domain, say)],
    }


def _marks(
    task: TaskFindings,
    models: Sequence[str],
    here: Sequence[str],
    recipes: Sequence[str],
    domain: Sequence[float],
    say: Messages,
) -> list[Row]:
    """The intervals, and the values upon them. here: the recipes of this panel alone."""
    assert task.main is not None, "a panel has rows, and rows a split"
    title = say(
        "figure.axis",
        metric=metric_with_unit(task.primary, say, task.cells[0].task),
        split=split_name(task.main, say),
    )
    x = {"type": "quantitative", "scale": {"domain": domain, "zero": False}, "title": title}
    color = {"domain": recipes, "range": COLOURS}
    place = {
        "y": {"field": "model", "type": "nominal", "sort": models, "title": None},
        "yOffset": {"field": "recipe", "type": "nominal", "sort": here, "scale": {"domain": here}},
        "color": _named("recipe", color, say("column.recipe")),
    }
    shape = {"domain": [say("mark.pretrained"), say("mark.scratch")], "range": SHAPES}
    return [
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": place | {"x": x | {"field": "low"}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "size": 90, "filled": True, "opacity": 1},
            "encoding": place
            | {"x": x | {"field": "value"}, "shape": _named("mark", shape, say("column.mark"))},
        },
    ]


def _named(field: str, scale: Row, title: str) -> Row:
    """With a legend of its own."""
    return {"field": field, "type": "nominal", "scale": scale, "title": title}


def _domain(ends: list[float], name: str) -> list[float]:
    """A little more than the data's span, and no more than the metric can be."""
    lowest, highest = (end * (100 if is_share(name) else 1) for end in metric(name).range)
    margin = 0.06 * (max(ends) - min(ends) or 1.0)
    return [max(lowest, min(ends) - margin), min(highest, max(ends) + margin)]


def _baseline_line(value: float, name: str, domain: Sequence[float]) -> list[Row]:
    """Its name stands on the side where there is more room."""
    left = value > sum(domain) / 2
    data = rows_of([{"value": value, "text": name}])
    x = {"field": "value", "type": "quantitative"}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "strokeDash": [4, 3], "color": "#777", "strokeWidth": 1.5},
            "encoding": {"x": x},
        },
        {
            "data": data,
            "mark": {
                "type": "text",
                "align": "right" if left else "left",
                "dx": -4 if left else 4,
                "dy": -4,
                "baseline": "bottom",
                "color": "#555",
                "fontSize": 11,
            },
            "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "text", "type": "nominal"}},
        },
    ]


def _baseline(task: TaskFindings) -> float | None:
    """What every model must beat on the main split, as it is printed."""
    assert task.main is not None, "only panels with a main split are drawn"
    known = task.baseline(task.main, task.primary)
    if known is None:
        return None
    return known.value * (100 if is_share(task.primary) else 1)


def _alt(panels: list[TaskFindings], findings: Findings, say: Messages) -> str:
    """The same in words, for who cannot see it."""
    told = []
    for task in panels:
        assert task.main is not None, "only panels with a main split are drawn"
        values = [
            say(
                "figure.value",
                model=_label(cell, findings, say),
                recipe=recipe_name(cell, say),
                score=outcome_text(cell, task.main, say),
            )
            for cell in task.cells
            if cell.outcome(task.main, task.primary) is not None
        ]
        told.append(say("figure.task", task=task.title, values=listed_phrases(values, say, most=6)))
    return say("figure.alt", tasks=" ".join(told))
