"""Stored mode: records of today against records that were kept, number by number.

A stored baseline was timed at another time, perhaps beside other work. On a shared machine that
alone moves a speed by more than most thresholds (docs/measuring.md), so a slow-down only warns
here, unless the caller vouches for the machine. Memory and quality do not move so, and may fail.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from mmbench.cards import GateThresholds
from mmbench.compare.gate import (
    Aspect,
    Change,
    Finding,
    GateReport,
    Missing,
    Reason,
    Side,
)
from mmbench.compare.matching import Matching, Pair, match
from mmbench.compare.measured import Measured, Reading, readings, unread
from mmbench.compare.quality import plain_finding, quality_findings

RATE_ON_CPU, RATE_ON_GPU = 0.05, 0.025
MEMORY = 0.05
QUALITY = 0.01
SIDES: tuple[Side, ...] = ("baseline", "candidate")


def threshold_of(given: GateThresholds, aspect: Aspect, metric: str, device: str) -> float:
    """What the metric's own entry says, or its aspect's, or the default."""
    own = given.metrics.get(metric)
    if own is not None:
        return own
    rate = RATE_ON_GPU if device.startswith("cuda") else RATE_ON_CPU
    defaults = {"rate": rate, "memory": MEMORY, "quality": QUALITY}
    general = {"rate": given.rate, "memory": given.memory, "quality": given.quality}[aspect]
    return defaults[aspect] if general is None else general


def compare_stored(
    baseline: tuple[str, Sequence[Measured]],
    candidate: tuple[str, Sequence[Measured]],
    thresholds: GateThresholds,
    *,
    trust_stored: bool,
    allow_missing: bool,
) -> GateReport:
    """Every number that both sides have of the same cell. baseline, candidate: what to call them,
    and their records. trust_stored: the machine is quiet and the baseline is its own."""
    matching = match(baseline[1], candidate[1])
    findings, missing = list(matching.failed), list(matching.missing)
    for cell, pairs in matching.cells.items():
        found, lacking = _measurements(cell, pairs, thresholds, trust=trust_stored)
        findings += found
        missing += lacking
    findings += _quality(matching, thresholds)
    place = {finding.cell: index for index, finding in reversed(list(enumerate(findings)))}
    findings.sort(key=lambda finding: place[finding.cell])
    return GateReport(
        mode="stored",
        baseline=baseline[0],
        candidate=candidate[0],
        findings=tuple(findings),
        missing=tuple(missing),
        allow_missing=allow_missing,
        unused=_unused(thresholds, findings),
    )


def _measurements(
    cell: str, pairs: Sequence[Pair], thresholds: GateThresholds, *, trust: bool
) -> tuple[list[Finding], list[Missing]]:
    sides = [(readings(pair.baseline), readings(pair.candidate)) for pair in pairs]
    names = dict.fromkeys(name for side in sides for found in side for name in found)
    device = pairs[0].candidate.fingerprint.device
    findings: list[Finding] = []
    missing: list[Missing] = []
    for name in names:
        both = [(base[name], cand[name]) for base, cand in sides if name in base and name in cand]
        some = next(found[name] for side in sides for found in side if name in found)
        threshold = threshold_of(thresholds, some.aspect, name, device)
        if len(both) < len(sides):
            lack = _lacking(cell, name, pairs)
            if isinstance(lack, Missing):
                missing.append(lack)
            else:
                findings.append(_unread(cell, some, threshold, lack))
            continue
        blocked = _not_comparable(pairs, both)
        findings.append(judge_readings(cell, both, threshold, blocked=blocked, trust=trust))
    return findings, missing


def _lacking(cell: str, name: str, pairs: Sequence[Pair]) -> Missing | Reason:
    """The side that has no such measurement, or else why one has no value: a p99, say, of too few
    calls."""
    reasons: list[Reason] = []
    for side in SIDES:
        for pair in pairs:
            measured = pair.baseline if side == "baseline" else pair.candidate
            if name in readings(measured):
                continue
            note = unread(measured, name)
            if note is None:
                return Missing(cell=cell, metric=name, lacking=side)
            reasons.append(Reason(code="not_measured", values={"side": side, "note": note}))
    return reasons[0]


def _unread(cell: str, some: Reading, threshold: float, reason: Reason) -> Finding:
    return Finding(
        cell=cell,
        metric=some.metric,
        aspect=some.aspect,
        verdict="cannot_tell",
        threshold=threshold,
        unit=some.unit,
        reason=reason,
    )


def _not_comparable(
    pairs: Sequence[Pair], both: Sequence[tuple[Reading, Reading]]
) -> Reason | None:
    work = dict.fromkeys(name for pair in pairs for name in pair.work)
    if work:
        return Reason(code="trials", values={"differences": ", ".join(work)})
    setups = dict.fromkeys(words for pair in pairs for words in pair.setups)
    if setups:
        return Reason(code="setups", values={"differences": "; ".join(setups)})
    doubts = [reading.doubt for seed in both for reading in seed if reading.doubt is not None]
    return doubts[0] if doubts else None


def judge_readings(
    cell: str,
    both: Sequence[tuple[Reading, Reading]],
    threshold: float,
    *,
    blocked: Reason | None,
    trust: bool,
) -> Finding:
    """One number of one cell, baseline and candidate of each seed; `blocked`: why not at all.

    A rate is worse for sure where the whole interval of the ratio lies past the threshold, and well
    where it lies under it. A peak of memory is one reading: its ratio decides.
    """
    first = both[0][1]
    found = Finding(
        cell=cell,
        metric=first.metric,
        aspect=first.aspect,
        verdict="pass",
        threshold=threshold,
        baseline=_middle([base.value for base, _ in both]),
        candidate=_middle([candidate.value for _, candidate in both]),
        unit=first.unit,
    )
    if blocked is not None:
        return replace(found, verdict="cannot_tell", reason=blocked)
    found = replace(found, change=cost_ratio(both))
    if first.aspect == "memory":
        assert found.change is not None
        past = found.change.value > 1 + threshold
        return replace(found, verdict="regression" if past else "pass")
    return _judge_rate(found, trust=trust)


def _judge_rate(found: Finding, *, trust: bool) -> Finding:
    change, limit = found.change, 1 + found.threshold
    assert change is not None
    if change.low is None or change.high is None:
        return replace(found, verdict="cannot_tell", reason=Reason(code="no_interval"))
    if change.low > limit:
        if trust:
            return replace(found, verdict="regression")
        return replace(found, verdict="warning", reason=Reason(code="stored_only"))
    if change.high < limit:
        return found
    narrow = change.high / change.low < limit
    reason = Reason(code="near_threshold" if narrow else "noisy")
    return replace(found, verdict="cannot_tell", reason=reason)


def cost_ratio(both: Sequence[tuple[Reading, Reading]]) -> Change:
    """Candidate's cost over the baseline's, the geometric mean over seeds, with a 95 % interval.

    A rate's cost is its inverse. The interval of a difference of logs from those of its parts is by
    the method of variance estimates recovery (Zou and Donner 2008, doi:10.1002/sim.2936); None
    where a part has none.
    """
    logs, below, above = [], [], []
    for base, candidate in both:
        (b_low, b, b_high), (c_low, c, c_high) = _log_cost(base), _log_cost(candidate)
        logs.append(c - b)
        below.append(math.hypot(c - c_low, b_high - b))
        above.append(math.hypot(c_high - c, b - b_low))
    middle, size = math.fsum(logs) / len(logs), len(logs)
    low, high = middle - math.hypot(*below) / size, middle + math.hypot(*above) / size
    known = math.isfinite(low) and math.isfinite(high)
    windows = sum(candidate.windows for _, candidate in both)
    return Change(
        scale="ratio",
        value=math.exp(middle),
        low=math.exp(low) if known else None,
        high=math.exp(high) if known else None,
        count=windows or None,
        counted="windows" if windows else None,
    )


def _log_cost(reading: Reading) -> tuple[float, float, float]:
    """Lowest, itself, highest; infinite where there is no interval."""
    value = math.log(reading.value)
    low = -math.inf if not reading.low else math.log(reading.low)
    high = math.inf if not reading.high else math.log(reading.high)
    return (-high, -value, -low) if reading.higher_is_better else (low, value, high)


def _middle(values: Sequence[float]) -> float:
    """The geometric mean, so that the ratio of two is the mean ratio."""
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))


def _quality(matching: Matching, thresholds: GateThresholds) -> list[Finding]:
    """Of the cells of trials: their primary metric, where it is of the same examples."""
    comparable, limits, found = {}, {}, []
    for cell, pairs in matching.cells.items():
        seeds = [
            (pair.baseline.stored, pair.candidate.stored)
            for pair in pairs
            if pair.baseline.stored is not None and pair.candidate.stored is not None
        ]
        if not seeds:
            continue
        primary = seeds[0][1].record.trial.task.primary
        limits[cell] = threshold_of(thresholds, "quality", primary, "")
        work = dict.fromkeys(name for pair in pairs for name in pair.work)
        if work:
            reason = Reason(code="trials", values={"differences": ", ".join(work)})
            plain = plain_finding(cell, seeds, limits[cell])
            found.append(replace(plain, verdict="cannot_tell", reason=reason))
        else:
            comparable[cell] = seeds
    return [*found, *quality_findings(comparable, limits)]


def _unused(thresholds: GateThresholds, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Thresholds of metrics that no cell has: a misspelt name must not pass unseen."""
    known = {finding.metric for finding in findings}
    return tuple(name for name in thresholds.metrics if name not in known)
