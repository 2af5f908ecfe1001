"""Speed and cost: rates and seconds of every cell, memory and parameters.

A rate of a head that runs on stored features says nothing about a model that runs as a whole, so
the two stand in tables of their own.
"""

from dataclasses import replace

from mmbench.cards import Recipe
from mmbench.compare.cells import Cell
from mmbench.report.document import Block, Heading, Paragraph
from mmbench.report.figure_curves import figure_curves
from mmbench.report.findings import Findings, Setup
from mmbench.report.i18n import Messages
from mmbench.report.numbers import MISSING, amount, amount_with_interval, many, percent, size
from mmbench.report.quantities import Quantity, if_any, of_some, plain, rate, tables
from mmbench.report.times import alone_text, here_text, time_notes, tuning_text
from mmbench.report.timing import timing
from mmbench.report.training import curves, grid


def runs_on_features(recipe: Recipe) -> bool:
    """Whether training sees stored features only, and never the backbone."""
    return recipe.strategy == "probe"


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


def _billions(flops: float | None) -> str:
    return MISSING if flops is None else amount(flops / 1e9)


INFERENCE = (
    rate("speed.inference_samples", "inference_samples_per_second"),
    rate("speed.inference_tokens", "inference_tokens_per_second"),
    of_some("speed.inference_audio", "inference_audio_seconds_per_second"),
)
SPEED = (
    rate("speed.train_samples", "train_samples_per_second"),
    rate("speed.train_tokens", "train_tokens_per_second"),
    of_some("speed.train_audio", "train_audio_seconds_per_second"),
    Quantity(key="speed.padding", text=_padding),
    *INFERENCE,
    plain("speed.data_wait", "data_wait_share", percent),
    plain("speed.transfer", "transfer_share", percent),
)
PROBE_SPEED = (
    rate("speed.feature_samples", "feature_samples_per_second"),
    rate("speed.feature_tokens", "feature_tokens_per_second"),
    of_some("speed.feature_audio", "feature_audio_seconds_per_second"),
    of_some("speed.feature_images", "feature_image_samples_per_second"),
    of_some("speed.feature_texts", "feature_text_samples_per_second"),
    of_some("speed.feature_text_tokens", "feature_text_tokens_per_second"),
    Quantity(key="speed.head_samples", text=_head, measured="head_samples_per_second"),
    *INFERENCE,
)
TIME = (
    Quantity(key="cost.alone", text=alone_text),
    Quantity(key="cost.here", text=here_text),
    plain("cost.import_seconds", "import_seconds", amount),
    plain("cost.load_seconds", "load_seconds", amount),
    plain("cost.train_seconds", "train_seconds", amount),
    Quantity(key="cost.tuning_seconds", text=tuning_text),
    plain("cost.feature_seconds", "feature_seconds", amount),
    if_any("cost.feature_seconds_reused", "feature_seconds_reused"),
    if_any("cost.reused_seconds", "reused_seconds"),
)
MEMORY = (
    plain("cost.peak_rss", "peak_rss_bytes", size),
    plain("cost.peak_rss_growth", "peak_rss_growth_bytes", size),
    plain("cost.peak_cuda", "peak_cuda_bytes", size),
    plain("cost.peak_cuda_reserved", "peak_cuda_reserved_bytes", size),
    *(
        replace(plain(f"cost.{part}", f"{part}_bytes", size), of_some=True)
        for part in ("model", "gradient", "optimizer", "activation")
    ),
    plain("cost.parameters", "parameters", many),
    replace(plain("cost.flops", "inference_flops_per_sample", _billions), of_some=True),
    plain("cost.trainable", "trainable_parameters", many),
)


def cost(findings: Findings, say: Messages) -> list[Block]:
    """Tables of speed, time and memory, apart for each setup: between them speeds differ."""
    if not findings.cells:
        return []
    blocks: list[Block] = [Heading(level=2, text=say("cost.heading"))]
    blocks.append(Paragraph(text=say("cost.how")))
    if any(task.kind.target == "key" for task in findings.tasks):
        blocks.append(Paragraph(text=say("cost.pairs")))
    for setup in findings.setups:
        cells = [cell for task in findings.tasks for cell in task.cells if cell.setup == setup.key]
        if not cells:
            continue
        if len(findings.setups) > 1:
            blocks.append(Heading(level=3, text=_setup_title(setup, say)))
        probes = [cell for cell in cells if runs_on_features(cell.recipe)]
        whole = [cell for cell in cells if not runs_on_features(cell.recipe)]
        blocks += tables(whole, SPEED, say("speed.caption"), findings, say)
        blocks += tables(probes, PROBE_SPEED, say("speed.probe_caption"), findings, say)
        blocks += tables(
            cells,
            TIME,
            say("cost.time_caption"),
            findings,
            say,
            notes=time_notes(setup, findings, say),
        )
        blocks += tables(cells, MEMORY, say("cost.memory_caption"), findings, say)
        blocks += timing(cells, findings, say)
    return [*blocks, *grid(findings, say), *_learning(findings, say)]


def _learning(findings: Findings, say: Messages) -> list[Block]:
    """The curves as a figure, and some of their numbers folded."""
    drawn, told = figure_curves(findings, say), curves(findings, say)
    if drawn is None:
        return told
    heading = Heading(level=3, text=say("curves.heading"))
    return [heading, Paragraph(text=say("curves.how")), drawn, *told]


def _setup_title(setup: Setup, say: Messages) -> str:
    first = setup.records[0].fingerprint
    return say("cost.setup", letter=setup.letter, device=first.device_name, threads=first.threads)
