"""Retrieval: recall in both directions by split, among how many candidates."""

from collections.abc import Callable

from mmbench.compare.cells import Estimate
from mmbench.report.document import Block, BulletList, Column, Details, Paragraph, Table
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, score, score_with_interval
from mmbench.report.words import (
    baseline_row,
    lead,
    lead_columns,
    scored_in_part,
    split_name,
    stage_name,
)

ORDER = (
    "i2t_recall@1",
    "i2t_recall@5",
    "i2t_recall@10",
    "i2t_median_rank",
    "t2i_recall@1",
    "t2i_recall@5",
    "t2i_recall@10",
    "t2i_median_rank",
    "mean_recall",
)
WITH_INTERVAL = ("i2t_recall@1", "t2i_recall@1", "mean_recall")

Written = Callable[[Estimate | None, str], str]


def retrieval(task: TaskFindings, findings: Findings, say: Messages) -> list[Block]:
    """How recall is computed, and a table for each test split; nothing for other kinds of task.

    The intervals of the columns in between stand in `retrieval_in_full`.
    """
    if not _has_tables(task):
        return []
    how = Paragraph(text=say("retrieval.how", stage=stage_name(task, say)))
    tables = [_table(task, split, _some_intervals, findings, say) for split in task.tests]
    notes: tuple[str, ...] = ()
    if any(task.baseline(split, name) for split in task.tests for name in _columns(task)):
        notes = (say("retrieval.chance"),)
    below: list[Block] = [BulletList(items=notes)] if notes else []
    return [how, *tables, *below]


def retrieval_in_full(task: TaskFindings, findings: Findings, say: Messages) -> Details | None:
    """The same for every split and with every interval."""
    if not _has_tables(task):
        return None
    return Details(
        summary=say("retrieval.all", task=task.title),
        blocks=tuple(
            _table(task, split, score_with_interval, findings, say) for split in task.splits
        ),
    )


def _has_tables(task: TaskFindings) -> bool:
    return task.kind.name == "retrieval" and len(task.cells[0].task.metrics) > 1


def _columns(task: TaskFindings) -> list[str]:
    """The task's metrics, direction by direction."""
    asked = task.cells[0].task.metrics
    return [name for name in ORDER if name in asked] + [n for n in asked if n not in ORDER]


def _table(
    task: TaskFindings, split: str, written: Written, findings: Findings, say: Messages
) -> Table:
    names = _columns(task)
    columns = (
        *lead_columns(findings, say),
        *(Column(header=say(f"short.{name}"), align="right") for name in names),
    )
    chance = [written(task.baseline(split, name), name) for name in names]
    rows = [baseline_row(task, chance, findings, say)]
    for cell in task.cells:
        values = [written(cell.outcome(split, name), name) for name in names]
        if any(value != MISSING for value in values):  # zero-shot has no score on train
            rows.append((*lead(cell, findings, say), *values))
    return Table(columns=columns, rows=tuple(rows), caption=_caption(task, split, say))


def _some_intervals(estimate: Estimate | None, name: str) -> str:
    if estimate is not None and name not in WITH_INTERVAL:
        return score(estimate.value, name)
    return score_with_interval(estimate, name)


def _caption(task: TaskFindings, split: str, say: Messages) -> str:
    """The split, and among how many images and texts its queries were asked."""
    told = split_name(split, say)
    for name, scored, rows in scored_in_part(task):
        if name == split:  # the candidates are those of the rows that were scored
            return say("retrieval.caption_of_part", split=told, scored=scored, rows=rows)
    images, texts = candidates_of(task, split)
    if not images or not texts:
        return say("retrieval.caption_unknown", split=told)
    return say("retrieval.caption", split=told, images=images, texts=texts)


def candidates_of(task: TaskFindings, split: str) -> tuple[str, str]:
    """How many images and how many texts of the split are ranked, as text; empty if unknown."""
    records = [record for cell in task.cells for record in cell.records]
    found = [
        facts.candidates for record in records for facts in record.data if facts.split == split
    ]
    counts = [sorted({c[side] for c in found if side in c}) for side in ("image", "text")]
    images, texts = (" / ".join(f"{count:,}" for count in side) for side in counts)
    return images, texts
