"""Cells of a paired timing → the gate's findings: the rate and the peak memory of each."""

import statistics
from collections.abc import Iterator, Sequence
from typing import Literal, cast

from mmbench.cards import GateThresholds
from mmbench.compare.gate import Change, Finding, GateReport, Reason, Verdict
from mmbench.compare.paired import Undecided
from mmbench.compare.stored import threshold_of
from mmbench.errors import PlanError
from mmbench.speed.protocol import PREFIX
from mmbench.speed.session import PairedCell
from mmbench.speed_record import SpeedCase

VERDICTS: dict[Literal["not_comparable", "failed"], Verdict] = {
    "not_comparable": "cannot_tell",
    "failed": "error",
}
Peaks = tuple[str, float, float]  # metric, baseline bytes, candidate bytes


def rate_threshold(gate: GateThresholds, cases: Sequence[SpeedCase], device: str) -> float:
    """Of all cases: one rule judges them together. PlanError if the card tells them apart."""
    found = {threshold_of(gate, "rate", rate_name(case), device) for case in cases}
    if len(found) > 1:
        raise PlanError(
            f"gate.metrics gives rates the thresholds {sorted(found)}; a paired timing judges all "
            "its cases by one. Set gate.rate instead, or put them into suites of their own"
        )
    return found.pop()


def rate_name(case: SpeedCase) -> str:
    return f"{PREFIX[case.mode]}_samples_per_second"


def report_of(
    cells: Sequence[PairedCell],
    gate: GateThresholds,
    threshold: float,
    *,
    baseline: str,
    candidate: str,
) -> GateReport:
    """All that was seen. `threshold`: of the rates; `baseline`, `candidate`: what they are."""
    findings = [found for cell in cells for found in _findings(cell, gate, threshold)]
    used = {found.metric for found in findings}
    return GateReport(
        mode="paired",
        baseline=baseline,
        candidate=candidate,
        findings=tuple(findings),
        differences=tuple(dict.fromkeys(line for cell in cells for line in cell.differences)),
        unused=tuple(name for name in gate.metrics if name not in used),
        notes=tuple(
            f"{cell.case.name}: its windows still had a trend when the pairs began; that is the "
            "same for both sides, but the interval is wider"
            for cell in cells
            if not cell.settled
        ),
    )


def not_comparable(
    cases: Sequence[SpeedCase], threshold: float, why: str, *, baseline: str, candidate: str
) -> GateReport:
    """Nothing could be timed; `why` is a whole sentence."""
    return GateReport(
        mode="paired",
        baseline=baseline,
        candidate=candidate,
        findings=tuple(
            _rate(case, threshold, Reason(code="told", values={"text": why})) for case in cases
        ),
    )


def _findings(cell: PairedCell, gate: GateThresholds, threshold: float) -> Iterator[Finding]:
    if cell.failure is not None:
        told = Reason(code="told", values={"text": cell.failure.message})
        yield _rate(cell.case, threshold, told, VERDICTS[cell.failure.kind])
    elif cell.decision is None:
        yield _rate(cell.case, threshold, Reason(code="out_of_time"))
    else:
        yield _judged(cell, threshold)
    if cell.memory is not None and (peaks := _peaks(cell)) is not None:
        yield _memory(cell, peaks, gate)


def _rate(
    case: SpeedCase, threshold: float, reason: Reason, verdict: Verdict = "cannot_tell"
) -> Finding:
    return Finding(
        cell=case.name,
        metric=rate_name(case),
        aspect="rate",
        verdict=verdict,
        threshold=threshold,
        unit="samples/s",
        reason=reason,
    )


def _judged(cell: PairedCell, threshold: float) -> Finding:
    decision = cell.decision
    assert decision is not None
    samples = cell.case.batch_size * cell.steps
    middles = [
        samples / statistics.median(seconds)
        for seconds in zip(*(pair.seconds for pair in cell.pairs), strict=True)
    ]
    return Finding(
        cell=cell.case.name,
        metric=rate_name(cell.case),
        aspect="rate",
        verdict=decision.outcome,
        threshold=threshold,
        change=Change(
            scale="ratio",
            value=decision.ratio,
            low=decision.low,
            high=decision.high,
            count=decision.pairs,
            counted="pairs",
        ),
        baseline=middles[0],
        candidate=middles[1],
        unit="samples/s",
        reason=None if decision.reason is None else Reason(code=cast(Undecided, decision.reason)),
    )


def _peaks(cell: PairedCell) -> Peaks | None:
    """Those of the device where there is one; None where the system does not tell."""
    assert cell.memory is not None
    baseline, candidate = cell.memory
    for metric in ("peak_cuda_bytes", "peak_rss_bytes"):
        ours, theirs = getattr(candidate, metric), getattr(baseline, metric)
        if ours and theirs:
            return metric, theirs, ours
    return None


def _memory(cell: PairedCell, peaks: Peaks, gate: GateThresholds) -> Finding:
    """One reading a side, so its ratio decides."""
    metric, baseline, candidate = peaks
    threshold = threshold_of(gate, "memory", metric, "cpu")
    ratio = candidate / baseline
    return Finding(
        cell=cell.case.name,
        metric=metric,
        aspect="memory",
        verdict="regression" if ratio > 1 + threshold else "pass",
        threshold=threshold,
        change=Change(scale="ratio", value=ratio),
        baseline=baseline,
        candidate=candidate,
        unit="bytes",
    )
