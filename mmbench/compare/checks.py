"""What must be said aloud: cells that cannot be told apart, and models that saw little."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mmbench.cards import RandomModel, TaskCard, TrainedTokenizer
from mmbench.compare.cells import Cell, Estimate, Mark
from mmbench.metrics.table import metric
from mmbench.records import Record, SplitFacts

TRUNCATED_SHARE = 0.05  # of a split's texts; below it, few examples can be decided by what was cut
UNKNOWN_SHARE = 0.05  # of a split's tokens; a tokenizer made for the language stays below 1 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the intervals support. `leaders`: the cells that no other one is shown to beat.

    leaders are in descending order of the mean. `supported`: one of at least two cells lies
    wholly above all others, and none of its seeds failed. `above_baseline`: every leader's
    interval lies beyond that of the kind's baseline, the majority class or chance; None where the
    baseline has no score.
    """

    split: str
    metric: str
    leaders: tuple[Cell, ...]
    compared: int
    supported: bool
    above_baseline: bool | None


Concern = Literal["truncated", "cut_clips", "unknown_tokens", "untaught_tokens"]
"""What a model did not see: the ends of texts, or of clips; tokens that its tokenizer does not
know; the same of a tokenizer that was trained on the training split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputConcern:
    """A model that did not see much of its input: its worst split, and the share there."""

    kind: Concern
    model: str
    mark: Mark
    task: str
    split: str
    share: float


def reached(cell: Cell, split: str) -> float:
    """What to compare a cell that has a score by: the greater, the better."""
    outcome = cell.outcome(split, cell.task.primary)
    assert outcome is not None, "only cells with a score are compared"
    return goodness(outcome.value, cell.task.primary)


def main_split(found: Iterable[str]) -> str | None:
    """The split that answers for a task: `test`, or else the first whose name begins so."""
    names = sorted(name for name in found if name == "test" or name.startswith("test_"))
    return names[0] if names else None


def splits_scored(records: Iterable[Record]) -> list[str]:
    """Every split with a score: `test` first, other tests, validation, the rest, train last."""
    order = {"test": 0, "validation": 2, "train": 4}
    names = {score.split for record in records for score in record.scores}

    def rank(name: str) -> tuple[int, str]:
        return order.get(name, 1 if name.startswith("test") else 3), name

    return sorted(names, key=rank)


def separable(found: Sequence[Cell], task: TaskCard, split: str) -> Verdict:
    """Which cells of one basis may be called best on `split`, by the task's primary metric.

    A cell stays in the running unless another's interval lies wholly beyond its own; one without
    an interval always stays. So one leader means that its whole interval beats all others.
    Pretrained and scratch cells are judged together: whoever prints a leader prints its mark.
    """
    name = task.primary
    outcomes = [(cell, cell.outcome(split, name)) for cell in found]
    scored = [(cell, outcome) for cell, outcome in outcomes if outcome is not None]
    bar = max((favour(outcome, name)[0] for _, outcome in scored), default=-math.inf)
    running = [(cell, outcome) for cell, outcome in scored if favour(outcome, name)[1] >= bar]
    running.sort(
        key=lambda pair: (-goodness(pair[1].value, name), pair[0].model.name, pair[0].recipe.name)
    )
    leaders = tuple(cell for cell, _ in running)
    return Verdict(
        split=split,
        metric=name,
        leaders=leaders,
        compared=len(scored),
        supported=len(leaders) == 1 and len(scored) > 1 and not leaders[0].unfinished,
        above_baseline=_above_baseline(running, split, name),
    )


def input_concerns(records: Sequence[Record]) -> list[InputConcern]:
    """Models that lost much of a task's texts or clips to truncation, or to unknown tokens."""
    worst: dict[tuple[str, str, str], InputConcern] = {}
    for record in records:
        for facts in record.data:
            cut = truncated_share(facts)
            unknown = facts.unknown_token_share or 0.0
            if cut > TRUNCATED_SHARE:
                of_clips = "audio" in record.trial.task.inputs
                what: Concern = "cut_clips" if of_clips else "truncated"
                _keep_worst(worst, _concern(what, record, facts.split, cut))
            if unknown > UNKNOWN_SHARE:
                about: Concern = "untaught_tokens" if _taught(record) else "unknown_tokens"
                _keep_worst(worst, _concern(about, record, facts.split, unknown))
    return list(worst.values())


def _taught(record: Record) -> bool:
    """Whether the tokenizer knows what the training split taught it, and nothing else."""
    model = record.trial.model
    sources = [card.source for card in (model, *model.parts.values())]
    return any(
        isinstance(source, RandomModel) and isinstance(source.tokenizer, TrainedTokenizer)
        for source in sources
    )


def truncated_share(facts: SplitFacts) -> float:
    """Of a split's texts or clips. Where images and texts are paired, each distinct text counts
    once."""
    texts = facts.candidates.get("text", facts.examples)
    return facts.truncated / texts if texts else 0.0


def _concern(about: Concern, record: Record, split: str, share: float) -> InputConcern:
    model, task = record.trial.model, record.trial.task
    return InputConcern(
        kind=about, model=model.name, mark=model.start, task=task.name, split=split, share=share
    )


def at_grid_edge(record: Record) -> bool:
    """Whether the chosen learning rate is the lowest or highest of at least three.

    A wider grid might then have done better; with two rates every choice is an edge.
    """
    rates = [point.learning_rate for point in record.grid]
    chosen = [point.learning_rate for point in record.grid if point.chosen]
    return len(rates) >= 3 and any(rate in (min(rates), max(rates)) for rate in chosen)


def _keep_worst(worst: dict[tuple[str, str, str], InputConcern], concern: InputConcern) -> None:
    key = (concern.kind, concern.model, concern.task)
    if key not in worst or worst[key].share < concern.share:
        worst[key] = concern


def _above_baseline(running: Sequence[tuple[Cell, Estimate]], split: str, name: str) -> bool | None:
    baselines = [cell.baseline(split, name) for cell, _ in running]
    if not running or any(baseline is None for baseline in baselines):
        return None
    return all(
        favour(outcome, name)[0] > _most(baseline, name)
        for (_, outcome), baseline in zip(running, baselines, strict=True)
        if baseline is not None
    )


def _most(baseline: Estimate, name: str) -> float:
    """The far end of a baseline, turned so that higher is better. Without an interval its value is
    exact: what chance gives follows from the candidates alone."""
    if baseline.low is None or baseline.high is None:
        return goodness(baseline.value, name)
    return favour(baseline, name)[1]


def goodness(value: float, name: str) -> float:
    """The value of a metric, turned so that higher is better."""
    return value if metric(name).higher_is_better else -value


def favour(estimate: Estimate, name: str) -> tuple[float, float]:
    """The interval as (least, most) in the cell's favour, higher is better, open if unknown."""
    low, high = estimate.low, estimate.high
    if not metric(name).higher_is_better:
        low, high = high, low
    least = -math.inf if low is None else goodness(low, name)
    most = math.inf if high is None else goodness(high, name)
    # A flawless score has nothing to resample: a bootstrap interval of no width is no evidence.
    perfect = max(goodness(end, name) for end in metric(name).range)
    return (-math.inf if least == most == perfect else least), most
