"""Speed and cost: rates and seconds of every cell, memory and parameters.

A rate of a head that runs on stored features says nothing about a model that runs as a whole, so
the two stand in tables of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mmbench.cards import Recipe
from mmbench.compare.cells import Cell
from mmbench.report.document import (
    Block,
    BulletList,
    Column,
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
    size,
)
from mmbench.report.times import alone_text, here_text, time_notes, tuning_text
from mmbench.report.training import curves, grid
from mmbench.report.words import lead, lead_columns, listed_phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A column: the key of its header, and how a cell's value is written.

    `measured`: the measurement behind it, whose notes are footnotes of the table. `of_pairs`: only
    models of two encoders have it, so that elsewhere nobody misses it.
    """

    key: str
    text: Callable[[Cell], str]
    measured: str | None = None
    of_pairs: bool = False


def runs_on_features(recipe: Recipe) -> bool:
    """Whether training sees stored features only, and never the backbone."""
    return recipe.strategy == "probe"


def _rate(key: str, name: str) -> Quantity:
    def text(cell: Cell) -> str:
        return amount_with_interval(cell.measured(name))

    return Quantity(key=key, text=text, measured=name)


def _of_pairs(key: str, name: str) -> Quantity:
    return replace(_rate(key, name), of_pairs=True)


def _plain(key: str, name: str, written: Callable[[float | None], str]) -> Quantity:
    def text(cell: Cell) -> str:
        found = cell.measured(name)
        return written(None if found is None else found.value)

    return Quantity(key=key, text=text, measured=name)


def _if_any(key: str, name: str) -> Quantity:
    """Seconds that most trials have none of: zero is no entry."""

    def text(cell: Cell) -> str:
        found = cell.measured(name)
        return amount(found.value) if found is not None and found.value else MISSING

    return Quantity(key=key, text=text, measured=name)


def _padding(cell: Cell) -> str:
    """Real tokens over all tokens that went through the model in training."""
    real = cell.measured("train_tokens_per_second")
    padded = cell.measured("train_padded_tokens_per_second")
    if real is None or padded is None or not padded.value:
        return MISSING
    return percent(real.value / padded.value)


def _head(cell: Cell) -> str:
    """The rate of a probe's head, by either of the names that records give it."""
    found = cell.measured("head_samples_per_second") or cell.measured("train_samples_per_second")
    return amount_with_interval(found)


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
    _of_pairs("speed.feature_images", "feature_image_samples_per_second"),
    _of_pairs("speed.feature_texts", "feature_text_samples_per_second"),
    _of_pairs("speed.feature_text_tokens", "feature_text_tokens_per_second"),
    Quantity(key="speed.head_samples", text=_head, measured="head_samples_per_second"),
    *INFERENCE,
)
TIME = (
    Quantity(key="cost.alone", text=alone_text),
    Quantity(key="cost.here", text=here_text),
    _plain("cost.import_seconds", "import_seconds", amount),
    _plain("cost.load_seconds", "load_seconds", amount),
    _plain("cost.train_seconds", "train_seconds", amount),
    Quantity(key="cost.tuning_seconds", text=tuning_text),
    _plain("cost.feature_seconds", "feature_seconds", amount),
    _if_any("cost.feature_seconds_reused", "feature_seconds_reused"),
    _if_any("cost.reused_seconds", "reused_seconds"),
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
    if any(task.kind.inputs == ("image", "text") for task in findings.tasks):
        blocks.append(Paragraph(text=say("cost.pairs")))
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
        blocks += _tables(
            cells,
            TIME,
            say("cost.time_caption"),
            findings,
            say,
            notes=time_notes(setup, findings, say),
        )
        blocks += _tables(cells, MEMORY, say("cost.memory_caption"), findings, say)
    return [*blocks, *grid(findings, say), *curves(findings, say)]


def _setup_title(setup: Setup, say: Messages) -> str:
    first = setup.records[0].fingerprint
    return say("cost.setup", letter=setup.letter, device=first.device_name, threads=first.threads)


def _tables(
    cells: Sequence[Cell],
    quantities: Sequence[Quantity],
    caption: str,
    findings: Findings,
    say: Messages,
    *,
    notes: Sequence[str] = (),
) -> list[Block]:
    """The table without the columns that no cell fills; those are named below it."""
    if not cells:
        return []
    written = {q.key: [q.text(cell) for cell in cells] for q in quantities}
    shown = [q for q in quantities if any(text != MISSING for text in written[q.key])]
    absent = [say(q.key) for q in quantities if q not in shown and not q.of_pairs]
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
    items = [*notes, *_footnotes(cells, shown, say)]
    if absent:
        items.append(say("cost.absent", columns=listed_phrases(absent, say)))
    table = Table(columns=columns, rows=rows, caption=caption)
    return [table, BulletList(items=tuple(items))] if items else [table]


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
