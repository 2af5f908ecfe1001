"""The figure: the primary metric on the test split with its interval, by task, model and recipe.

Drawn through Altair and vl-convert into SVG with real <text>, so that Chinese shows in whatever
font the reader has. It stands on its own white ground, legible on light and dark pages alike.
"""

import json
from typing import Any

from mmbench.compare.cells import Cell
from mmbench.metrics.table import metric
from mmbench.report.document import Figure
from mmbench.report.drawing import COLOURS, SHAPES, Row, config
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
WHOLE = ("$schema", "config")  # of a specification, and of no panel in it


def figure(findings: Findings, say: Messages) -> Figure | None:
    """One panel a task; None if nothing was scored on a test split."""
    drawn = [(task, rows) for task in findings.tasks if (rows := _rows(task, findings, say))]
    if not drawn:
        return None
    import vl_convert

    panels = [task for task, _ in drawn]
    recipes = sorted({cell.recipe.name for task in panels for cell in task.cells})
    names = [f"panel-{place}" for place in range(len(drawn))]
    charts = [
        _panel(task, name, rows, recipes, say)
        for name, (task, rows) in zip(names, drawn, strict=True)
    ]
    spec = _stacked(charts)
    spec["datasets"] |= zip(names, (rows for _, rows in drawn), strict=True)
    svg = vl_convert.vegalite_to_svg(spec)
    return Figure(stem="quality", svg=svg, alt=_alt(panels, findings, say))


def _stacked(charts: list[Any]) -> Row:
    """The specification of the panels one above the other.

    Altair copies each chart, its data included, again and again as it is put together. So it
    stacks the first alone, the others follow it as they are, and rows are known by name.
    """
    import altair

    chart = altair.vconcat(charts[0], spacing=28, config=config()).resolve_scale(
        x="independent", yOffset="independent", color="shared", shape="shared"
    )
    spec: Row = json.loads(chart.to_json(validate=False))
    spec.setdefault("datasets", {})
    for other in charts[1:]:
        panel = json.loads(other.to_json(validate=False))
        spec["datasets"] |= panel.pop("datasets", {})
        spec["vconcat"].append({key: panel[key] for key in panel if key not in WHOLE})
    return spec


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


def _panel(
    task: TaskFindings, name: str, rows: list[Row], recipes: list[str], say: Messages
) -> Any:
    """A panel of the rows, which stand in the dataset `name`."""
    import altair

    models = list(dict.fromkeys(row["model"] for row in rows))
    here = [recipe for recipe in recipes if recipe in {row["recipe"] for row in rows}]
    assert task.main is not None, "a panel has rows, and rows a split"
    title = say(
        "figure.axis",
        metric=metric_with_unit(task.primary, say, task.cells[0].task),
        split=split_name(task.main, say),
    )
    ends = [row["low"] for row in rows] + [row["high"] for row in rows]
    baseline = _baseline(task)
    ends += [] if baseline is None else [baseline]
    domain = _domain(ends, task.primary)
    scale = altair.Scale(domain=domain, zero=False)
    base = altair.Chart(altair.NamedData(name=name)).encode(
        y=altair.Y("model:N", sort=models, title=None),
        yOffset=altair.YOffset("recipe:N", sort=here, scale=altair.Scale(domain=here)),
        color=altair.Color(
            "recipe:N",
            scale=altair.Scale(domain=recipes, range=COLOURS),
            title=say("column.recipe"),
        ),
    )
    marks = [say("mark.pretrained"), say("mark.scratch")]
    bars = base.mark_rule(strokeWidth=2).encode(
        x=altair.X("low:Q", scale=scale, title=title), x2="high:Q"
    )
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        x=altair.X("value:Q", scale=scale, title=title),
        shape=altair.Shape(
            "mark:N",
            scale=altair.Scale(domain=marks, range=SHAPES),
            title=say("column.mark"),
        ),
    )
    layers = bars + points
    if baseline is not None:
        layers = _baseline_line(baseline, baseline_name(task.kind, say), domain) + layers
    height = ROW * len(here) * len(models) + 12
    return layers.properties(title=task.title, width=WIDTH, height=height)


def _domain(ends: list[float], name: str) -> list[float]:
    """A little more than the data's span, and no more than the metric can be."""
    lowest, highest = (end * (100 if is_share(name) else 1) for end in metric(name).range)
    margin = 0.06 * (max(ends) - min(ends) or 1.0)
    return [max(lowest, min(ends) - margin), min(highest, max(ends) + margin)]


def _baseline_line(value: float, text: str, domain: list[float]) -> Any:
    """Its name stands on the side where there is more room."""
    import altair

    data = altair.InlineData(values=[{"value": value, "text": text}])
    base = altair.Chart(data).encode(x="value:Q")
    line = base.mark_rule(strokeDash=[4, 3], color="#777", strokeWidth=1.5)
    left = value > sum(domain) / 2
    label = base.mark_text(
        align="right" if left else "left",
        dx=-4 if left else 4,
        dy=-4,
        baseline="bottom",
        color="#555",
        fontSize=11,
    )
    return line + label.encode(text="text:N", y=altair.value(0))


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
