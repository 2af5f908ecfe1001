"""Names and short phrases that several sections share."""

from collections.abc import Sequence

from mmbench.cards import Label, ModelCard
from mmbench.compare.cells import Cell, setup_of
from mmbench.records import Record
from mmbench.report.document import Column
from mmbench.report.findings import Findings, identity
from mmbench.report.i18n import Messages
from mmbench.report.numbers import (
    MISSING,
    is_share,
    score,
    score_with_interval,
    score_with_unit,
)

KNOWN_SPLITS = ("test", "validation", "train")


def mark(model: ModelCard, say: Messages) -> str:
    """`pretrained` or `scratch`: whether the weights knew anything before the task."""
    return say(f"mark.{model.start}")


def model_name(cell: Cell, findings: Findings, say: Messages) -> str:
    """The model and its mark, with a piece of the key where two cells would look the same."""
    key = identity(cell)
    name = f"{cell.model.name} #{key[:4]}" if key in findings.ambiguous else cell.model.name
    return say("name.model", model=name, mark=mark(cell.model, say))


def cell_name(cell: Cell, findings: Findings, say: Messages) -> str:
    """Model, mark and recipe, and the setup if there are several."""
    model = model_name(cell, findings, say)
    name = say("name.cell", model=model, recipe=cell.recipe.name)
    return _on_setup(name, cell.setup, findings, say)


def cell_of_task(record: Record, findings: Findings, say: Messages) -> str:
    """As `cell_name`, for where the task is not clear from the place."""
    model, task, recipe = record.trial.cell
    marked = say("name.model", model=model, mark=mark(record.trial.model, say))
    name = say("name.cell_of_task", model=marked, task=task, recipe=recipe)
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
    letter = findings.letter(key)
    if letter is None or len(findings.setups) == 1:
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
    found = (model_name(cell, findings, say), cell.recipe.name)
    letter = findings.letter(cell.setup) or MISSING
    return (*found, letter) if len(findings.setups) > 1 else found


def metric_name(name: str, say: Messages) -> str:
    return say(f"metric.{name}")


def metric_with_unit(name: str, say: Messages) -> str:
    """The metric as a table header: `accuracy (%)` where values are in percent."""
    return f"{metric_name(name, say)} (%)" if is_share(name) else metric_name(name, say)


def split_name(name: str, say: Messages) -> str:
    return say(f"split.{name}") if name in KNOWN_SPLITS else name


def outcome_text(cell: Cell, split: str, say: Messages) -> str:
    """The cell's primary metric on the split, as it stands in a sentence: `87.3% [85.1, 89.2]`."""
    name = cell.task.primary
    found = cell.outcome(split, name)
    if found is None:
        return MISSING
    plain, interval = score(found.value, name), score_with_interval(found, name)
    return score_with_unit(found.value, name) + interval.removeprefix(plain)


def label_name(value: str, labels: tuple[Label, ...] | None, say: Messages) -> str:
    """A class by its name for people, if the task's card gives one."""
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
