"""The figure of learning curves: validation and losses of each cell's first seed, a row a task."""

from collections.abc import Sequence

from mmbench.compare.cells import Cell
from mmbench.report.document import Figure
from mmbench.report.drawing import COLOURS, Row, rows_of, stacked
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import amount, is_share, loss
from mmbench.report.training import chosen_curve
from mmbench.report.words import cell_name, listed_phrases, metric_with_unit, score_text

MOST_TASKS = 6
MOST_LINES = 6  # of one panel: more colours are not told apart
LEAST_POINTS = 3  # of a line; two points are a before and an after, and no curve
WIDTH, HEIGHT = 330, 170


def figure_curves(findings: Findings, say: Messages) -> Figure | None:
    """The tasks with the most curves; None where none has three validations."""
    found = [(task, cells) for task in findings.tasks if (cells := _with_curves(task))]
    if not found:
        return None
    most = sorted(found, key=lambda item: -len(item[1]))[:MOST_TASKS]
    drawn = [(task, cells) for task, cells in found if (task, cells) in most]
    panels = [_panels(task, cells[:MOST_LINES], findings, say) for task, cells in drawn]
    told = [
        say(
            "curves.alt_task",
            task=task.title,
            cells=listed_phrases([cell_name(c, findings, say) for c in cells[:MOST_LINES]], say),
        )
        for task, cells in drawn
    ]
    left = sum(len(cells) for _, cells in found)
    left -= sum(len(cells[:MOST_LINES]) for _, cells in drawn)
    alt = say("curves.alt", tasks=" ".join(told))
    if left:
        alt += say("curves.alt_rest", count=left)
    return Figure(stem="learning-curves", svg=stacked(panels), alt=alt)


def _with_curves(task: TaskFindings) -> list[Cell]:
    return [c for c in task.cells if len(chosen_curve(c.records[0])) >= LEAST_POINTS]


def _panels(task: TaskFindings, cells: Sequence[Cell], findings: Findings, say: Messages) -> Row:
    names = [cell_name(cell, findings, say) for cell in cells]
    color = {
        "field": "cell",
        "type": "nominal",
        "scale": {"domain": names, "range": COLOURS},
        "legend": {"orient": "bottom", "columns": 2, "title": None, "symbolType": "stroke"},
    }
    scores = _scores(task, cells, names, say)
    return {
        "title": task.title,
        "spacing": 30,
        "hconcat": [
            _score_panel(task, scores, color, say),
            _loss_panel(_losses(cells, names, say), color, say),
        ],
        "resolve": {"scale": {"color": "shared"}},
    }


def _scores(
    task: TaskFindings, cells: Sequence[Cell], names: Sequence[str], say: Messages
) -> list[Row]:
    scale = 100 if is_share(task.primary) else 1
    rows = []
    for cell, name in zip(cells, names, strict=True):
        points = chosen_curve(cell.records[0])
        best = next((g.best_step for g in cell.records[0].grid if g.chosen), None)
        for point in points:
            value = point.validation.get(task.primary)
            if value is None:
                continue
            told = say(
                "curves.point",
                cell=name,
                epoch=amount(point.epoch),
                score=score_text(value, task.primary, say),
            )
            rows.append(
                {
                    "cell": name,
                    "epoch": point.epoch,
                    "value": scale * value,
                    "best": point.step == best,
                    "told": told + (say("curves.point_best") if point.step == best else ""),
                }
            )
    return rows


def _losses(cells: Sequence[Cell], names: Sequence[str], say: Messages) -> list[Row]:
    rows = []
    for cell, name in zip(cells, names, strict=True):
        for point in chosen_curve(cell.records[0]):
            for kind, value in (
                ("train", point.train_loss),
                ("validation", point.validation_loss),
            ):
                if value is None:
                    continue
                side = say(f"split.{kind}")
                told = say(
                    "curves.loss_point",
                    cell=name,
                    epoch=amount(point.epoch),
                    split=side,
                    loss=loss(value),
                )
                rows.append(
                    {"cell": name, "epoch": point.epoch, "value": value, "side": side,
                     "told": told}
                )  # fmt: skip
    return rows


def _score_panel(task: TaskFindings, rows: list[Row], color: Row, say: Messages) -> Row:
    metric = metric_with_unit(task.primary, say, task.cells[0].task)
    title = say("figure.axis_plain", metric=metric, split=say("split.validation"))
    place = _place(title, say)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "data": rows_of(rows),
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1.8, "aria": False},
                "encoding": place | {"color": color},
            },
            {
                "mark": {"type": "point", "size": 22, "filled": True},
                "encoding": place
                | {
                    "color": color,
                    "size": {"condition": {"test": "datum.best", "value": 95}, "value": 22},
                    "description": {"field": "told", "type": "nominal"},
                },
            },
        ],
    }


def _loss_panel(rows: list[Row], color: Row, say: Messages) -> Row:
    sides = [say("split.train"), say("split.validation")]
    place = _place(say("curves.loss_axis"), say)
    dash = {
        "field": "side",
        "type": "nominal",
        "scale": {"domain": sides, "range": [[4, 3], [1, 0]]},
        "legend": {"orient": "bottom", "columns": 2, "title": None},
    }
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "data": rows_of(rows),
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1.5, "aria": False},
                "encoding": place | {"color": color, "strokeDash": dash},
            },
            {
                "mark": {"type": "point", "size": 16, "filled": True},
                "encoding": place
                | {"color": color, "description": {"field": "told", "type": "nominal"}},
            },
        ],
    }


def _place(title: str, say: Messages) -> Row:
    return {
        "x": {"field": "epoch", "type": "quantitative", "axis": {"title": say("curve.epoch")}},
        "y": {
            "field": "value",
            "type": "quantitative",
            "scale": {"zero": False},
            "axis": {"title": title},
        },
    }
