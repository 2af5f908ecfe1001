"""`mmbench run --dry-run`: the plan, what of it is done already, and how long the rest may take."""

from collections import Counter
from typing import TYPE_CHECKING

from mmbench.cli.console import counted, duration, messages, output, plain, say

if TYPE_CHECKING:
    from mmbench.api import Work
    from mmbench.cli.estimate import Cell, Estimate


def print_plan(work: "Work", estimate: "Estimate") -> None:
    """Cells as a table, then the sums."""
    from rich.table import Table

    todo = Counter(trial.cell for trial in work.todo)
    reused = Counter(stored.record.trial.cell for stored in work.reused)
    seeds = len(work.plan.suite.seeds)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("model", "task", "recipe", "run", "reused", "time"):
        right = title in ("run", "reused", "time")
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for cell in dict.fromkeys(trial.cell for trial in work.plan.trials):
        expected = _expected(work, estimate, cell)
        table.add_row(
            *(plain(part) for part in cell),
            str(todo[cell] or "–"),
            str(reused[cell] or "–"),
            expected,
        )
    console = output()
    console.print(table)
    console.print()
    for refusal in work.plan.refused:
        name = " × ".join(refusal.trial.cell)
        say(console, f"refused  {name}: {refusal.reason}")
    for line in _sums(work, estimate, seeds):
        say(console, line)
    messages().print("Nothing was run. The same command without --dry-run runs it.")


def _expected(work: "Work", estimate: "Estimate", cell: "Cell") -> str:
    trials = [trial for trial in work.todo if trial.cell == cell]
    seconds, unknown = estimate.total(trials)
    if not trials:
        return "–"
    return "unknown" if unknown else duration(seconds)


def _sums(work: "Work", estimate: "Estimate", seeds: int) -> list[str]:
    plan = work.plan
    cells = len({trial.cell for trial in plan.trials})
    limit = f", at most {plan.suite.limit} rows a split" if plan.suite.limit else ""
    lines = [
        f"{plan.suite.name}: {counted(len(plan.trials), 'trial')} in {counted(cells, 'cell')}, "
        f"{counted(seeds, 'seed')}{limit}",
        f"to run {len(work.todo)}, reused {len(work.reused)}, refused {len(plan.refused)}",
    ]
    lines += differences(work)
    seconds, unknown = estimate.total(work.todo)
    if not work.todo:
        lines.append("nothing is left to run")
    elif unknown == len(work.todo):
        lines.append("estimated time: unknown, no earlier record of these cells here")
    elif unknown:
        lines.append(
            f"estimated time: {duration(seconds)} for {len(work.todo) - unknown} of "
            f"{counted(len(work.todo), 'trial')}; no earlier record of the others"
        )
    else:
        lines.append(f"estimated time: {duration(seconds)}, from earlier records of these cells")
    return lines


def differences(work: "Work") -> list[str]:
    """What differs between the reused records and a run of today, if anything."""
    if not work.differing:
        return []
    what = ", ".join(f"{name} ({count})" for name, count in sorted(work.differing.items()))
    return [f"reused records differ from here in {what}; --fresh runs them again"]
