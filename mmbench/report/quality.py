"""Quality: for each task a table of before → after with intervals, and what lies folded below."""

from collections.abc import Sequence

from mmbench.compare.cells import Cell
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Details,
    Heading,
    Paragraph,
    Table,
)
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text
from mmbench.report.numbers import MISSING, NO_BREAK, score, score_with_interval
from mmbench.report.words import (
    cell_name,
    label_name,
    lead,
    lead_columns,
    metric_name,
    metric_with_unit,
    split_name,
)

MOST_CLASSES = 20
MOST_CELLS_BY_CLASS = 4
EXPLAINED_SPLITS = ("test", "test_shift", "test_unseen")


def quality(findings: Findings, say: Messages) -> list[Block]:
    blocks: list[Block] = [Heading(level=2, text=say("quality.heading"))]
    if not findings.tasks:
        return [*blocks, Paragraph(text=say("quality.nothing"))]
    blocks.append(Paragraph(text=say("quality.how")))
    explained = _splits(findings, say)
    if explained:
        blocks.append(BulletList(items=explained))
    for task in findings.tasks:
        blocks += _task(task, findings, say)
    return blocks


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
    for details in (
        _others(task, findings, say),
        _seeds(task, findings, say),
        _classes(task, findings, say),
    ):
        if details is not None:
            blocks.append(details)
    return blocks


def _table(task: TaskFindings, findings: Findings, say: Messages) -> Table:
    columns = lead_columns(findings, say)
    splits = tuple(
        Column(header=_split_header(task, split, say), align="right") for split in task.splits
    )
    rows = [_majority(task, task.primary, len(columns), say)]
    for cell in task.cells:
        values = [_before_after(cell, split, task.primary, say) for split in task.splits]
        rows.append((*lead(cell, findings, say), *values))
    caption = say("quality.caption", metric=metric_with_unit(task.primary, say))
    return Table(columns=columns + splits, rows=tuple(rows), caption=caption)


def _split_header(task: TaskFindings, split: str, say: Messages) -> str:
    """The split and its number of examples, where all cells were scored on the same number."""
    outcomes = [cell.outcome(split, task.primary) for cell in task.cells]
    counts = {outcome.count for outcome in outcomes if outcome is not None}
    name = split_name(split, say)
    if len(counts) != 1:
        return name
    return say("quality.split_of", split=name, count=f"{counts.pop():,}")


def _majority(task: TaskFindings, name: str, lead: int, say: Messages) -> tuple[str, ...]:
    """The majority class's row; it is a property of the data, so any cell of the basis knows it."""
    found = [
        next(filter(None, (cell.score("majority", split, name) for cell in task.cells)), None)
        for split in task.splits
    ]
    empty = (MISSING,) * (lead - 1)
    return (say("quality.majority"), *empty, *(score_with_interval(e, name) for e in found))


def _before_after(cell: Cell, split: str, name: str, say: Messages) -> str:
    before = cell.score("before", split, name)
    if cell.recipe.strategy == "zero_shot":
        return score_with_interval(before, name)
    after = cell.score("after", split, name)
    if before is None and after is None:
        return MISSING
    told = say("quality.not_applicable") if before is None else score(before.value, name)
    return f"{told}{NO_BREAK}→{NO_BREAK}{score_with_interval(after, name)}"


def _notes(task: TaskFindings, say: Messages) -> list[Block]:
    """Why there is no score before, what was scored only in part, which seeds are missing."""
    scores = [s for cell in task.cells for record in cell.records for s in record.scores]
    reasons = {s.note for s in scores if s.stage == "before" and s.value is None}
    items = [
        say("quality.why_not_applicable", reason=note_text(reason, say))
        for reason in _texts(reasons)
    ]
    items += [
        say("quality.scored_in_part", split=split_name(split, say), scored=scored, rows=rows)
        for split, scored, rows in _scored_in_part(task)
    ]
    short = [cell for cell in task.cells if cell.unfinished]
    items += [
        say(
            "quality.seeds_failed",
            cell=cell.model.name,
            recipe=cell.recipe.name,
            failed=len(cell.unfinished),
            planned=len(cell.unfinished) + len(cell.seeds),
        )
        for cell in short
    ]
    return [BulletList(items=tuple(items))] if items else []


def _texts(notes: set[str | None]) -> list[str]:
    return sorted(note for note in notes if note)


def _scored_in_part(task: TaskFindings) -> list[tuple[str, str, str]]:
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


def _others(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """The metrics that are not primary, after fine-tuning."""
    others = task.cells[0].task.metrics[1:]
    if not others:
        return None
    lead_ = lead_columns(findings, say)
    splits = tuple(Column(header=split_name(s, say), align="right") for s in task.splits)
    tables = []
    for name in others:
        rows = [_majority(task, name, len(lead_), say)]
        for cell in task.cells:
            values = [score_with_interval(cell.outcome(s, name), name) for s in task.splits]
            rows.append((*lead(cell, findings, say), *values))
        caption = say("quality.other_caption", metric=metric_with_unit(name, say))
        tables.append(Table(columns=lead_ + splits, rows=tuple(rows), caption=caption))
    return Details(
        summary=say(
            "quality.others",
            task=task.title,
            metrics=say("list.separator").join(metric_name(name, say) for name in others),
        ),
        blocks=tuple(tables),
    )


def _seeds(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """The outcome of every seed on the main split, where a cell has several."""
    seeds = sorted({seed for cell in task.cells for seed in (*cell.seeds, *cell.unfinished)})
    if task.main is None or len(seeds) < 2:
        return None
    columns = tuple(Column(header=say("quality.seed", seed=s), align="right") for s in seeds)
    rows = []
    for cell in task.cells:
        outcome = cell.outcome(task.main, task.primary)
        values = () if outcome is None else outcome.values
        reached = dict(zip(cell.seeds, values, strict=False))
        failed = dict.fromkeys(cell.unfinished, say("status.failed"))
        told = {seed: score(value, task.primary) for seed, value in reached.items()} | failed
        rows.append((*lead(cell, findings, say), *(told.get(s, MISSING) for s in seeds)))
    table = Table(
        columns=lead_columns(findings, say) + columns,
        rows=tuple(rows),
        caption=say(
            "quality.seeds_caption",
            metric=metric_with_unit(task.primary, say),
            split=split_name(task.main, say),
        ),
    )
    return Details(summary=say("quality.seeds", task=task.title), blocks=(table,))


def _classes(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """F1 by class on the main split for the cells that lead; the hardest classes first."""
    shown = (task.verdict.leaders if task.verdict else ())[:MOST_CELLS_BY_CLASS]
    scores = [_f1_by_class(cell, task.main) for cell in shown]
    support = {
        c.label: c.support
        for cell in shown
        for r in cell.records
        for c in r.classes
        if c.split == task.main
    }
    if not support:
        return None
    hardest = sorted(
        support, key=lambda label: (sum(found.get(label, 0.0) for found in scores), label)
    )
    labels = task.cells[0].task.target.labels
    columns = [
        Column(header=say("column.class")),
        Column(header=say("column.examples"), align="right"),
    ]
    columns += [Column(header=cell_name(cell, findings, say), align="right") for cell in shown]
    rows = [
        (
            label_name(label, labels, say),
            f"{support[label]:,}",
            *(score(found.get(label), "f1_macro") for found in scores),
        )
        for label in hardest[:MOST_CLASSES]
    ]
    key = "quality.classes" if len(hardest) <= MOST_CLASSES else "quality.hardest_classes"
    summary = say(key, task=task.title, shown=len(rows), classes=len(hardest))
    return Details(summary=summary, blocks=(Table(columns=tuple(columns), rows=tuple(rows)),))


def _f1_by_class(cell: Cell, split: str | None) -> dict[str, float]:
    """Mean F1 over the seeds, by label."""
    values: dict[str, list[float]] = {}
    for record in cell.records:
        for found in record.classes:
            if found.split == split:
                values.setdefault(found.label, []).append(found.f1)
    return {label: sum(each) / len(each) for label, each in values.items()}


def interval_methods(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """Metric → the ways its intervals were computed, as the records name them."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        for record in cell.records:
            for item in record.scores:
                if item.interval is not None and item.interval not in found.get(item.metric, []):
                    found.setdefault(item.metric, []).append(item.interval)
    return found
