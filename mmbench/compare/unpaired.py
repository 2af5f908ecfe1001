"""The unpaired rule: is the candidate slower than a baseline that was timed at another time?

Weaker than the paired rule, by nature: between the two the machine may have changed, and readings
of one session resemble each other. Each session's calibration, known work timed beside them, says
whether it has; it can cast doubt on a decision, and cannot make a noisy machine a quiet one.
`docs/measuring.md` has the figures of both.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal

from mmbench.compare.paired import Outcome
from mmbench.compare.rank_sum import MOST_READINGS, larger_p, shift_between, smallest_p
from mmbench.compare.signed_rank import holm
from mmbench.meters.noise import CALIBRATION_DRIFT

Doubt = Literal["few_windows", "machine", "near_threshold", "noisy"]
"""Why it cannot be told: too few readings to show anything; the machine itself has changed more
than the decision bears; the interval is narrow, and the threshold lies in it; it is wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairedRule:
    """threshold: of the ratio of times above 1; 0.05 is 5 % slower. alpha: the chance of any false
    alarm over all cells, by Holm, if nothing but chance parts the two sessions."""

    threshold: float = 0.05
    alpha: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.threshold < math.inf:
            raise ValueError(f"threshold is {self.threshold}; a share above 0 is needed: 0.05")
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is {self.alpha}; a chance between 0 and 0.5 is needed: 0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One cell's seconds in one session, in the order of timing. calibration: kernel → seconds of
    each of its rounds in that session."""

    seconds: Sequence[float]
    calibration: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairedDecision:
    """ratio: Hodges–Lehmann estimate of candidate / baseline time; low, high: one-sided bounds of
    it at α each. p: one-sided, before Holm. drift: kernel → the same ratio of the calibration's
    medians. readings: of the baseline and of the candidate. reason: a `Doubt` if it cannot be told.
    """

    outcome: Outcome
    ratio: float
    low: float
    high: float
    p: float
    drift: Mapping[str, float]
    readings: tuple[int, int]
    reason: Doubt | None = None


def judge_unpaired(
    rule: UnpairedRule, cells: Mapping[str, tuple[Readings, Readings]]
) -> dict[str, UnpairedDecision]:
    """Each cell's decision; cells: name → (baseline, candidate).

    regression: the rank-sum test on logarithms rejects "no slower", Holm over the cells, and the
    ratio is past the threshold. pass: its upper bound is under it. Where the calibration of the
    sessions differs by more than 6 %, a regression must be past the threshold by as much as the
    machine is slower, and a pass under it by as much as it is faster.

    ValueError if there is no cell, or a reading took no time.
    """
    if not cells:
        raise ValueError("no cell was given: nothing was timed, so nothing can pass")
    logs = {
        name: (_log_times(name, baseline), _log_times(name, candidate))
        for name, (baseline, candidate) in cells.items()
    }
    p_values = [larger_p(*found) for found in logs.values()]
    rejected = holm(p_values, rule.alpha)
    decisions = {}
    for (name, found), p, slower in zip(logs.items(), p_values, rejected, strict=True):
        few = smallest_p(len(found[0]), len(found[1])) > rule.alpha / len(cells)
        drift = drift_between(*(readings.calibration for readings in cells[name]))
        decisions[name] = _decide(rule, found, p, drift, slower=slower, few=few)
    return decisions


def drift_between(
    baseline: Mapping[str, Sequence[float]], candidate: Mapping[str, Sequence[float]]
) -> dict[str, float]:
    """Kernel → the candidate's median time over the baseline's, of the kernels that both timed."""
    return {
        kernel: median(candidate[kernel]) / median(baseline[kernel])
        for kernel in baseline
        if kernel in candidate
    }


def folded(seconds: Sequence[float], most: int = MOST_READINGS) -> list[float]:
    """At most `most` readings: medians of blocks that follow each other.

    Thousands of short rounds are no thousands of readings: neighbours share the machine's state.
    """
    count = min(len(seconds), most)
    edges = [round(place * len(seconds) / count) for place in range(count + 1)] if count else [0]
    return [median(seconds[start:end]) for start, end in pairwise(edges)]


def drift_words(drift: Mapping[str, float]) -> list[str]:
    """Each kernel in words, as "matrix product: 1.08 times the baseline's time"."""
    names = {kernel: kernel.removesuffix("_seconds").replace("_", " ") for kernel in drift}
    return [
        f"{names[each]}: {ratio:.2f} times the baseline's time" for each, ratio in drift.items()
    ]


def differing(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """What two sessions say otherwise of themselves, in words, as "rows: 256 against 32"."""
    return [
        f"{name}: {one.get(name, 'absent')} against {other.get(name, 'absent')}"
        for name in dict.fromkeys((*one, *other))
        if one.get(name) != other.get(name)
    ]


def _log_times(name: str, readings: Readings) -> list[float]:
    found = folded(readings.seconds)
    if not found or not all(0 < seconds < math.inf for seconds in found):
        raise ValueError(
            f"{name}: there is no reading, or one took no time; time more work at once"
        )
    return [math.log(seconds) for seconds in found]


def _decide(
    rule: UnpairedRule,
    logs: tuple[list[float], list[float]],
    p: float,
    drift: Mapping[str, float],
    *,
    slower: bool,
    few: bool,
) -> UnpairedDecision:
    found = shift_between(*logs, rule.alpha)
    ratio, low, high = math.exp(found.value), math.exp(found.low), math.exp(found.high)
    limit = 1 + rule.threshold
    moved = [1.0, *(change for change in drift.values() if abs(change - 1) > CALIBRATION_DRIFT)]
    outcome: Outcome = "cannot_tell"
    reason: Doubt | None = None
    if slower and ratio > limit:
        sure = ratio / max(moved) > limit
        outcome, reason = ("regression", None) if sure else (outcome, "machine")
    elif high < limit:
        sure = high / min(moved) < limit
        outcome, reason = ("pass", None) if sure else (outcome, "machine")
    elif few:
        reason = "few_windows"
    else:
        reason = "near_threshold" if low > 0 and high / low - 1 < rule.threshold else "noisy"
    return UnpairedDecision(
        outcome=outcome,
        ratio=ratio,
        low=low,
        high=high,
        p=p,
        drift=drift,
        readings=(len(logs[0]), len(logs[1])),
        reason=reason,
    )
