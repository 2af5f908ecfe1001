"""What a gate found, and what it comes to: findings → one report → an exit status.

A finding is one number of one cell, of candidate against baseline. `stored`, `quality` and the
paired runner make them; here they are only brought together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "warning", "regression", "cannot_tell", "error"]
"""warning: worse than the threshold allows, by evidence that may not fail a build."""

Aspect = Literal["rate", "memory", "quality"]

Scale = Literal["ratio", "drop", "relative_drop"]
"""How a change is told; larger is always worse. ratio: of costs (time, bytes), candidate over
baseline, 1.0 is the same. drop: of a metric in its own unit. relative_drop: as a share of it."""

Counted = Literal["pairs", "windows", "examples"]

Side = Literal["baseline", "candidate"]

ReasonCode = Literal[
    "noisy",
    "near_threshold",
    "out_of_time",
    "setups",
    "trials",
    "unstable",
    "few_windows",
    "no_interval",
    "not_measured",
    "measured_earlier",
    "from_cache",
    "whole_process",
    "stored_only",
    "no_predictions",
    "other_examples",
    "groups",
    "few_examples",
    "undefined",
    "zero_baseline",
    "unreadable",
    "no_value",
    "failed",
    "told",
]
"""Why a finding is no pass. The report has the sentence, and what to do, under `gate.reason.CODE`,
with the placeholders that `Reason.values` fills. `told`: {text} is the whole sentence."""

PASS, REGRESSION, ERROR, CANNOT_TELL = range(4)  # exit statuses of `mmbench gate`


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    code: ReasonCode
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Candidate against baseline, on the finding's scale. low, high: one-sided bounds of it each,
    None where there is no interval. count: of what `counted` says."""

    scale: Scale
    value: float
    low: float | None = None
    high: float | None = None
    count: int | None = None
    counted: Counted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """cell: its name, as records and reports have it. metric: of a measurement or a score.
    threshold: on the scale of the change, without the 1 of a ratio. baseline, candidate: the
    values in `unit`, None where one is missing."""

    cell: str
    metric: str
    aspect: Aspect
    verdict: Verdict
    threshold: float
    change: Change | None = None
    baseline: float | None = None
    candidate: float | None = None
    unit: str = ""
    reason: Reason | None = None

    def __post_init__(self) -> None:
        assert self.verdict in ("pass", "regression") or self.reason is not None, self


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A cell that only one side has, or one metric of a cell. lacking: the side without it."""

    cell: str
    lacking: Side
    metric: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """All that was compared. baseline, candidate: what they are, for a reader. missing: an error,
    unless `allow_missing`. differences: of the setups, which parted no cell. unused: metrics that
    have a threshold and stand in no cell. notes: what else a reader must know, as plain sentences.
    """

    mode: Literal["stored", "paired"]
    baseline: str
    candidate: str
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...] = ()
    allow_missing: bool = False
    differences: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.verdict == verdict)

    @property
    def status(self) -> int:
        """0 pass, 1 regression, 2 error, 3 cannot tell: the first of regression, error, cannot tell
        that there is.

        A regression that is shown is sure, whatever else could not be compared, so it is told
        first. An error comes before what cannot be told: there something is broken, and another
        run alone would not mend it. A pass is what is left when every comparison that was asked for
        was made and passed, or warned: a gate that compared nothing has not passed.
        """
        if self.of("regression"):
            return REGRESSION
        lacking = self.missing and not self.allow_missing
        if self.of("error") or lacking or not self.findings:
            return ERROR
        return CANNOT_TELL if self.of("cannot_tell") else PASS
