"""How long one answer takes, and where the time of training went; folded."""

from collections.abc import Sequence
from dataclasses import replace

from mmbench.compare.cells import Cell
from mmbench.report.document import Block, BulletList, Details, Paragraph
from mmbench.report.findings import Findings
from mmbench.report.i18n import Messages
from mmbench.report.notes import note_text, unstable_warnings
from mmbench.report.numbers import amount, many, percent
from mmbench.report.quantities import if_any, milliseconds, plain, tables
from mmbench.report.words import listed_phrases, trial_names

LATENCY = (
    milliseconds("timing.latency_p50", "latency_p50_seconds"),
    milliseconds("timing.latency_p95", "latency_p95_seconds"),
    # without footnotes: each cell would have one on how many samples were too few
    replace(milliseconds("timing.latency_p99", "latency_p99_seconds"), measured=None),
    milliseconds("timing.preparing_p50", "preparing_p50_seconds"),
    milliseconds("timing.whole_p50", "latency_with_preparing_p50_seconds"),
    milliseconds("timing.whole_p95", "latency_with_preparing_p95_seconds"),
)
ACCOUNT = (
    plain("cost.train_seconds", "train_seconds", amount),
    plain("timing.setup", "setup_seconds", amount),
    plain("timing.warmup", "warmup_seconds", amount),
    plain("timing.warmup_windows", "warmup_windows", many),
    plain("timing.paused", "paused_seconds", amount),
    if_any("timing.compile", "compile_seconds"),
    plain("timing.unaccounted", "unaccounted_share", percent),
)

MOST_UNSTABLE = 100  # trials that are named; the others are counted


def timing(cells: Sequence[Cell], findings: Findings, say: Messages) -> list[Block]:
    """Nothing for cells whose records are older than these measurements."""
    blocks: list[Block] = []
    answered = [cell for cell in cells if cell.measured("latency_p50_seconds") is not None]
    if answered:
        blocks.append(Paragraph(text=say("timing.latency_how")))
        blocks += tables(answered, LATENCY, say("timing.latency_caption"), findings, say)
    trained = [cell for cell in cells if cell.measured("unaccounted_share") is not None]
    if trained:
        blocks.append(Paragraph(text=say("timing.account_how")))
        blocks += tables(trained, ACCOUNT, say("timing.account_caption"), findings, say)
    blocks += _unstable(cells, findings, say)
    return [Details(summary=say("timing.summary"), blocks=tuple(blocks))] if blocks else []


def _unstable(cells: Sequence[Cell], findings: Findings, say: Messages) -> list[Block]:
    """What moved during each trial; the advice, the same for all of them, stands above."""
    found = [
        (record, warnings)
        for cell in cells
        for record in cell.records
        if (warnings := unstable_warnings(record))
    ]
    if not found:
        return []
    items = [
        say(
            "timing.unstable_item",
            trial=trial_names([record], findings, say)[0],
            reasons=listed_phrases([note_text(text, say) for text in warnings], say),
        )
        for record, warnings in found[:MOST_UNSTABLE]
    ]
    if len(found) > MOST_UNSTABLE:
        items.append(say("timing.unstable_rest", count=len(found) - MOST_UNSTABLE))
    return [Paragraph(text=say("timing.unstable_how")), BulletList(items=tuple(items))]
