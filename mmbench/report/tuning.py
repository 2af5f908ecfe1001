"""What each search for a setting cost, and how far the recipe's own was from the one it found."""

from dataclasses import replace

from mmbench.cards import Recipe
from mmbench.compare.cells import Cell
from mmbench.records import Record, Tried
from mmbench.report.document import Block, Column, Details, Heading, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.folding import folded
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, amount
from mmbench.report.words import (
    cell_of_task,
    listed,
    marked,
    metric_with_unit,
    outcome_text,
    score_text,
)

LEFT = ("column.model", "column.task", "column.recipe", "gaps.metric")
RIGHT = (
    "tune.trials",
    "tune.pruned",
    "tune.gave_up",
    "tune.seconds",
    "tune.samples",
    "tune.default_validation",
    "tune.tuned_validation",
    "tune.default_test",
    "tune.tuned_test",
)
SEARCH = "-search"


def tuning(findings: Findings, say: Messages) -> list[Block]:
    """A row a search; nothing where none was run."""
    if not findings.searches:
        return []
    done = [record for record in findings.searches if record.tried]
    blocks: list[Block] = [Heading(level=2, text=say("tune.heading"))]
    blocks.append(Paragraph(text=say("tune.how")))
    budgets = sorted({len(record.tried) for record in done})
    if len(budgets) > 1:
        told = listed([str(budget) for budget in budgets], say)
        blocks.append(Paragraph(text=say("tune.unequal", budgets=told)))
    for record in findings.searches:
        if record.failure is not None:
            name = cell_of_task(record, findings, say)
            text = say("tune.failed", trial=name, reason=record.failure.message)
            blocks.append(Paragraph(text=text))
    if done:
        columns = (
            *(Column(header=say(name)) for name in LEFT),
            *(Column(header=say(name), align="right") for name in RIGHT),
            Column(header=say("tune.setting")),
        )
        rows = tuple(_row(record, findings, say) for record in done)
        blocks += [Table(columns=columns, rows=rows), _every(done, say)]
    return blocks


def _row(record: Record, findings: Findings, say: Messages) -> tuple[str, ...]:
    trial, tried = record.trial, record.tried
    name = trial.task.primary
    chosen = next(each for each in tried if each.chosen)
    outcomes = [each.outcome for each in tried]
    return (
        marked(trial.model, say),
        trial.task.name,
        _recipe(record),
        metric_with_unit(name, say, trial.task),
        f"{len(tried)}",
        f"{outcomes.count('pruned')}",
        f"{outcomes.count('diverged') + outcomes.count('out_of_memory')}",
        amount(sum(each.seconds for each in tried)),
        f"{sum(each.samples for each in tried):,}",
        _validation(tried[0], name, say),
        _validation(chosen, name, say),
        *_on_test(record, findings, say),
        _setting(chosen, say),
    )


def _recipe(record: Record) -> str:
    return record.trial.recipe.name.removesuffix(SEARCH)


def _validation(tried: Tried, name: str, say: Messages) -> str:
    return MISSING if tried.validation is None else score_text(tried.validation, name, say)


def _setting(tried: Tried, say: Messages) -> str:
    return listed([f"{name}: {value:.3g}" for name, value in sorted(tried.setting.items())], say)


# -------------------------------------------------------------------------------- test


def _on_test(record: Record, findings: Findings, say: Messages) -> tuple[str, str]:
    """The primary metric of the recipe without a search, and of the tuned one, on the main test
    split of the task, by the same limit and data."""
    for task in findings.tasks:
        tuned = next((cell for cell in task.cells if _is_child(cell, record)), None)
        if tuned is not None and task.main is not None:
            plain = _untuned(tuned, task)
            default = MISSING if plain is None else outcome_text(plain, task.main, say)
            return default, outcome_text(tuned, task.main, say)
    return MISSING, MISSING


def _is_child(cell: Cell, record: Record) -> bool:
    return any(record.key in child.trial.parents for child in cell.records)


def _untuned(tuned: Cell, task: TaskFindings) -> Cell | None:
    wanted = _without_names(tuned.recipe)
    for cell in task.cells:
        same = (cell.model, cell.setup) == (tuned.model, tuned.setup)
        if same and cell.recipe.tune is None and _without_names(cell.recipe) == wanted:
            return cell
    return None


def _without_names(recipe: Recipe) -> Recipe:
    return replace(recipe, name="x", description={}, tune=None)


# ------------------------------------------------------------------------------ folded


def _every(done: list[Record], say: Messages) -> Details:
    """Every setting of every search; the records have those past the first rows."""
    numbers = ("tune.number", "grid.validation", "tune.steps", "tune.samples", "tune.seconds")
    columns = (
        *(Column(header=say(name)) for name in ("column.model", "column.task", "column.recipe")),
        *(Column(header=say(name), align="right") for name in numbers),
        Column(header=say("tune.values")),
        Column(header=say("grid.remark")),
    )
    rows = [_tried_row(record, each, say) for record in done for each in record.tried]
    return folded(say("tune.summary", count=len(rows)), columns, rows, say)


def _tried_row(record: Record, tried: Tried, say: Messages) -> tuple[str, ...]:
    told = (
        ("tune.is_default", tried.number == 0),
        ("tune.is_pruned", tried.outcome == "pruned"),
        ("tune.is_diverged", tried.outcome == "diverged"),
        ("tune.is_out_of_memory", tried.outcome == "out_of_memory"),
        ("tune.is_chosen", tried.chosen),
    )
    return (
        marked(record.trial.model, say),
        record.trial.task.name,
        _recipe(record),
        f"{tried.number + 1}",
        _validation(tried, record.trial.task.primary, say),
        f"{tried.steps:,}",
        f"{tried.samples:,}",
        amount(tried.seconds),
        _setting(tried, say),
        listed([say(key) for key, true in told if true], say),
    )
