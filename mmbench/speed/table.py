"""Speed records as a table: for a terminal, as Markdown, and as CSV with every raw value."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tabulate import tabulate

from mmbench.records import Measurement
from mmbench.speed_record import SpeedRecord

MISSING = "–"
RATE = {"train": "train", "infer": "inference"}
MEMORY = ("peak_cuda_bytes", "peak_rss_bytes")
"""The first that a record has: a GPU's own, or else that of the process."""

WORDS = frozenset(("model", "start", "mode", "precision", "95 % interval", "notes"))
"""Columns that begin at their left; the others are numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A title and what stands below it for a record."""

    title: str
    cell: Callable[[SpeedRecord], str]


def terminal_table(records: Sequence[SpeedRecord]) -> str:
    """Lines of text, the notes below; a column in which no record has anything is left out."""
    return _laid_out(records, "simple")


def markdown_table(records: Sequence[SpeedRecord]) -> str:
    """A table in GitHub's Markdown, the machine above and the notes below it."""
    return "\n\n".join([*_machines(records), _laid_out(records, "github")]) + "\n"


def csv_table(records: Sequence[SpeedRecord]) -> str:
    """One row a record: the case, the machine, and every measurement with its interval, in its own
    unit, under its own name."""
    names = list(dict.fromkeys(m.name for record in records for m in record.measurements))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    writer.writerow([*_CASE, *ends, "warnings", "failure"])
    for record in records:
        cells: list[object] = [get(record) for get in _CASE.values()]
        for name in names:
            found = record.measurement(name) or Measurement(name=name, unit="", value=None)
            cells += [_raw(found.value), _raw(found.low), _raw(found.high)]
        failure = "" if record.failure is None else record.failure.message
        writer.writerow([*cells, "; ".join(record.warnings), failure])
    return out.getvalue()


_CASE: dict[str, Callable[[SpeedRecord], object]] = {
    "model": lambda r: r.case.model.name,
    "start": lambda r: r.case.model.start,
    "mode": lambda r: r.case.mode,
    "precision": lambda r: r.case.precision,
    "batch_size": lambda r: r.case.batch_size,
    "tokens": lambda r: "" if r.case.tokens is None else r.case.tokens,
    "image_size": lambda r: image_size(r) or "",
    "audio_seconds": lambda r: r.case.audio_seconds or "",
    "status": lambda r: r.status,
    "device": lambda r: r.fingerprint.device_name,
    "threads": lambda r: r.fingerprint.threads,
    "started_at": lambda r: r.started_at,
}


def image_size(record: SpeedRecord) -> int | None:
    """Pixels a side; None of a model that takes no images."""
    card = record.case.model
    if record.case.image_size is not None:
        return record.case.image_size
    rules = card.parts["image"].image if card.parts else card.image
    return None if rules is None else rules.size


# ------------------------------------------------------------------------------- the layout


def _laid_out(records: Sequence[SpeedRecord], form: str) -> str:
    marks, notes = _notes(records)
    columns = [*_columns(), Column(title="notes", cell=lambda r: marks[id(r)])]
    kept, rows = [], [[column.cell(record) for column in columns] for record in records]
    for place, column in enumerate(columns):
        if any(row[place] not in ("", MISSING) for row in rows):
            kept.append((place, column))
    table = tabulate(
        [[row[place] for place, _ in kept] for row in rows],
        headers=[column.title for _, column in kept],
        tablefmt=form,
        colalign=["left" if column.title in WORDS else "right" for _, column in kept] or None,
        disable_numparse=True,
    )
    separator = "\n\n" if form == "github" else "\n"
    return separator.join([table, *([""] if notes and form != "github" else []), *notes])


def _columns() -> list[Column]:
    return [
        Column(title="model", cell=lambda r: r.case.model.name),
        Column(title="start", cell=lambda r: r.case.model.start),
        Column(title="mode", cell=lambda r: r.case.mode),
        Column(title="precision", cell=lambda r: r.case.precision),
        Column(title="batch", cell=lambda r: str(r.case.batch_size)),
        Column(title="tokens", cell=lambda r: _count(r.case.tokens)),
        Column(title="pixels", cell=lambda r: _count(image_size(r))),
        Column(title="audio s", cell=lambda r: _amount(r.case.audio_seconds)),
        Column(title="samples/s", cell=lambda r: _rate(r, "samples")),
        Column(title="95 % interval", cell=_interval),
        Column(title="tokens/s", cell=lambda r: _rate(r, "tokens")),
        Column(title="audio s/s", cell=lambda r: _rate(r, "audio_seconds")),
        Column(title="p50 ms", cell=lambda r: _milliseconds(r, "latency_p50_seconds")),
        Column(title="p95 ms", cell=lambda r: _milliseconds(r, "latency_p95_seconds")),
        Column(title="memory", cell=_memory),
        Column(title="M params", cell=_parameters),
        Column(title="GFLOPs", cell=_gigaflops),
        Column(title="MFU", cell=_utilisation),
        Column(title="J/sample", cell=_joules),
        Column(title="cost per M", cell=lambda r: _amount(_value(r, "cost_per_million_samples"))),
    ]


def _machines(records: Sequence[SpeedRecord]) -> list[str]:
    """A line for each machine that the records come from."""
    lines = {}
    for record in records:
        where, seen = record.fingerprint, record.environment
        torch = where.libraries.get("torch", MISSING)
        lines[where.digest] = (
            f"{where.device_name}, {where.threads} threads, {seen.platform}, Python "
            f"{seen.python}, torch {torch}, mmbench {where.code}"
        )
    return list(dict.fromkeys(lines.values()))


def _notes(records: Sequence[SpeedRecord]) -> tuple[dict[int, str], list[str]]:
    """The marks of each record, and the notes that they stand for: what is said of several records
    alike stands once."""
    numbers: dict[str, int] = {}
    marks = {}
    for record in records:
        said = [*record.warnings, *_overstated(record)]
        if record.failure is not None:
            said.insert(0, f"failed: {record.failure.message}")
        own = [numbers.setdefault(text, len(numbers) + 1) for text in said]
        marks[id(record)] = ", ".join(f"[{number}]" for number in own)
    return marks, [f"[{number}] {text}" for text, number in numbers.items()]


def _overstated(record: SpeedRecord) -> list[str]:
    """Where convolutions have another precision than the products whose peak was measured."""
    settings = record.fingerprint.settings
    products, convolutions = settings.get("matmul_float32"), settings.get("conv_float32")
    sees = "image" in record.case.model.modalities
    if record.case.precision != "fp32" or not sees or convolutions in (None, products):
        return []
    if record.measurement(f"{RATE[record.case.mode]}_model_flops_utilisation") is None:
        return []
    return [
        f"MFU is overstated: convolutions ran in {convolutions}, the peak is that of matrix "
        f"products in {products}"
    ]


# -------------------------------------------------------------------------------- the cells


def _value(record: SpeedRecord, name: str) -> float | None:
    found = record.measurement(name)
    return None if found is None else found.value


def _rate(record: SpeedRecord, what: str) -> str:
    if record.status == "failed" and what == "samples":
        return "failed"
    return _amount(_value(record, f"{RATE[record.case.mode]}_{what}_per_second"))


def _interval(record: SpeedRecord) -> str:
    found = record.measurement(f"{RATE[record.case.mode]}_samples_per_second")
    if found is None or found.low is None or found.high is None:
        return MISSING
    return f"[{_amount(found.low)}, {_amount(found.high)}]"


def _milliseconds(record: SpeedRecord, name: str) -> str:
    seconds = _value(record, name)
    return _amount(None if seconds is None else 1000 * seconds)


def _memory(record: SpeedRecord) -> str:
    values = (_value(record, name) for name in MEMORY)
    peak = next((value for value in values if value is not None), None)
    return MISSING if peak is None else f"{peak / 2**30:.2f} GiB"


def _parameters(record: SpeedRecord) -> str:
    counted = _value(record, "parameters") or record.case.model.parameters
    return _amount(None if counted is None else counted / 1e6)


def _gigaflops(record: SpeedRecord) -> str:
    flops = _value(record, f"{RATE[record.case.mode]}_flops_per_sample")
    return _amount(None if flops is None else flops / 1e9)


def _utilisation(record: SpeedRecord) -> str:
    share = _value(record, f"{RATE[record.case.mode]}_model_flops_utilisation")
    return MISSING if share is None else f"{100 * share:.1f} %"


def _joules(record: SpeedRecord) -> str:
    return _amount(_value(record, f"{RATE[record.case.mode]}_joules_per_sample"))


def _count(value: int | None) -> str:
    return MISSING if value is None else str(value)


def _amount(value: float | None) -> str:
    """Three digits: `0.42`, `8.31`, `83.1`, `831`, `8,310`."""
    if value is None:
        return MISSING
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def _raw(value: float | None) -> object:
    return "" if value is None else value
