"""What the times say of a call against another, in words that a failing test shows."""

from dataclasses import dataclass

from mmbench.compare.paired import Decision, Outcome, PairedRule
from mmbench.compare.unpaired import (
    Readings,
    UnpairedRule,
    differing,
    drift_words,
    judge_unpaired,
)
from mmbench.throughput.baselines import SavedTest
from mmbench.throughput.in_turn import CELL, judge_in_turn
from mmbench.throughput.windows import Call, Windows

IN_TURN_ADVICE = {
    "noisy": "the times spread more than the threshold: close other programs, give longer windows "
    "(measure(…, window_seconds=0.1)), or a larger threshold",
    "near_threshold": "the change is as large as the threshold: set that above or below what you "
    "mean to allow",
    "out_of_time": "the time ended first: give more with --throughput-seconds, or a smaller call",
}

SAVED_ADVICE = {
    "few_windows": "give more samples to measure(…), and save the baseline again",
    "machine": "the machine itself runs at another speed than when the baseline was saved",
    "near_threshold": IN_TURN_ADVICE["near_threshold"],
    "noisy": IN_TURN_ADVICE["noisy"],
}
IN_TURN_INSTEAD = (
    "; on a machine that is not quiet, time the earlier code itself in turn: "
    "throughput.not_slower_than(earlier_call)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """ratio: of times, measured call over baseline; low, high: its one-sided bounds. advice: what
    to do where it cannot be told."""

    outcome: Outcome
    against: str
    ratio: float
    low: float
    high: float
    threshold: float
    evidence: str
    advice: str = ""

    def __str__(self) -> str:
        word = {
            "pass": "not slower than",
            "regression": "slower than",
            "cannot_tell": "cannot tell against",
        }[self.outcome]
        return (
            f"{word} {self.against}: {self.ratio:.3f} times its time ({self.low:.3f} to "
            f"{self.high:.3f}; allowed {1 + self.threshold:.3f}), {self.evidence}"
        )


def against_call(
    baseline: Call,
    candidate: Call,
    measured: Windows,
    *,
    threshold: float,
    window_seconds: float,
    most_seconds: float,
) -> Verdict:
    """Both in turn, by the paired rule."""
    decision: Decision = judge_in_turn(
        baseline,
        candidate,
        measured,
        rule=PairedRule(threshold=threshold),
        window_seconds=window_seconds,
        most_seconds=most_seconds,
    )
    return Verdict(
        outcome=decision.outcome,
        against=f"{getattr(baseline, '__name__', repr(baseline))}()",
        ratio=decision.ratio,
        low=decision.low,
        high=decision.high,
        threshold=threshold,
        evidence=f"{decision.pairs} pairs in turn, p = {decision.p:.2g}",
        advice=IN_TURN_ADVICE.get(decision.reason or "", ""),
    )


def against_saved(name: str, saved: SavedTest, now: SavedTest, *, threshold: float) -> Verdict:
    """The windows of now against saved ones, by the unpaired rule and both calibrations."""
    readings = [
        Readings(seconds=each.seconds, calibration=each.calibration) for each in (saved, now)
    ]
    rule = UnpairedRule(threshold=threshold)
    found = judge_unpaired(rule, {CELL: (readings[0], readings[1])})[CELL]
    evidence = f"{len(now.seconds)} windows against {len(saved.seconds)} of {saved.saved_at}"
    return Verdict(
        outcome=found.outcome,
        against=repr(name),
        ratio=found.ratio,
        low=found.low,
        high=found.high,
        threshold=threshold,
        evidence="; ".join(
            [
                f"{evidence}, p = {found.p:.2g}",
                *drift_words(found.drift),
                *differing(saved.libraries, now.libraries),
            ]
        ),
        advice=f"{SAVED_ADVICE.get(found.reason or '', '')}{IN_TURN_INSTEAD}",
    )
