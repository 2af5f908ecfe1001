"""What a trial took: alone in a cold process, and in the run that it was part of."""

from dataclasses import dataclass

from mmbench.compare.cells import Cell, setup_of
from mmbench.records import Record
from mmbench.report.findings import Findings, Setup
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, amount

SHARED_START = "shared by the trials of this worker"  # noted of a start that counts elsewhere
AT_LEAST = "≥"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds of one trial.

    alone: with a process of its own and an empty cache. here: what it added to its run. complete:
    the start of its process was measured; else `alone` is too low, and `here` may be.
    """

    alone: float
    here: float
    complete: bool


def seconds_alone(cell: Cell) -> float:
    """Of a trial alone, from a cold start: the mean over its seeds."""
    return sum(spent(record).alone for record in cell.records) / len(cell.records)


def spent(record: Record) -> Spent:
    """Alone: start-up, the trial, and what earlier trials saved it by the cache and by weights
    that were loaded already. Here: the trial, and the start-up if it was the first of its process.
    """
    start = record.measurement("import_seconds")
    known = start.value if start is not None and start.value is not None else None
    first = start is not None and start.note != SHARED_START
    return Spent(
        alone=(known or 0.0) + record.seconds + _saved(record),
        here=record.seconds + (known or 0.0 if first else 0.0),
        complete=known is not None,
    )


def _saved(record: Record) -> float:
    """Older records know of features alone."""
    for name in ("reused_seconds", "feature_seconds_reused"):
        found = record.measurement(name)
        if found is not None and found.value is not None:
            return found.value
    return 0.0


def alone_text(cell: Cell) -> str:
    found = cell.each(lambda record: spent(record).alone)
    if found is None:
        return MISSING
    complete = all(spent(record).complete for record in cell.records)
    return amount(found.value) if complete else f"{AT_LEAST} {amount(found.value)}"


def here_text(cell: Cell) -> str:
    found = cell.each(lambda record: spent(record).here)
    return amount(None if found is None else found.value)


def tuning_text(cell: Cell) -> str:
    found = cell.each(tuning_seconds)
    return amount(None if found is None else found.value)


def tuning_seconds(record: Record) -> float | None:
    """Seconds spent on the learning rates that were not chosen; None where none was trained."""
    measured = record.measurement("tuning_seconds")
    if measured is not None and measured.value is not None:
        return measured.value
    others = [point.seconds for point in record.grid if not point.chosen]
    return sum(others) if record.grid else None


def time_notes(setup: Setup, findings: Findings, say: Messages) -> list[str]:
    """What the trials of a setup took together, those that failed too; and what was not measured.

    A trial that was repeated counts once: the report knows its last record alone.
    """
    ran = [
        spent(record)
        for record in findings.records
        if record.status != "refused" and setup_of(record.fingerprint) == setup.key
    ]
    whole = all(each.complete for each in ran)
    alone = amount(sum(each.alone for each in ran))
    items = [
        say(
            "cost.total",
            count=len(ran),
            here=amount(sum(each.here for each in ran)),
            alone=alone if whole else f"{AT_LEAST} {alone}",
        )
    ]
    if not whole:
        items.append(say("cost.at_least"))
    return items
