"""The figure of quality against speed, latency and memory: a row of panels a task."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmbench.compare.cells import Cell
from mmbench.report.document import Figure
from mmbench.report.drawing import COLOURS, SHAPES, Row, rows_of, stacked
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import GIB, is_share
from mmbench.report.words import (
    cell_name,
    listed_phrases,
    mark,
    metric_with_unit,
    model_name,
    outcome_text,
    split_name,
)

if TYPE_CHECKING:
    from mmbench.report.pareto import Axis, Field

MOST_FIELDS = 6  # rows of panels; the table has all
MOST_NAMED = 12  # points of a front with their names; more would lie on each other
WIDTH, HEIGHT = 230, 190
FORMAT = {"rate": "~s", "latency": "~r", "memory": "~r"}
SCALE = {"rate": 1.0, "latency": 1.0, "memory": GIB}
LINE = {"type": "line", "interpolate": "linear", "strokeWidth": 1.5, "color": "#888", "aria": False}


def figure_pareto(
    fields: Sequence["Field"], axes: Sequence["Axis"], findings: Findings, say: Messages
) -> Figure:
    """The fields with the most cells, in the order of the report."""
    most = sorted(fields, key=lambda field: -len(field.cells))[:MOST_FIELDS]
    drawn = [field for field in fields if field in most]
    recipes = sorted({cell.recipe.name for field in drawn for cell in field.cells})
    panels = [_panels(field, axes, recipes, findings, say) for field in drawn]
    alt = say("pareto.alt", tasks=" ".join(_alt(field, findings, say) for field in drawn))
    if len(drawn) < len(fields):
        alt += say("pareto.alt_rest", count=len(fields) - len(drawn))
    return Figure(stem="pareto", svg=stacked(panels, shared=("color", "shape")), alt=alt)


def _panels(
    field: "Field", axes: Sequence["Axis"], recipes: list[str], findings: Findings, say: Messages
) -> Row:
    shown = [axis for axis in axes if axis.name in field.fronts]
    return {
        "title": _title(field, findings, say),
        "spacing": 22,
        "hconcat": [
            _panel(field, axis, recipes, place == 0, findings, say)
            for place, axis in enumerate(shown)
        ],
    }


def _title(field: "Field", findings: Findings, say: Messages) -> str:
    letter = findings.letter(field.setup)
    if len(findings.setups) == 1 or letter is None:
        return field.task.title
    return say("name.on_setup", name=field.task.title, setup=letter)


def _panel(
    field: "Field",
    axis: "Axis",
    recipes: list[str],
    first: bool,
    findings: Findings,
    say: Messages,
) -> Row:
    rows = [row for cell in field.cells if (row := _row(field, cell, axis, findings, say))]
    for row in [row for row in rows if row["front"]][MOST_NAMED:]:
        row["name"] = ""
    task = field.task
    assert task.main is not None, "a field holds cells with an outcome on the main split"
    title = say("figure.axis_plain", metric=metric_with_unit(task.primary, say, task.cells[0].task),
                split=split_name(task.main, say))  # fmt: skip
    values = [row["x"] for row in rows]
    domain = [min(values) / 1.35, max(values) * 1.35]
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"type": "log", "domain": domain, "nice": False},
        "axis": {
            "title": say(f"pareto_axis.{axis.name}"),
            "tickCount": 4,
            "format": FORMAT[axis.name],
        },
    }
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"zero": False, "padding": 12},
        "axis": {"title": title if first else None},
    }
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "data": rows_of(rows),
        "layer": [
            {
                "transform": [{"filter": "datum.front"}],
                "mark": LINE,
                "encoding": {"x": x, "y": y, "order": {"field": "x"}},
            },
            {
                "mark": {"type": "point", "size": 90, "filled": True, "strokeWidth": 1.5},
                "encoding": {"x": x, "y": y} | _point(recipes, say),
            },
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {"type": "text", "dy": -10, "fontSize": 10, "color": "#333",
                         "aria": False, "limit": 150},
                "encoding": {"x": x, "y": y, "text": {"field": "name"}},
            },
        ],
    }  # fmt: skip


def _point(recipes: list[str], say: Messages) -> Row:
    marks = [say("mark.pretrained"), say("mark.scratch")]
    return {
        "color": {
            "field": "recipe",
            "type": "nominal",
            "scale": {"domain": recipes, "range": COLOURS},
            "title": say("column.recipe"),
        },
        "shape": {
            "field": "mark",
            "type": "nominal",
            "scale": {"domain": marks, "range": SHAPES},
            "title": say("column.mark"),
        },
        "opacity": {"condition": {"test": "datum.front", "value": 1}, "value": 0.45},
        "description": {"field": "told", "type": "nominal"},
    }


def _row(field: "Field", cell: Cell, axis: "Axis", findings: Findings, say: Messages) -> Row | None:
    task, value = field.task, axis.value(cell)
    outcome = None if task.main is None else cell.outcome(task.main, task.primary)
    if value is None or outcome is None or task.main is None or value <= 0:
        return None
    on = cell.identity in field.fronts[axis.name]
    told = say(
        "pareto.point",
        cell=cell_name(cell, findings, say),
        score=outcome_text(cell, task.main, say),
        value=axis.text(value),
        unit=say(f"pareto_unit.{axis.name}"),
    )
    return {
        "x": value / SCALE[axis.name],
        "y": outcome.value * (100 if is_share(task.primary) else 1),
        "name": model_name(cell, findings, say),
        "mark": mark(cell.model, say),
        "recipe": cell.recipe.name,
        "front": on,
        "told": told + (say("pareto.point_on_front") if on else ""),
    }


def _alt(field: "Field", findings: Findings, say: Messages) -> str:
    told = []
    for name, those in field.fronts.items():
        cells = [cell_name(cell, findings, say) for cell in field.cells if cell.identity in those]
        told.append(
            say("pareto.alt_axis", axis=say(f"pareto.{name}"),
                cells=listed_phrases(cells, say, most=4))
        )  # fmt: skip
    return say("pareto.alt_task", task=field.task.title, axes=listed_phrases(told, say))
