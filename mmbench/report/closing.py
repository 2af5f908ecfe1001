"""The end of a report: what failed, where it ran, how to run it again, and how to read it."""

from collections.abc import Sequence

from mmbench.fingerprint import Environment
from mmbench.records import Record
from mmbench.report.detail import interval_methods
from mmbench.report.document import (
    Block,
    BulletList,
    Code,
    Column,
    Heading,
    Paragraph,
    Table,
)
from mmbench.report.findings import Findings, Setup
from mmbench.report.i18n import Messages
from mmbench.report.notes import failure_text
from mmbench.report.numbers import MISSING, amount, size
from mmbench.report.sources import sources
from mmbench.report.words import mark, metric_name

METHODS = {  # the longer beginnings first
    "Wilson score over groups": "method.wilson_groups",
    "Wilson score": "method.wilson",
    "bootstrap over examples": "method.bootstrap",
    "cluster bootstrap over groups of queries": "method.queries",
    "cluster bootstrap over groups": "method.cluster",
}
MOST_OF_A_REASON = 400  # characters; the record has the rest, and the traceback


def unfinished(findings: Findings, say: Messages) -> list[Block]:
    """Failed and refused cells, each with its reason."""
    records = (*findings.with_status("failed"), *findings.with_status("refused"))
    blocks: list[Block] = [Heading(level=2, text=say("unfinished.heading"))]
    if not records:
        return [*blocks, Paragraph(text=say("unfinished.nothing"))]
    names = ("status", "model", "mark", "task", "recipe", "seed", "reason")
    columns = tuple(Column(header=say(f"column.{name}")) for name in names)
    rows = tuple(_unfinished(record, say) for record in records)
    return [*blocks, Table(columns=columns, rows=rows), Paragraph(text=say("unfinished.how"))]


def _unfinished(record: Record, say: Messages) -> tuple[str, ...]:
    trial = record.trial
    # A refusal stands for all seeds of its cell: the card decides, not chance.
    seed = str(trial.seed) if record.status == "failed" else say("unfinished.every_seed")
    return (
        say(f"status.{record.status}"),
        trial.model.name,
        mark(trial.model, say),
        trial.task.name,
        trial.recipe.name,
        seed,
        _reason(record, say),
    )


def _reason(record: Record, say: Messages) -> str:
    if record.failure is None:
        return say("unfinished.no_reason")
    reason = failure_text(record.failure.message, say)
    return reason if len(reason) <= MOST_OF_A_REASON else f"{reason[:MOST_OF_A_REASON]} …"


def environment(findings: Findings, say: Messages) -> list[Block]:
    """Machine, versions, threads, precision and load of every setup."""
    blocks: list[Block] = [Heading(level=2, text=say("environment.heading"))]
    for setup in findings.setups:
        if len(findings.setups) > 1:
            blocks.append(Heading(level=3, text=say("environment.setup", letter=setup.letter)))
        columns = (
            Column(header=say("environment.fact")),
            Column(header=say("environment.value")),
        )
        rows = tuple((say(f"environment.{key}"), text) for key, text in _facts(setup, say))
        blocks.append(Table(columns=columns, rows=rows))
    return blocks


def _facts(setup: Setup, say: Messages) -> list[tuple[str, str]]:
    first, machine = setup.records[0].fingerprint, setup.records[0].environment
    separator = say("list.separator")
    machines = [record.environment for record in setup.records]
    precisions = sorted({record.fingerprint.precision for record in setup.records})
    return [
        ("platform", machine.platform),
        ("cpu", machine.cpu),
        ("cores", str(machine.cores)),
        ("memory", size(machine.memory_bytes)),
        ("gpu", _gpu(machine)),
        ("device", f"{first.device} ({first.device_name})"),
        ("threads", str(first.threads)),
        ("precision", separator.join(precisions)),
        ("load", _range([v for m in machines for v in (m.load_at_start, m.load_at_end)])),
        ("others", _range([m.other_cores_busy for m in machines])),
        ("python", machine.python),
        ("libraries", separator.join(f"{n} {v}" for n, v in sorted(first.libraries.items()))),
        ("code", say("environment.code_of", code=first.code, behaviour=first.behaviour)),
        ("dates", _dates(setup.records)),
    ]


def _gpu(machine: Environment) -> str:
    if machine.gpu is None:
        return MISSING
    return f"{machine.gpu} ({size(machine.gpu_memory_bytes)})"


def _range(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return MISSING
    low, high = amount(min(known)), amount(max(known))
    return low if low == high else f"{low} … {high}"


def _dates(records: Sequence[Record]) -> str:
    days = sorted(record.started_at[:10] for record in records)
    return days[0] if days[0] == days[-1] else f"{days[0]} … {days[-1]}"


def reproduce(findings: Findings, command: str | None, say: Messages) -> list[Block]:
    blocks: list[Block] = [Heading(level=2, text=say("reproduce.heading"))]
    if command is not None:
        blocks += [
            Paragraph(text=say("reproduce.command")),
            Code(text=command, language="sh"),
        ]
    blocks.append(Paragraph(text=say("reproduce.records")))
    return blocks + sources(findings, say)


def reading(findings: Findings, say: Messages) -> list[Block]:
    """What the numbers mean, and above all what they do not."""
    items = [say("reading.interval")]
    items += [
        say(
            "reading.method",
            metric=metric_name(name, say),
            methods=say("list.separator").join(_method(text, say) for text in methods),
        )
        for name, methods in interval_methods(findings.cells).items()
    ]
    if any(len(cell.seeds) > 1 for cell in findings.cells):
        items.append(say("reading.seeds"))
    else:
        items.append(say("reading.one_seed"))
    keys = ("best", "not_covered", "order", "marks", "speed", "features", "memory")
    items += [say(f"reading.{key}") for key in keys]
    return [Heading(level=2, text=say("reading.heading")), BulletList(items=tuple(items))]


def _method(text: str, say: Messages) -> str:
    """The name of the way, in the reader's language where it is one of ours."""
    resamples = "".join(c for c in text if c.isdigit())
    for start, key in METHODS.items():
        if text.startswith(start):
            return say(key, resamples=resamples) if resamples else say(key)
    return text
