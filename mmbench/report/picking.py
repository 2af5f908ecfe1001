"""What to pick: for each task in a sentence, with the reasons; and the places of all models."""

from collections.abc import Hashable, Mapping, Sequence

from mmbench.compare.cells import Cell
from mmbench.compare.checks import separable
from mmbench.compare.ranks import Overall, Place, overall, places
from mmbench.compare.versus import Versus, versus_best
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
from mmbench.report.limits import Limits, keeps
from mmbench.report.numbers import MISSING, amount, probability, score_with_interval
from mmbench.report.times import seconds_alone
from mmbench.report.words import (
    against_baseline,
    cell_name,
    lead,
    lead_columns,
    listed_phrases,
    mark,
    metric_name,
    outcome_text,
)

MOST_NAMED = 4
LIMITS = ("max_latency_ms", "max_memory_gb", "min_samples_per_second")


def picking(findings: Findings, limits: Limits, say: Messages) -> list[Block]:
    """The recommendation, and the leaderboards folded; nothing where no task was scored."""
    tasks = [task for task in findings.tasks if task.main is not None and task.verdict is not None]
    if not tasks:
        return []
    blocks: list[Block] = [
        Heading(level=2, text=say("pick.heading")),
        Paragraph(text=_asked(limits, say)),
        BulletList(items=tuple(_pick(task, findings, limits, say) for task in tasks)),
    ]
    return [*blocks, _leaderboard(tasks, findings, say), *_overall(tasks, findings, say)]


def _asked(limits: Limits, say: Messages) -> str:
    """What was asked for, and by what it is chosen."""
    given = limits.set
    asked = [say(f"pick.{name}", value=f"{given[name]:g}") for name in LIMITS if name in given]
    told = say("pick.how")
    return f"{say('pick.limits', limits=listed_phrases(asked, say))} {told}" if asked else told


def _pick(task: TaskFindings, findings: Findings, limits: Limits, say: Messages) -> str:
    """One task's sentence. Failed seeds are no reason to be chosen, and none is chosen below its
    baseline."""
    assert task.main is not None, "picking asks for scored tasks"
    card, split = task.cells[0].task, task.main
    kept = [cell for cell in task.cells if keeps(cell, limits) is True]
    unknown = sum(keeps(cell, limits) is None for cell in task.cells)
    aside = say("pick.unmeasured", count=unknown) if unknown else ""
    scored = separable(kept, card, split).compared
    if not scored:
        return say("pick.none", task=task.title) + aside
    beating = [c for c in kept if separable([c], card, split).above_baseline is not False]
    verdict = separable(beating, card, split)
    if not verdict.leaders:
        text = say("pick.below", task=task.title, baseline=against_baseline(task.kind, say))
        return text + aside
    if verdict.compared == 1 and scored > 1:
        only = _told(verdict.leaders[0], split, findings, say)
        text = say(
            "pick.only_above",
            task=task.title,
            cell=only,
            baseline=against_baseline(task.kind, say),
        )
        return text + _caveat(verdict.leaders[0], say) + aside
    return _chosen(task, verdict.leaders, verdict.compared, findings, say) + aside


def _chosen(
    task: TaskFindings, leaders: Sequence[Cell], compared: int, findings: Findings, say: Messages
) -> str:
    assert task.main is not None, "picking asks for scored tasks"
    best = [_told(cell, task.main, findings, say) for cell in leaders]
    values = {"task": task.title, "metric": metric_name(task.primary, say)}
    if compared == 1:
        return say("pick.only", cell=best[0], task=task.title)
    if len(leaders) == 1:
        return say("pick.best", cell=best[0], others=compared - 1, **values) + _caveat(
            leaders[0], say
        )
    split = task.main
    told = findings.once(
        ("versus", *(cell.identity for cell in leaders)),
        lambda: versus_best(leaders, split, findings.stored, findings.remembered),
    )
    beaten = [one for one in told.found if one.worse]
    unread = "".join(say("pick.unread", reason=reason) for reason in told.unread)
    if beaten:
        return _by_examples(task, leaders, beaten, findings, say) + unread
    if len({cell.setup for cell in leaders}) > 1:  # their times do not compare
        cells = listed_phrases(best, say, most=MOST_NAMED)
        return say("pick.open", cells=cells, **values) + unread
    cheapest = min(leaders, key=seconds_alone)
    rest = [text for cell, text in zip(leaders, best, strict=True) if cell is not cheapest]
    text = say(
        "pick.tied",
        cell=_told(cheapest, task.main, findings, say),
        others=listed_phrases(rest, say, most=MOST_NAMED),
        seconds=amount(seconds_alone(cheapest)),
        **values,
    )
    return text + _caveat(cheapest, say) + unread


def _by_examples(
    task: TaskFindings,
    leaders: Sequence[Cell],
    beaten: Sequence[Versus],
    findings: Findings,
    say: Messages,
) -> str:
    """Intervals overlap, but on the same examples the best one is shown to be better than some."""
    assert task.main is not None, "picking asks for scored tasks"
    lost = {one.cell.identity for one in beaten}
    rest = [cell for cell in leaders if cell.identity not in lost]
    told = [
        say("pick.beaten", cell=_told(one.cell, task.main, findings, say), p=probability(one.p))
        for one in beaten
    ]
    values = {"task": task.title, "metric": metric_name(task.primary, say)}
    text = say(
        "pick.paired",
        cell=_told(rest[0], task.main, findings, say),
        beaten=listed_phrases(told, say, most=MOST_NAMED),
        **values,
    )
    if len(rest) > 1:
        others = [_told(cell, task.main, findings, say) for cell in rest[1:]]
        text += say("pick.paired_rest", others=listed_phrases(others, say, most=MOST_NAMED))
    return text + _caveat(rest[0], say)


def _told(cell: Cell, split: str, findings: Findings, say: Messages) -> str:
    return say(
        "verdict.leader",
        cell=cell_name(cell, findings, say),
        score=outcome_text(cell, split, say),
    )


def _caveat(cell: Cell, say: Messages) -> str:
    """One seed says nothing of the next one."""
    return say("pick.one_seed") if len(cell.seeds) == 1 else ""


# ------------------------------------------------------------------------- leaderboards


def _leaderboard(tasks: Sequence[TaskFindings], findings: Findings, say: Messages) -> Details:
    columns = (
        Column(header=say("column.task")),
        Column(header=say("pick.rank"), align="right"),
        *lead_columns(findings, say),
        Column(header=say("gaps.metric")),
        Column(header=say("gaps.main"), align="right"),
        Column(header=say("pick.normalised"), align="right"),
    )
    rows = [_row(task, place, findings, say) for task in tasks for place in _places(task, findings)]
    return Details(
        summary=say("pick.leaderboard"),
        blocks=(Paragraph(text=say("pick.ranks")), Table(columns=columns, rows=tuple(rows))),
    )


def _row(task: TaskFindings, place: Place, findings: Findings, say: Messages) -> tuple[str, ...]:
    assert task.main is not None, "picking asks for scored tasks"
    outcome = place.cell.outcome(task.main, task.primary)
    return (
        task.title,
        f"{place.rank}",
        *lead(place.cell, findings, say),
        metric_name(task.primary, say),
        score_with_interval(outcome, task.primary),
        MISSING if place.normalised is None else f"{place.normalised:.2f}",
    )


def _overall(tasks: Sequence[TaskFindings], findings: Findings, say: Messages) -> list[Block]:
    """Of models with a recipe that ran on every task; nothing where there are no two."""
    named = [_named(task, findings) for task in tasks]
    found = overall(named)
    if not found:
        return []
    columns = (
        Column(header=say("column.model")),
        Column(header=say("column.recipe")),
        Column(header=say("pick.mean_rank"), align="right"),
        Column(header=say("pick.mean_normalised"), align="right"),
    )
    table = Table(columns=columns, rows=tuple(_whole(each, say) for each in found))
    told = say("pick.overall_how", tasks=len(tasks))
    return [
        Details(summary=say("pick.overall"), blocks=(Paragraph(text=told), table)),
    ]


def _places(task: TaskFindings, findings: Findings) -> list[Place]:
    assert task.main is not None, "picking asks for scored tasks"
    split = task.main
    return findings.once(("places", task.title), lambda: places(task.cells, split))


def _named(task: TaskFindings, findings: Findings) -> Mapping[Hashable, Place]:
    """Places by model, recipe and setup; the better one of two that share these."""
    found: dict[Hashable, Place] = {}
    for place in _places(task, findings):
        cell = place.cell
        key = (cell.model.name, cell.mark, cell.recipe.name, cell.setup)
        found.setdefault(key, place)
    return found


def _whole(each: Overall, say: Messages) -> tuple[str, ...]:
    cell = each.cells[0]
    return (
        say("name.model", model=cell.model.name, mark=mark(cell.model, say)),
        cell.recipe.name,
        amount(each.rank),
        MISSING if each.normalised is None else f"{each.normalised:.2f}",
    )
