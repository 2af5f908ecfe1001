"""Names and short phrases that several sections share."""

from collections.abc import Sequence

from mmbench.cards import Label, ModelCard, TaskCard, prompt_language
from mmbench.compare.baselines import Below
from mmbench.compare.cells import Cell, setup_of
from mmbench.compare.versus import Against
from mmbench.kinds import Kind, kind
from mmbench.metrics.table import metric
from mmbench.records import Record
from mmbench.report.document import Column
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import (
    MISSING,
    RANK,
    TARGET,
    is_share,
    probability,
    score,
    score_with_interval,
    score_with_unit,
)

KNOWN_LANGUAGES = ("en", "zh")
KNOWN_SPLITS = ("test", "validation", "train")
OWN_BASELINE = (
    "captioning",
    "multilabel",
    "multitask",
    "question_answering",
    "regression",
    "transcription",
)
"""Kinds whose baseline needs other words than that of others of the same rule."""


def mark(model: ModelCard, say: Messages) -> str:
    """`pretrained` or `scratch`: whether the weights knew anything before the task."""
    return say(f"mark.{model.start}")


def marked(model: ModelCard, say: Messages) -> str:
    """The model's name with its mark."""
    return say("name.model", model=model.name, mark=mark(model, say))


def model_name(cell: Cell, findings: Findings, say: Messages) -> str:
    """The model and its mark, with a piece of the key where two cells would look the same."""
    key = cell.identity
    name = f"{cell.model.name} #{key[:4]}" if key in findings.ambiguous else cell.model.name
    return say("name.model", model=name, mark=mark(cell.model, say))


def recipe_name(cell: Cell, say: Messages) -> str:
    """The recipe, with the language of the prompts where its answers begin with them."""
    language = prompts_of(cell)
    by_name = "zero_shot" in (cell.recipe.strategy, cell.recipe.head)
    if language is None or not by_name:
        return cell.recipe.name
    told = language_name(language, say)
    return say("name.prompts", recipe=cell.recipe.name, language=told)


def prompts_of(cell: Cell) -> str | None:
    """The language in which the model was told the classes before any training."""
    if kind(cell.task.kind).target != "class":
        return None
    return prompt_language(cell.model, cell.task, cell.recipe)


def cell_name(cell: Cell, findings: Findings, say: Messages) -> str:
    """Model, mark and recipe, and the setup if there are several."""
    model = model_name(cell, findings, say)
    name = say("name.cell", model=model, recipe=recipe_name(cell, say))
    return _on_setup(name, cell.setup, findings, say)


def cell_of_task(record: Record, findings: Findings, say: Messages) -> str:
    """As `cell_name`, for where the task is not clear from the place."""
    model = marked(record.trial.model, say)
    _, task, recipe = record.trial.cell
    name = say("name.cell_of_task", model=model, task=task, recipe=recipe)
    return _on_setup(name, setup_of(record.fingerprint), findings, say)


def trial_names(records: Sequence[Record], findings: Findings, say: Messages) -> list[str]:
    """The trials by name; those that differ only by seed share one."""
    seeds: dict[str, list[str]] = {}
    for record in records:
        name = cell_of_task(record, findings, say)
        seeds.setdefault(name, []).append(str(record.trial.seed))
    return [say("name.trial", cell=name, seeds=listed(group, say)) for name, group in seeds.items()]


def _on_setup(name: str, key: str, findings: Findings, say: Messages) -> str:
    """The name with the letter of the setup, if there are several."""
    letter = None if len(findings.setups) == 1 else findings.letter(key)
    if letter is None:
        return name
    return say("name.on_setup", name=name, setup=letter)


def lead_columns(findings: Findings, say: Messages) -> tuple[Column, ...]:
    """The columns that say which cell a row is about; `lead` gives their content.

    The mark stands with the model's name, so that no row is ever without it.
    """
    names = ["column.model", "column.recipe"]
    if len(findings.setups) > 1:
        names.append("column.setup")
    return tuple(Column(header=say(name)) for name in names)


def lead(cell: Cell, findings: Findings, say: Messages) -> tuple[str, ...]:
    found = (model_name(cell, findings, say), recipe_name(cell, say))
    if len(findings.setups) == 1:
        return found
    return (*found, findings.letter(cell.setup) or MISSING)


def baseline_row(
    task: TaskFindings, values: Sequence[str], findings: Findings, say: Messages
) -> tuple[str, ...]:
    """The first row of a table of scores: what every model must beat."""
    empty = (MISSING,) * (len(lead_columns(findings, say)) - 1)
    return (baseline_name(task.kind, say), *empty, *values)


def baseline_name(of: Kind, say: Messages) -> str:
    """What a model of the kind must beat, as a table names it."""
    return say(f"baseline.{of.name if of.name in OWN_BASELINE else of.baseline}")


def against_baseline(of: Kind, say: Messages) -> str:
    """The same as it stands in a sentence."""
    return say(f"against.{of.name if of.name in OWN_BASELINE else of.baseline}")


def scored_in_part(task: TaskFindings) -> list[tuple[str, str, str]]:
    """Splits of which fewer rows were scored than they hold: split, rows scored, rows."""
    found = []
    for split in task.splits:
        outcomes = [cell.outcome(split, task.primary) for cell in task.cells]
        scored = {o.count for o in outcomes if o is not None and o.count is not None}
        records = [record for cell in task.cells for record in cell.records]
        rows = {f.examples for record in records for f in record.data if f.split == split}
        if scored and rows and min(scored) < max(rows):
            found.append((split, f"{min(scored):,}", f"{max(rows):,}"))
    return found


def metric_name(name: str, say: Messages) -> str:
    return say(f"metric.{name}")


def metric_with_unit(name: str, say: Messages, task: TaskCard | None = None) -> str:
    """The metric as a table header: `accuracy (%)` where values are in percent, and where it does
    not go without saying, which way is better. task: whose targets may have a unit."""
    row = metric(name)
    unit = "%" if is_share(name) else ""
    if row.unit:
        own = None if task is None or row.unit != TARGET else say.pick(task.unit)
        unit = own or say(f"unit.{row.unit}")
    if not row.higher_is_better and row.unit != RANK:
        unit = say("unit.lower", unit=unit)
    return f"{metric_name(name, say)} ({unit})" if unit else metric_name(name, say)


def score_text(value: float | None, name: str, say: Messages) -> str:
    """A metric's value as it stands in a sentence: `87.3%`, `rank 12.5`."""
    if value is not None and metric(name).unit == RANK:
        return say("value.rank", value=score(value, name))
    return score_with_unit(value, name)


def baseline_text(item: Below, say: Messages) -> str:
    """What the trial ended below, as it stands in a sentence."""
    own = kind(item.record.trial.task.kind)
    if item.baseline == own.baseline:
        return against_baseline(own, say)
    if item.baseline_recipe is None:
        return say(f"against.{item.baseline}")
    return say("against.probe", recipe=item.baseline_recipe)


def tested(told: Against | None, *, shown: bool, say: Messages) -> str:
    """The p of a paired test, and whether it shows a difference; a dash where none was made."""
    if told is None:
        return MISSING
    return probability(told.p) + ("" if shown else say("compare.not_shown"))


def split_name(name: str, say: Messages) -> str:
    return say(f"split.{name}") if name in KNOWN_SPLITS else name


def language_name(code: str, say: Messages) -> str:
    return say(f"lang.{code}") if code in KNOWN_LANGUAGES else code


def stage_name(task: TaskFindings, say: Messages) -> str:
    """When the outcomes of the task's cells were scored."""
    zero_shot = {cell.recipe.strategy == "zero_shot" for cell in task.cells}
    if len(zero_shot) > 1:
        return say("stage.mixed")
    return say("stage.before") if True in zero_shot else say("stage.after")


def outcome_text(cell: Cell, split: str, say: Messages) -> str:
    """The cell's primary metric on the split, as it stands in a sentence: `87.3% [85.1, 89.2]`."""
    name = cell.task.primary
    found = cell.outcome(split, name)
    if found is None:
        return MISSING
    plain, interval = score(found.value, name), score_with_interval(found, name)
    return score_text(found.value, name, say) + interval.removeprefix(plain)


def label_name(value: str, task: TaskCard, say: Messages) -> str:
    """A class by its name for people, if the task's card gives one; of several targets, the class
    of one, `target: class`."""
    for name, part in task.target.parts.items():
        head = f"{name}: "
        if value.startswith(head):
            return head + _label_name(value.removeprefix(head), part.labels, say)
    return _label_name(value, task.target.labels, say)


def _label_name(value: str, labels: tuple[Label, ...] | None, say: Messages) -> str:
    for label in labels or ():
        if str(label.value) == value:
            return say.pick(label.names) or value
    return value


def listed(items: Sequence[str], say: Messages, *, most: int | None = None) -> str:
    """Short items in one line; past `most` only their number is given."""
    return _joined(items, "list.separator", most, say)


def listed_phrases(items: Sequence[str], say: Messages, *, most: int | None = None) -> str:
    """As `listed`, for items that hold commas themselves."""
    return _joined(items, "list.semicolon", most, say)


def _joined(items: Sequence[str], separator: str, most: int | None, say: Messages) -> str:
    most = len(items) if most is None else most
    shown = say(separator).join(items[:most])
    rest = len(items) - most
    return say("list.and_more", shown=shown, count=rest) if rest > 0 else shown
