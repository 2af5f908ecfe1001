"""Quality: for each task a table of before → after with intervals, and what lies folded below."""

import re
from collections.abc import Sequence

from mmbench.compare.cells import Cell
from mmbench.records import Score
from mmbench.report.ablation import ablation
from mmbench.report.detail import classes, other_metrics, seeds
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Heading,
    Paragraph,
    Table,
)
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text
from mmbench.report.numbers import MISSING, NO_BREAK, score, score_with_interval
from mmbench.report.parallel import parallel
from mmbench.report.parts import parts
from mmbench.report.retrieval import retrieval, retrieval_in_full
from mmbench.report.words import (
    baseline_row,
    language_name,
    lead,
    lead_columns,
    listed,
    marked,
    metric_with_unit,
    prompts_of,
    scored_in_part,
    split_name,
)

EXPLAINED_SPLITS = ("test", "test_shift", "test_unseen")
IN_PART = re.compile(r"on \d+ of \d+ rows")


def quality(findings: Findings, say: Messages) -> list[Block]:
    blocks: list[Block] = [Heading(level=2, text=say("quality.heading"))]
    if not findings.tasks:
        return [*blocks, Paragraph(text=say("quality.nothing"))]
    blocks.append(Paragraph(text=say("quality.how")))
    if any(cell.recipe.strategy == "zero_shot" for cell in findings.cells):
        blocks.append(Paragraph(text=say("quality.how_zero_shot")))
    explained = _splits(findings, say)
    if explained:
        blocks.append(BulletList(items=explained))
    for task in findings.tasks:
        blocks += _task(task, findings, say)
    return blocks + parallel(findings, say)


def _splits(findings: Findings, say: Messages) -> tuple[str, ...]:
    seen = {split for task in findings.tasks for split in task.splits}
    if not seen.intersection(EXPLAINED_SPLITS[1:]):
        return ()
    return tuple(say(f"quality.{name}") for name in EXPLAINED_SPLITS if name in seen)


def _task(task: TaskFindings, findings: Findings, say: Messages) -> list[Block]:
    blocks: list[Block] = [Heading(level=3, text=task.title)]
    described = say.pick(task.cells[0].task.description)
    if described:
        blocks.append(Paragraph(text=described))
    blocks.append(_table(task, findings, say))
    blocks += _notes(task, say)
    blocks += retrieval(task, findings, say)
    blocks += parts(task, findings, say)
    blocks += ablation(task, findings, say)
    for details in (
        retrieval_in_full(task, findings, say),
        other_metrics(task, findings, say),
        seeds(task, findings, say),
        classes(task, findings, say),
    ):
        if details is not None:
            blocks.append(details)
    return blocks


def _table(task: TaskFindings, findings: Findings, say: Messages) -> Table:
    columns = lead_columns(findings, say)
    splits = tuple(
        Column(header=_split_header(task, split, say), align="right") for split in task.splits
    )
    baselines = [
        score_with_interval(task.baseline(split, task.primary), task.primary)
        for split in task.splits
    ]
    rows = [baseline_row(task, baselines, findings, say)]
    for cell in task.cells:
        values = [_before_after(cell, split, task.primary, say) for split in task.splits]
        rows.append((*lead(cell, findings, say), *values))
    caption = say("quality.caption", metric=metric_with_unit(task.primary, say, task.cells[0].task))
    return Table(columns=columns + splits, rows=tuple(rows), caption=caption)


def _split_header(task: TaskFindings, split: str, say: Messages) -> str:
    """The split and its number of examples, where all cells were scored on the same number."""
    outcomes = [cell.outcome(split, task.primary) for cell in task.cells]
    counts = {outcome.count for outcome in outcomes if outcome is not None}
    name = split_name(split, say)
    if len(counts) != 1:
        return name
    return say("quality.split_of", split=name, count=f"{counts.pop():,}")


def _before_after(cell: Cell, split: str, name: str, say: Messages) -> str:
    before = cell.score("before", split, name)
    if cell.recipe.strategy == "zero_shot":
        return score_with_interval(before, name)
    after = cell.score("after", split, name)
    if before is None and after is None:
        return MISSING
    told = _no_before(cell, split, name, say) if before is None else score(before.value, name)
    return f"{told}{NO_BREAK}→{NO_BREAK}{score_with_interval(after, name)}"


def _no_before(cell: Cell, split: str, name: str, say: Messages) -> str:
    """`n/a` where the model has no such score, a dash where it was not asked for one."""
    asked = any(record.score("before", split, name) is not None for record in cell.records)
    return say("quality.not_applicable") if asked else MISSING


# ------------------------------------------------------------------------------- notes


def _notes(task: TaskFindings, say: Messages) -> list[Block]:
    """What the scores before are, what was scored only in part, which seeds are missing."""
    items = [*_before(task, say), *_not_applicable(task, say)]
    items += [
        say("quality.scored_in_part", split=split_name(split, say), scored=scored, rows=rows)
        for split, scored, rows in scored_in_part(task)
    ]
    items += [
        say("quality.score_note", split=split_name(split, say), note=note_text(note, say))
        for split, note in _score_notes(task)
    ]
    items += [
        say(
            "quality.seeds_failed",
            cell=marked(cell.model, say),
            recipe=cell.recipe.name,
            failed=len(cell.unfinished),
            planned=len(cell.unfinished) + len(cell.seeds),
        )
        for cell in task.cells
        if cell.unfinished
    ]
    return [BulletList(items=tuple(items))] if items else []


def _before(task: TaskFindings, say: Messages) -> list[str]:
    """How each model was scored before any training, where one was."""
    models: dict[tuple[str, str | None], dict[str, None]] = {}
    for cell in task.cells:
        if any(score.stage == "before" and score.value is not None for score in _scores([cell])):
            models.setdefault(_how_before(cell), {})[marked(cell.model, say)] = None
    items = []
    for (key, language), found in models.items():
        named = listed(list(found), say)
        if language is None:
            items.append(say(key, models=named))
        else:
            items.append(say(key, models=named, language=language_name(language, say)))
    return items


def _how_before(cell: Cell) -> tuple[str, str | None]:
    """The message, and the language of the prompts if that is what it tells."""
    language = prompts_of(cell)
    if cell.mark == "scratch":
        return "quality.before_random", None
    if language is None and "generates" in cell.model.gives:
        return "quality.before_writes", None
    return ("quality.before_joint" if language is None else "quality.before_prompts"), language


def _not_applicable(task: TaskFindings, say: Messages) -> list[str]:
    """Why some models have no score before, and which."""
    models: dict[str, dict[str, None]] = {}
    for cell in task.cells:
        for found in _scores([cell]):
            if found.stage == "before" and found.value is None and found.note:
                reason = note_text(found.note, say)
                models.setdefault(reason, {})[marked(cell.model, say)] = None
    return [
        say("quality.why_not_applicable", reason=reason, models=listed(list(named), say))
        for reason, named in sorted(models.items())
    ]


def _score_notes(task: TaskFindings) -> list[tuple[str, str]]:
    """What is noted of scores that there are, by split, less what `scored_in_part` says."""
    notes: dict[tuple[str, str], None] = {}
    for found in _scores(task.cells):
        for note in (found.note or "").split("; ") if found.value is not None else ():
            if note and not IN_PART.fullmatch(note):
                notes[found.split, note] = None
    return list(notes)


def _scores(cells: Sequence[Cell]) -> list[Score]:
    return [score for cell in cells for record in cell.records for score in record.scores]
