"""A task card against its data: columns, splits, leaks, balance, and a summary for people.

Everything is looked at that can be, so that one run tells all that is wrong; `load_task`, which a
trial calls, stops at the first.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from mmbench.cards import TaskCard
from mmbench.conformance import task_checks
from mmbench.conformance.findings import CheckReport, Finding, each, found
from mmbench.conformance.task_rows import TaskRows
from mmbench.conformance.task_summary import summary_of
from mmbench.data.columns import require_column
from mmbench.data.rows import gather
from mmbench.data.sources import read_parts
from mmbench.data.splits import parts_used, split_rules
from mmbench.data.tables import Table
from mmbench.data.tasks import load_task
from mmbench.errors import DataError
from mmbench.plan import checked_kind

ROW_CHECKS: Mapping[str, Callable[[TaskRows], Finding]] = {
    "leaks": task_checks.leaks,
    "duplicates": task_checks.duplicates,
    "label balance": task_checks.balance,
    "lengths": task_checks.lengths,
    "media": task_checks.media,
}


@dataclass(slots=True)
class _Seen:
    """What the checks so far have read, for those that come after."""

    parts: Mapping[str, Table]
    used: Mapping[str, Table]


def check_task(card: TaskCard) -> CheckReport:
    """Read the card's data and look at all of it. CardError where the card is wrong by itself."""
    checked_kind(card)
    seen = _Seen({}, {})
    findings = [found("source", partial(_read, card, seen))]
    if seen.parts:
        findings += each({"columns": partial(_columns, card, seen)})
    whole: list[TaskRows] = []
    if seen.used and findings[-1].verdict == "pass":
        findings += [*_cells(card, seen), found("splits", partial(_splits, card, seen, whole))]
    for rows in whole:
        findings += [_checked(name, check, rows) for name, check in ROW_CHECKS.items()]
    return CheckReport(
        card=card.name,
        kind="task",
        label="data-checked",
        about=f"{card.kind} of {' + '.join(card.inputs)}",
        findings=tuple(findings),
        summary=tuple(line for rows in whole for line in summary_of(rows)),
    )


def _read(card: TaskCard, seen: _Seen) -> str:
    seen.parts = read_parts(card.source)
    rules = split_rules(card, tuple(seen.parts))
    seen.used = {part: seen.parts[part] for part in parts_used(rules)}
    unused = [part for part in seen.parts if part not in seen.used]
    sizes = ", ".join(f"{part} {len(table):,}" for part, table in seen.parts.items())
    aside = f"; no split uses {', '.join(unused)}" if unused else ""
    return f"{task_checks.pinned(card.source)}; rows: {sizes}{aside}"


def _columns(card: TaskCard, seen: _Seen) -> str:
    named = {f"inputs.{slot}": column for slot, column in card.inputs.items()}
    named |= card.target_columns
    if card.group is not None:
        named["group"] = card.group
    missing = []
    for table in seen.used.values():
        for field, column in named.items():
            try:
                require_column(table, column, field)
            except DataError as error:
                missing.append(str(error))
    if missing:
        raise DataError(" ".join(missing))
    others = dict.fromkeys(c for t in seen.used.values() for c in t.columns)
    rest = [column for column in others if column not in named.values()]
    aside = f"; not used: {', '.join(rest)}" if rest else ""
    return f"{', '.join(f'{field}: {column}' for field, column in named.items())}{aside}"


def _cells(card: TaskCard, seen: _Seen) -> list[Finding]:
    """What is wrong with single cells, before any split is made."""
    return [
        task_checks.hidden_labels(card, seen.used),
        task_checks.empty(card, seen.used),
        task_checks.constant(card, seen.used),
    ]


def _splits(card: TaskCard, seen: _Seen, whole: list[TaskRows]) -> str:
    """By the same code as a trial's; groups and keys that two splits share are an error there."""
    data = load_task(card)
    whole.append(TaskRows(card=card, data=data, rows=gather(card, seen.used)))
    sizes = ", ".join(f"{name} {len(examples):,}" for name, examples in data.splits.items())
    dropped = Counter(data.dropped)
    aside = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
    return sizes + (f"; left out: {aside}" if aside else "")


def _checked(what: str, check: Callable[[TaskRows], Finding], rows: TaskRows) -> Finding:
    held: list[Finding] = []

    def run() -> str:
        held.append(check(rows))
        return ""

    failed = found(what, run)
    return held[0] if held else failed
