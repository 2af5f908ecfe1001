"""Decisions over resampled traces: the paired rule, and beside it what stored mode would say.

Paired: blocks of consecutive pairs are drawn with replacement, so that a burst of other load stays
one (moving-block bootstrap, Künsch 1989, doi:10.1214/aos/1176347265), and the stopping rule runs on
them: looks, extension, end. Stored: the baseline's windows are consecutive ones of one part of the
trace, the candidate's of a later one, as two runs have them; the decision is that of
`compare.stored` on a baseline that is trusted. What it would not compare at all, since the records
say that the machine was busy, is compared here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.gate_power.traces import Condition, Trace, read_traces
from mmbench.atomic import write_atomically
from mmbench.codec import dump_json
from mmbench.compare.measured import Reading
from mmbench.compare.paired import Decision, PairedRule, judge_look
from mmbench.compare.stored import judge_readings
from mmbench.meters.clock import Window
from mmbench.meters.rates import throughput
from mmbench.speed.paired import Clock

BLOCK = 20  # pairs: some seconds, longer than a burst
STORED_WINDOWS = 30
MEANS_THRESHOLD = 0.07  # torchbench's, the plainest rule there is

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Shares of `decisions` of one method at one level. mean_pairs: timed until it stopped."""

    method: str
    condition: Condition
    level: float
    threshold: float
    decisions: int
    passed: float
    regression: float
    cannot_tell: float
    mean_pairs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    format: int = 1
    alpha: float
    looks: tuple[int, ...]
    block: int
    power: tuple[Power, ...]


def replay(out: Path, decisions: int, rule: PairedRule) -> Replay:
    """Replay all traces, write replay.json, and print a line a method and level."""
    found: list[Power] = []
    for trace in read_traces(out):
        clocks: tuple[Clock, ...] = ("wall", "cpu")
        for clock in clocks:
            found.append(_paired(trace, clock, decisions, rule))
        found.append(_blocks(trace, "stored", decisions, rule.threshold, stored_outcome))
        found.append(_blocks(trace, "means", decisions, MEANS_THRESHOLD, means_outcome))
        for power in found[-4:]:
            print(
                f"{power.condition:10} {power.level:4.0%}  {power.method:12} "
                f"pass {power.passed:6.1%}  regression {power.regression:6.1%}  "
                f"cannot tell {power.cannot_tell:6.1%}  {power.mean_pairs:5.1f} pairs",
                flush=True,
            )
    whole = Replay(alpha=rule.alpha, looks=rule.looks, block=BLOCK, power=tuple(found))
    write_atomically(out / "replay.json", dump_json(whole))
    return whole


def decide(rule: PairedRule, pairs: Sequence[Pair]) -> Decision:
    """What a session with these pairs would end with."""
    for look, wanted in enumerate(rule.looks):
        decision = judge_look(rule, {"trace": pairs[:wanted]}, look)["trace"]
        if decision is not None:
            return decision
    raise AssertionError("the last look leaves nothing undecided")


def resampled(pairs: Sequence[Pair], count: int, draws: np.random.Generator) -> list[Pair]:
    """Blocks of consecutive pairs, each from an A B on, until there are so many."""
    found: list[Pair] = []
    length = min(BLOCK, len(pairs))
    while len(found) < count:
        start = 2 * int(draws.integers((len(pairs) - length) // 2 + 1))
        found += pairs[start : start + length]
    return found[:count]


def _paired(trace: Trace, clock: Clock, decisions: int, rule: PairedRule) -> Power:
    draws = np.random.default_rng(0)
    pairs = trace.times(clock)
    found = [decide(rule, resampled(pairs, rule.looks[-1], draws)) for _ in range(decisions)]
    return _power(
        trace,
        f"paired {clock}",
        rule.threshold,
        [decision.outcome for decision in found],
        sum(decision.pairs for decision in found) / decisions,
    )


def _blocks(
    trace: Trace,
    method: str,
    decisions: int,
    threshold: float,
    outcome: Callable[[Trace, Sequence[float], Sequence[float], float], str],
) -> Power:
    """Block A, then block B, without a window that both saw."""
    draws = np.random.default_rng(1)
    baseline, candidate = zip(*trace.times("wall"), strict=True)
    count = min(STORED_WINDOWS, len(baseline) // 2)
    found = []
    for _ in range(decisions):
        first = int(draws.integers(len(baseline) - 2 * count + 1))
        second = int(draws.integers(first + count, len(baseline) - count + 1))
        windows = baseline[first : first + count], candidate[second : second + count]
        found.append(outcome(trace, *windows, threshold))
    return _power(trace, method, threshold, found, count)


def stored_outcome(
    trace: Trace, baseline: Sequence[float], candidate: Sequence[float], threshold: float
) -> str:
    """That of `mmbench gate` on two records whose raw windows these are."""
    both = [(_reading(trace, baseline), _reading(trace, candidate))]
    return judge_readings(trace.case, both, threshold, blocked=None, trust=True).verdict


def means_outcome(
    trace: Trace, baseline: Sequence[float], candidate: Sequence[float], threshold: float
) -> str:
    """A ratio of means past the threshold; it cannot say that it does not know."""
    slower = float(np.mean(candidate) / np.mean(baseline)) > 1 + threshold
    return "regression" if slower else "pass"


def _reading(trace: Trace, seconds: Sequence[float]) -> Reading:
    windows = [
        Window(
            seconds=value,
            steps=trace.steps,
            samples=trace.steps * trace.samples,
            tokens=0,
            padded_tokens=0,
            data_wait_seconds=0.0,
            transfer_seconds=0.0,
        )
        for value in seconds
    ]
    rate = throughput(windows, "train")[0]
    assert rate.value is not None
    return Reading(
        metric=rate.name,
        unit=rate.unit,
        aspect="rate",
        higher_is_better=True,
        value=rate.value,
        low=rate.low,
        high=rate.high,
        windows=len(rate.values),
    )


def _power(
    trace: Trace, method: str, threshold: float, outcomes: Sequence[str], pairs: float
) -> Power:
    counts = Counter(outcomes)
    total = len(outcomes)
    return Power(
        method=method,
        condition=trace.condition,
        level=trace.level,
        threshold=threshold,
        decisions=total,
        passed=counts["pass"] / total,
        regression=counts["regression"] / total,
        cannot_tell=counts["cannot_tell"] / total,
        mean_pairs=pairs,
    )
