"""Tasks that hold the same content in several languages, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmbench.compare.cells import Cell
from mmbench.compare.checks import input_concerns
from mmbench.digests import digest_of
from mmbench.report.document import Block, BulletList, Column, Heading, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, difference, percent, score_with_interval
from mmbench.report.retrieval import candidates_of
from mmbench.report.words import (
    baseline_row,
    language_name,
    lead,
    lead_columns,
    listed,
    listed_phrases,
    marked,
    metric_with_unit,
    split_name,
)

FIRST = "en"  # its column comes first; the others follow in alphabetical order


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Tasks of one `parallel`: the same content, limit and primary metric.

    `tasks`: language → task. `rows`: for each model × recipe × setup, language → cell.
    """

    name: str
    tasks: Mapping[str, TaskFindings]
    rows: tuple[Mapping[str, Cell], ...]

    @property
    def first(self) -> TaskFindings:
        return next(iter(self.tasks.values()))


def parallel(findings: Findings, say: Messages) -> list[Block]:
    """A part for each family of at least two tasks with records; nothing where there is none."""
    groups: dict[tuple[object, ...], list[TaskFindings]] = {}
    for task in findings.tasks:
        card = task.cells[0].task
        if card.parallel is not None:
            key = (card.parallel, task.primary, task.basis.limit, task.basis.behaviour)
            groups.setdefault(key, []).append(task)
    blocks: list[Block] = []
    for (name, *_), tasks in groups.items():
        if len({task.basis.task for task in tasks}) > 1:
            blocks += _part(str(name), tasks, findings, say)
    return blocks


def _part(
    name: str, tasks: Sequence[TaskFindings], findings: Findings, say: Messages
) -> list[Block]:
    heading = Heading(level=3, text=say("parallel.heading", name=name))
    titles = listed([task.title for task in tasks], say)
    if len({task.basis.task for task in tasks}) < len(tasks):
        return [heading, Paragraph(text=say("parallel.versions", tasks=titles))]
    family = _family(name, tasks)
    tables = [
        _table(family, split, findings, say)
        for split in family.first.tests
        if all(split in task.tests for task in family.tasks.values())
    ]
    if not tables:
        return []
    notes = [*_candidates(family, say), *_unknown(family, say)]
    if any(len(row) < len(family.tasks) for row in family.rows):
        notes.append(say("parallel.absent"))
    below: list[Block] = [BulletList(items=tuple(notes))] if notes else []
    return [heading, Paragraph(text=say("parallel.how", tasks=titles)), *tables, *below]


def _family(name: str, tasks: Sequence[TaskFindings]) -> Family:
    languages = [task.cells[0].task.languages for task in tasks]
    if len({each[:1] for each in languages}) == len(tasks) and all(languages):
        by_language = {each[0]: task for each, task in zip(languages, tasks, strict=True)}
    else:  # a language would not tell them apart
        by_language = {task.title: task for task in tasks}
    order = sorted(by_language, key=lambda language: (language != FIRST, language))
    rows: dict[str, dict[str, Cell]] = {}
    for language in order:
        for cell in by_language[language].cells:
            rows.setdefault(_same_but_task(cell, tasks[0]), {})[language] = cell
    return Family(
        name=name,
        tasks={language: by_language[language] for language in order},
        rows=tuple(rows.values()),
    )


def _same_but_task(cell: Cell, task: TaskFindings) -> str:
    """Equal for cells of one model, recipe and setup: their key, were they all of one task."""
    trial = cell.records[0].trial
    digests = {"model": trial.digests.get("model", "")}
    alike = replace(trial, task=task.cells[0].task, seed=0, digests=digests)
    return digest_of([alike.key, trial.model.name, trial.recipe.name, cell.setup])


def _table(family: Family, split: str, findings: Findings, say: Messages) -> Table:
    """A column a language, and after each but the first its difference to the first."""
    name, told = family.first.primary, split_name(split, say)
    first, *others = (language_name(language, say) for language in family.tasks)
    headers = [say("parallel.column", split=told, language=first)]
    for other in others:
        headers.append(say("parallel.column", split=told, language=other))
        headers.append(say("parallel.difference", split=told, first=first, second=other))
    bar, *bars = (
        score_with_interval(task.baseline(split, name), name) for task in family.tasks.values()
    )
    empty = [bar, *(text for other in bars for text in (other, MISSING))]
    rows = [baseline_row(family.first, empty, findings, say)]
    for row in family.rows:
        cell = next(iter(row.values()))
        rows.append((*lead(cell, findings, say), *_values(row, family, split)))
    return Table(
        columns=(
            *lead_columns(findings, say),
            *(Column(header=header, align="right") for header in headers),
        ),
        rows=tuple(rows),
        caption=say(
            "parallel.caption",
            metric=metric_with_unit(name, say),
            first=first,
            second=listed(others, say),
        ),
    )


def _values(row: Mapping[str, Cell], family: Family, split: str) -> list[str]:
    name = family.first.primary
    first, *others = (
        row[language].outcome(split, name) if language in row else None for language in family.tasks
    )
    values = [score_with_interval(first, name)]
    for other in others:
        values.append(score_with_interval(other, name))
        if first is None or other is None:
            values.append(MISSING)
        else:
            values.append(difference(other.value - first.value, name))
    return values


def _candidates(family: Family, say: Messages) -> list[str]:
    """Splits whose languages have different numbers of images or texts to choose from."""
    items = []
    for split in family.first.tests:
        found = {name: candidates_of(task, split) for name, task in family.tasks.items()}
        if len(set(found.values())) > 1 and all(all(counts) for counts in found.values()):
            counted = [
                say(
                    "parallel.counted",
                    language=language_name(name, say),
                    images=images,
                    texts=texts,
                )
                for name, (images, texts) in found.items()
            ]
            told = listed_phrases(counted, say)
            items.append(say("parallel.candidates", split=split_name(split, say), counts=told))
    return items


def _unknown(family: Family, say: Messages) -> list[str]:
    """Models whose vocabulary does not hold the texts of a language."""
    found: dict[str, None] = {}
    for row in family.rows:
        for language, cell in row.items():
            for concern in input_concerns(cell.records):
                if concern.kind not in ("truncated", "cut_clips"):
                    text = say(
                        "parallel.unknown",
                        model=marked(cell.model, say),
                        language=language_name(language, say),
                        task=concern.task,
                        split=split_name(concern.split, say),
                        share=percent(concern.share),
                    )
                    found[text] = None
    return list(found)
