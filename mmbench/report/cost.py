"""Speed and cost: rates and seconds of every cell, memory, parameters, and the learning-rate grid.

A rate of a head that runs on stored features says nothing about a model that runs as a whole, so
the two stand in tables of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmbench.cards import Recipe
from mmbench.compare.cells import Cell
from mmbench.compare.checks import at_grid_edge
from mmbench.records import Record
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
    Details,
    Heading,
    Paragraph,
    Table,
)
from mmbench.report.findings import Findings, Setup
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text
from mmbench.report.numbers import (
    MISSING,
    amount,
    amount_with_interval,
    many,
    percent,
    rate,
    score_with_unit,
    size,
)
from mmbench.report.words import (
    lead,
    lead_columns,
    listed,
    listed_phrases,
    metric_name,
    trial_names,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A column: the key of its header, and how a cell's value is written.

    `measured`: the measurement behind it, whose notes are footnotes of the table.
    """

    key: str
    text: Callable[[Cell], str]
    measured: str | None = None


def runs_on_features(recipe: Recipe) -> bool:
    """Whether training sees stored features only, and never the backbone."""
    return recipe.strategy == "probe"


def _rate(key: str, name: str) -> Quantity:
    def text(cell: Cell) -> str:
        return amount_with_interval(cell.measured(name))

    return Quantity(key=key, text=text, measured=name)


def _plain(key: str, name: str, written: Callable[[float | None], str]) -> Quantity:
    def text(cell: Cell) -> str:
        found = cell.measured(name)
        return written(None if found is None else found.value)

    return Quantity(key=key, text=text, measured=name)


def _padding(cell: Cell) -> str:
    """Real tokens over all tokens that went through the model in training."""
    real = cell.measured("train_tokens_per_second")
    padded = cell.measured("train_padded_tokens_per_second")
    if real is None or padded is None or not padded.value:
        return MISSING
    return percent(real.value / padded.value)


def _whole(cell: Cell) -> str:
    found = cell.each(lambda record: record.seconds)
    return amount(None if found is None else found.value)


def _grid_seconds(record: Record) -> float | None:
    """Seconds spent on the learning rates that were not chosen; None where none was trained."""
    measured = record.measurement("tuning_seconds")
    if measured is not None and measured.value is not None:
        return measured.value
    others = [point.seconds for point in record.grid if not point.chosen]
    return sum(others) if record.grid else None


def _tuning(cell: Cell) -> str:
    found = cell.each(_grid_seconds)
    return amount(None if found is None else found.value)


def _head(cell: Cell) -> str:
    """The rate of a probe's head, by either of the names that records give it."""
    found = cell.measured("head_samples_per_second") or cell.measured("train_samples_per_second")
    return amount_with_interval(found)


def _reused(cell: Cell) -> str:
    found = cell.measured("feature_seconds_reused")
    return amount(found.value) if found is not None and found.value else MISSING


INFERENCE = (
    _rate("speed.inference_samples", "inference_samples_per_second"),
    _rate("speed.inference_tokens", "inference_tokens_per_second"),
)
SPEED = (
    _rate("speed.train_samples", "train_samples_per_second"),
    _rate("speed.train_tokens", "train_tokens_per_second"),
    Quantity(key="speed.padding", text=_padding),
    *INFERENCE,
    _plain("speed.data_wait", "data_wait_share", percent),
    _plain("speed.transfer", "transfer_share", percent),
)
PROBE_SPEED = (
    _rate("speed.feature_samples", "feature_samples_per_second"),
    _rate("speed.feature_tokens", "feature_tokens_per_second"),
    Quantity(key="speed.head_samples", text=_head, measured="head_samples_per_second"),
    *INFERENCE,
)
TIME = (
    Quantity(key="cost.seconds", text=_whole),
    _plain("cost.train_seconds", "train_seconds", amount),
    Quantity(key="cost.tuning_seconds", text=_tuning),
    _plain("cost.feature_seconds", "feature_seconds", amount),
    Quantity(key="cost.reused_seconds", text=_reused, measured="feature_seconds_reused"),
)
MEMORY = (
    _plain("cost.peak_rss", "peak_rss_bytes", size),
    _plain("cost.peak_rss_growth", "peak_rss_growth_bytes", size),
    _plain("cost.peak_cuda", "peak_cuda_bytes", size),
    _plain("cost.peak_cuda_reserved", "peak_cuda_reserved_bytes", size),
    _plain("cost.parameters", "parameters", many),
    _plain("cost.trainable", "trainable_parameters", many),
)


def cost(findings: Findings, say: Messages) -> list[Block]:
    """Tables of speed, time and memory, apart for each setup: between them speeds differ."""
    if not findings.cells:
        return []
    blocks: list[Block] = [Heading(level=2, text=say("cost.heading"))]
    blocks.append(Paragraph(text=say("cost.how")))
    for setup in findings.setups:
        cells = [cell for task in findings.tasks for cell in task.cells if cell.setup == setup.key]
        if not cells:
            continue
        if len(findings.setups) > 1:
            blocks.append(Heading(level=3, text=_setup_title(setup, say)))
        probes = [cell for cell in cells if runs_on_features(cell.recipe)]
        whole = [cell for cell in cells if cell not in probes]
        blocks += _tables(whole, SPEED, say("speed.caption"), findings, say)
        blocks += _tables(probes, PROBE_SPEED, say("speed.probe_caption"), findings, say)
        blocks += _tables(cells, TIME, say("cost.time_caption"), findings, say)
        blocks += _tables(cells, MEMORY, say("cost.memory_caption"), findings, say)
    return blocks + _grid(findings, say)


def _setup_title(setup: Setup, say: Messages) -> str:
    first = setup.records[0].fingerprint
    return say("cost.setup", letter=setup.letter, device=first.device_name, threads=first.threads)


def _tables(
    cells: Sequence[Cell],
    quantities: Sequence[Quantity],
    caption: str,
    findings: Findings,
    say: Messages,
) -> list[Block]:
    """The table without the columns that no cell fills; those are named below it."""
    if not cells:
        return []
    written = {q.key: [q.text(cell) for cell in cells] for q in quantities}
    shown = [q for q in quantities if any(text != MISSING for text in written[q.key])]
    absent = [say(q.key) for q in quantities if q not in shown]
    columns = (
        Column(header=say("column.task")),
        *lead_columns(findings, say),
        *(Column(header=say(q.key), align="right") for q in shown),
    )
    rows = tuple(
        (
            cell.task.name,
            *lead(cell, findings, say),
            *(written[q.key][place] for q in shown),
        )
        for place, cell in enumerate(cells)
    )
    notes = [*_footnotes(cells, shown, say)]
    if absent:
        notes.append(say("cost.absent", columns=listed_phrases(absent, say)))
    table = Table(columns=columns, rows=rows, caption=caption)
    return [table, BulletList(items=tuple(notes))] if notes else [table]


def _footnotes(cells: Sequence[Cell], shown: Sequence[Quantity], say: Messages) -> list[str]:
    """What the records note about these measurements, each note once."""
    found: dict[str, dict[str, None]] = {}
    for quantity in shown:
        for record in (record for cell in cells for record in cell.records):
            measured = record.measurement(quantity.measured or "")
            if measured is not None and measured.note:
                found.setdefault(measured.note, {})[say(quantity.key)] = None
    return [
        say("cost.note", columns=listed_phrases(list(keys), say), note=note_text(note, say))
        for note, keys in found.items()
    ]


# ------------------------------------------------------------------- learning-rate grid


def _grid(findings: Findings, say: Messages) -> list[Block]:
    records = [r for cell in findings.cells for r in cell.records if len(r.grid) > 0]
    if not records:
        return []
    names = ("column.model", "column.task", "column.recipe", "column.seed")
    numbers = ("grid.rate", "grid.validation", "grid.best_step", "grid.seconds")
    columns = (
        *(Column(header=say(name)) for name in names),
        *(Column(header=say(name), align="right") for name in numbers),
        Column(header=say("grid.remark")),
    )
    rows = tuple(row for record in records for row in _grid_rows(record, say))
    blocks: list[Block] = [Paragraph(text=say("grid.how"))]
    blocks.append(Table(columns=columns, rows=rows))
    edges = trial_names([r for r in records if at_grid_edge(r)], findings, say)
    if edges:
        blocks.append(Paragraph(text=say("grid.edge", trials=listed_phrases(edges, say, most=8))))
    spent = sum(_grid_seconds(record) or 0.0 for record in records)
    summary = say("grid.summary", seconds=amount(spent))
    return [Details(summary=summary, blocks=tuple(blocks))]


def _grid_rows(record: Record, say: Messages) -> list[tuple[str, ...]]:
    trial, name = record.trial, record.trial.task.primary
    rows: list[tuple[str, ...]] = []
    for point in record.grid:
        told = (
            ("grid.chosen", point.chosen),
            ("grid.stopped", point.stopped_early),
            ("grid.diverged", point.diverged is not None),
        )
        remarks = [say(key) for key, true in told if true]
        value = score_with_unit(point.validation, name)
        score = say("grid.score", value=value, metric=metric_name(name, say))
        rows.append(
            (
                trial.model.name,
                trial.task.name,
                trial.recipe.name,
                str(trial.seed),
                rate(point.learning_rate),
                MISSING if point.diverged else score,
                MISSING if point.diverged else f"{point.best_step} / {point.steps}",
                amount(point.seconds),
                listed(remarks, say),
            )
        )
    return rows
