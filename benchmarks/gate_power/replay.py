"""Decisions over resampled traces: the paired rule, and beside it what stored mode would say.

Paired: as a session does, every visit of every look draws one of the recorded starts, and a run of
consecutive pairs of it, from an A B on, so that a burst of other load stays one; the stopping rule
runs on them: looks, extension, end. Stored: the baseline's windows are consecutive ones of one
start, the candidate's of another, as two runs have them; the decision is that of `compare.stored`
on a baseline that is trusted. What it would not compare at all, since the records say that the
machine was busy, is compared here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
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
from mmbench.speed.session import Conditions, goals

VISITS = Conditions(device="cpu", rule=PairedRule()).visits  # of a look, as the gate has them
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
    format: int = 3
    alpha: float
    looks: tuple[int, ...]
    visits: int
    power: tuple[Power, ...]


def replay(out: Path, decisions: int, rule: PairedRule) -> Replay:
    """Replay all traces, each in a process of its own, write replay.json, and print a line a
    method and level as they come."""
    found: list[Power] = []
    replayed = partial(_replayed, decisions=decisions, rule=rule)
    with ProcessPoolExecutor() as processes:
        for powers in processes.map(replayed, read_traces(out)):
            found += powers
            for power in powers:
                print(
                    f"{power.condition:10} {power.level:4.0%}  {power.method:12} "
                    f"pass {power.passed:6.1%}  regression {power.regression:6.1%}  "
                    f"cannot tell {power.cannot_tell:6.1%}  {power.mean_pairs:5.1f} pairs",
                    flush=True,
                )
    whole = Replay(alpha=rule.alpha, looks=rule.looks, visits=VISITS, power=tuple(found))
    write_atomically(out / "replay.json", dump_json(whole))
    return whole


def _replayed(trace: Trace, decisions: int, rule: PairedRule) -> tuple[Power, ...]:
    return (
        _paired(trace, decisions, rule),
        _blocks(trace, "stored", decisions, rule.threshold, stored_outcome),
        _blocks(trace, "means", decisions, MEANS_THRESHOLD, means_outcome),
    )


def decide(rule: PairedRule, pairs: Sequence[Pair]) -> Decision:
    """What a session with these pairs would end with."""
    for look, wanted in enumerate(rule.looks):
        decision = judge_look(rule, {"trace": pairs[:wanted]}, look)["trace"]
        if decision is not None:
            return decision
    raise AssertionError("the last look leaves nothing undecided")


def drawn(
    visits: Sequence[Sequence[Pair]], rule: PairedRule, draws: np.random.Generator
) -> list[Pair]:
    """The pairs of one session up to its last look: those of a visit come from one start."""
    found: list[Pair] = []
    for look in range(len(rule.looks)):
        for goal in goals(rule, look, VISITS):
            start = visits[int(draws.integers(len(visits)))]
            while len(found) < goal:  # again, where the start has fewer pairs than the visit
                found += run_of(start, goal - len(found), draws)
    return found


def run_of(pairs: Sequence[Pair], count: int, draws: np.random.Generator) -> Sequence[Pair]:
    """So many consecutive pairs, or all, from an A B on."""
    length = min(count, len(pairs))
    first = 2 * int(draws.integers((len(pairs) - length) // 2 + 1))
    return pairs[first : first + length]


def _paired(trace: Trace, decisions: int, rule: PairedRule) -> Power:
    draws = np.random.default_rng(0)
    visits = trace.times()
    found = [decide(rule, drawn(visits, rule, draws)) for _ in range(decisions)]
    return _power(
        trace,
        "paired",
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
    """The baseline's windows of one start, then the candidate's of another."""
    draws = np.random.default_rng(1)
    visits = trace.times()
    if len(visits) < 2:
        raise ValueError(f"{trace.name}: one start alone; record it with --restarts 2 or more")
    found = []
    for _ in range(decisions):
        before, after = draws.choice(len(visits), size=2, replace=False)
        baseline = [pair[0] for pair in run_of(visits[before], STORED_WINDOWS, draws)]
        candidate = [pair[1] for pair in run_of(visits[after], STORED_WINDOWS, draws)]
        found.append(outcome(trace, baseline, candidate, threshold))
    count = min(STORED_WINDOWS, *(len(visit) for visit in visits))
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
