"""What must be said aloud: cells that cannot be told apart, and trials below their baselines."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mmbench.cards import TaskCard
from mmbench.compare.cells import Cell, Estimate, basis_of, setup_of
from mmbench.metrics.table import metric
from mmbench.records import Record

TRUNCATED_SHARE = 0.05  # of a split's texts; below it, few examples can be decided by what was cut
UNKNOWN_SHARE = 0.05  # of a split's tokens; a tokenizer made for the language stays below 1 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the intervals support. `leaders`: the cells that no other one is shown to beat.

    leaders are in descending order of the mean. `supported`: one of at least two cells lies
    wholly above all others, and none of its seeds failed. `above_majority`: every leader's
    interval lies beyond the majority class's; None where there is no majority score.
    """

    split: str
    metric: str
    leaders: tuple[Cell, ...]
    compared: int
    supported: bool
    above_majority: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A trial that ended worse than it could have without fine-tuning.

    `clear`: not even the near end of the trial's interval reaches the baseline.
    """

    record: Record
    baseline: Literal["majority", "probe"]
    baseline_recipe: str | None
    split: str
    metric: str
    value: float
    baseline_value: float
    clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputConcern:
    """A model that did not see much of its input: its worst split, and the share there."""

    kind: Literal["truncated", "unknown_tokens"]
    model: str
    task: str
    split: str
    share: float


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
    bar = max((_favour(outcome, name)[0] for _, outcome in scored), default=-math.inf)
    running = [(cell, outcome) for cell, outcome in scored if _favour(outcome, name)[1] >= bar]
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
        above_majority=_above_majority(running, split, name),
    )


def below_baselines(records: Sequence[Record]) -> list[Below]:
    """Finished trials whose primary metric on the main test split lies below a baseline.

    Every trained trial is held against the majority class; `head` and `full` also against each
    probe of the same model, task and seed, on the same examples and setup.
    """
    finished = [record for record in records if record.status == "ok"]
    probes: dict[tuple[object, ...], list[Record]] = {}
    for record in finished:
        if record.trial.recipe.strategy == "probe":
            probes.setdefault(_twin_key(record), []).append(record)
    found = []
    for record in finished:
        strategy = record.trial.recipe.strategy
        if strategy == "zero_shot":
            continue
        found.extend(_below(record, record, "majority"))
        for probe in probes.get(_twin_key(record), []) if strategy in ("head", "full") else []:
            found.extend(_below(record, probe, "probe"))
    return found


def input_concerns(records: Sequence[Record]) -> list[InputConcern]:
    """Models that lost much of a task's text to truncation or to unknown tokens."""
    worst: dict[tuple[str, str, str], InputConcern] = {}
    for record in records:
        model, task = record.trial.model.name, record.trial.task.name
        for facts in record.data:
            cut = facts.truncated / facts.examples if facts.examples else 0.0
            unknown = facts.unknown_token_share or 0.0
            if cut > TRUNCATED_SHARE:
                _keep_worst(
                    worst,
                    InputConcern(
                        kind="truncated", model=model, task=task, split=facts.split, share=cut
                    ),
                )
            if unknown > UNKNOWN_SHARE:
                _keep_worst(
                    worst,
                    InputConcern(
                        kind="unknown_tokens",
                        model=model,
                        task=task,
                        split=facts.split,
                        share=unknown,
                    ),
                )
    return list(worst.values())


def at_grid_edge(record: Record) -> bool:
    """Whether the chosen learning rate is the lowest or highest of at least three.

    A wider grid might then have done better; with two rates every choice is an edge.
    """
    rates = [point.learning_rate for point in record.grid]
    chosen = [point.learning_rate for point in record.grid if point.chosen]
    return len(rates) >= 3 and any(rate in (min(rates), max(rates)) for rate in chosen)


def _below(record: Record, against: Record, baseline: Literal["majority", "probe"]) -> list[Below]:
    split, name = main_split(splits_scored([record])), record.trial.task.primary
    if split is None:
        return []
    own = record.score("after", split, name)
    other = against.score("majority" if baseline == "majority" else "after", split, name)
    if own is None or own.value is None or other is None or other.value is None:
        return []
    if goodness(own.value, name) >= goodness(other.value, name):
        return []
    near = own.high if metric(name).higher_is_better else own.low
    return [
        Below(
            record=record,
            baseline=baseline,
            baseline_recipe=against.trial.recipe.name if baseline == "probe" else None,
            split=split,
            metric=name,
            value=own.value,
            baseline_value=other.value,
            clear=near is not None and goodness(near, name) < goodness(other.value, name),
        )
    ]


def _twin_key(record: Record) -> tuple[object, ...]:
    trial = record.trial
    return (
        trial.model.name,
        trial.digests.get("model"),
        basis_of(record),
        trial.seed,
        setup_of(record.fingerprint),
    )


def _keep_worst(worst: dict[tuple[str, str, str], InputConcern], concern: InputConcern) -> None:
    key = (concern.kind, concern.model, concern.task)
    if key not in worst or worst[key].share < concern.share:
        worst[key] = concern


def _above_majority(running: Sequence[tuple[Cell, Estimate]], split: str, name: str) -> bool | None:
    majorities = [cell.score("majority", split, name) for cell, _ in running]
    if not running or any(majority is None for majority in majorities):
        return None
    return all(
        _favour(outcome, name)[0] > _favour(majority, name)[1]
        for (_, outcome), majority in zip(running, majorities, strict=True)
        if majority is not None
    )


def goodness(value: float, name: str) -> float:
    """The value of a metric, turned so that higher is better."""
    return value if metric(name).higher_is_better else -value


def _favour(estimate: Estimate, name: str) -> tuple[float, float]:
    """The interval as (least, most) in the cell's favour, higher is better, open if unknown."""
    low, high = estimate.low, estimate.high
    if not metric(name).higher_is_better:
        low, high = high, low
    least = -math.inf if low is None else goodness(low, name)
    most = math.inf if high is None else goodness(high, name)
    # A flawless score has nothing to resample: a bootstrap interval of no width is no evidence.
    perfect = max(goodness(end, name) for end in metric(name).range)
    return (-math.inf if least == most == perfect else least), most
