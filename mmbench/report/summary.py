"""The beginning of a report: what was compared, what the intervals support, what to beware of."""

from collections.abc import Sequence

from mmbench.compare.baselines import Bar, Below, below_baselines
from mmbench.compare.checks import Verdict, input_concerns
from mmbench.records import Record
from mmbench.report.document import Block, BulletList, Heading, Notice, Paragraph
from mmbench.report.findings import Findings, TaskFindings
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text, unstable_warnings
from mmbench.report.numbers import percent
from mmbench.report.words import (
    against_baseline,
    baseline_text,
    cell_name,
    cell_of_task,
    listed,
    listed_phrases,
    metric_name,
    outcome_text,
    score_text,
    split_name,
    trial_names,
)

BARS: tuple[Bar, ...] = (
    "majority",
    "chance",
    "constant",
    "word_majority",
    "zero_shot",
    "probe",
)


def summary(findings: Findings, say: Messages) -> list[Block]:
    """What was compared, and for each task one sentence on what the intervals support."""
    blocks: list[Block] = [
        Heading(level=2, text=say("summary.heading")),
        Paragraph(text=_compared(findings, say)),
    ]
    if findings.tasks:
        blocks.append(
            BulletList(items=tuple(_sentence(task, findings, say) for task in findings.tasks))
        )
    return blocks + _notices(findings, say)


def _compared(findings: Findings, say: Messages) -> str:
    trials = [record.trial for record in findings.records]
    first = findings.setups[0].records[0]
    text = say(
        "summary.compared",
        models=len({trial.model.name for trial in trials}),
        tasks=len({trial.task.name for trial in trials}),
        recipes=len({trial.recipe.name for trial in trials}),
        trials=len(trials),
        seeds=listed([str(seed) for seed in sorted({trial.seed for trial in trials})], say),
        ok=len(findings.with_status("ok")),
        failed=len(findings.with_status("failed")),
        refused=len(findings.with_status("refused")),
    )
    if len(findings.setups) > 1:
        return text
    return text + say(
        "summary.machine",
        device=first.fingerprint.device_name,
        threads=first.fingerprint.threads,
    )


def _sentence(task: TaskFindings, findings: Findings, say: Messages) -> str:
    verdict = task.verdict
    if verdict is None or not verdict.leaders:
        return say("verdict.unscored", task=task.title)
    first = verdict.leaders[0]
    values = {
        "task": task.title,
        "metric": metric_name(verdict.metric, say),
        "split": split_name(verdict.split, say),
    }
    leaders = [
        say(
            "verdict.leader",
            cell=cell_name(c, findings, say),
            score=outcome_text(c, verdict.split, say),
        )
        for c in verdict.leaders
    ]
    if verdict.supported:
        text = say("verdict.best", leader=leaders[0], others=verdict.compared - 1, **values)
    elif verdict.compared == 1:
        text = say("verdict.alone", leader=leaders[0], **values)
    elif len(leaders) == 1:
        lost = listed([str(seed) for seed in first.unfinished], say)
        text = say("verdict.incomplete", leader=leaders[0], seeds=lost, **values)
    else:
        text = say("verdict.tied", leaders=listed_phrases(leaders, say, most=6), **values)
        if verdict.compared > len(leaders):
            text += say("verdict.others_below", count=verdict.compared - len(leaders))
    return text + _against_baseline(task, verdict, say)


def _against_baseline(task: TaskFindings, verdict: Verdict, say: Messages) -> str:
    """Said where it is not shown to be beaten, and of a cell that has no other beside it."""
    if verdict.above_baseline is None or (verdict.above_baseline and verdict.compared > 1):
        return ""
    key = "verdict.above_baseline"
    if not verdict.above_baseline:
        alone = len(verdict.leaders) == 1
        key = "verdict.alone_not_above" if alone else "verdict.not_above_baseline"
    baseline = verdict.leaders[0].baseline(verdict.split, verdict.metric)
    assert baseline is not None, "above_baseline is None without a baseline's score"
    return say(
        key,
        baseline=against_baseline(task.kind, say),
        value=score_text(baseline.value, verdict.metric, say),
    )


# ----------------------------------------------------------------------------- notices


def _notices(findings: Findings, say: Messages) -> list[Block]:
    """Everything that a reader must know before any number; nothing, if there is nothing."""
    below = below_baselines(findings.records)
    found = [
        *(notice for bar in BARS for notice in _below(bar, below, findings, say)),
        *_lost(findings, say),
        *_setups(findings, say),
        *_seen_little(findings, say),
        *_recorded(findings, say),
    ]
    return list(found)


def _below(
    baseline: Bar, found: Sequence[Below], findings: Findings, say: Messages
) -> list[Notice]:
    """One notice, with a line for each cell that names its seeds."""
    cells: dict[tuple[object, ...], list[Below]] = {}
    for item in found:
        if item.baseline == baseline:
            key = (item.record.trial.cell, item.record.fingerprint.digest, item.baseline_recipe)
            cells.setdefault(key, []).append(item)
    if not cells:
        return []
    items = tuple(_shortfall(cell, findings, say) for cell in cells.values())
    return [Notice(kind="warning", text=say(f"notice.below_{baseline}"), items=items)]


def _shortfall(cell: Sequence[Below], findings: Findings, say: Messages) -> str:
    cases = [
        say(
            "notice.clear" if item.clear else "notice.not_clear",
            seed=item.record.trial.seed,
            value=score_text(item.value, item.metric, say),
            baseline_value=score_text(item.baseline_value, item.metric, say),
        )
        for item in cell
    ]
    return say(
        "notice.shortfall",
        cell=cell_of_task(cell[0].record, findings, say),
        split=split_name(cell[0].split, say),
        baseline=baseline_text(cell[0], say),
        cases=listed_phrases(cases, say),
    )


def _lost(findings: Findings, say: Messages) -> list[Notice]:
    failed = len(findings.with_status("failed"))
    if not failed:
        return []
    return [Notice(kind="warning", text=say("notice.failed", count=failed))]


def _setups(findings: Findings, say: Messages) -> list[Notice]:
    if len(findings.setups) < 2:
        return []
    items = tuple(
        say(
            "notice.setup",
            letter=setup.letter,
            device=setup.records[0].fingerprint.device_name,
            threads=setup.records[0].fingerprint.threads,
            code=setup.records[0].fingerprint.code,
            count=len(setup.records),
        )
        for setup in findings.setups
    )
    return [Notice(kind="warning", text=say("notice.setups"), items=items)]


def _seen_little(findings: Findings, say: Messages) -> list[Notice]:
    items = tuple(
        say(
            f"notice.{concern.kind}",
            model=say("name.model", model=concern.model, mark=say(f"mark.{concern.mark}")),
            task=concern.task,
            split=split_name(concern.split, say),
            share=percent(concern.share),
        )
        for concern in input_concerns(findings.records)
    )
    return [Notice(kind="warning", text=say("notice.seen_little"), items=items)] if items else []


def _recorded(findings: Findings, say: Messages) -> list[Notice]:
    """The trials' own warnings, each once, with the trials that gave it; those of unstable timing
    as one, since a busy machine moves every trial: `timing` tells them apart."""
    trials: dict[str, list[Record]] = {}
    unstable = 0
    for record in findings.records:
        unstable += bool(unstable_warnings(record))
        for text in record.warnings:
            if text not in unstable_warnings(record):
                trials.setdefault(text, []).append(record)
    items = tuple(
        say(
            "notice.recorded_item",
            text=note_text(text, say),
            trials=listed_phrases(trial_names(records, findings, say), say, most=3),
        )
        for text, records in trials.items()
    )
    if unstable:
        total, where = len(findings.records), say("timing.summary")
        items += (say("notice.unstable", count=unstable, total=total, where=where),)
    return [Notice(kind="note", text=say("notice.recorded"), items=items)] if items else []
