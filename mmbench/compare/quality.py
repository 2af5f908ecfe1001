"""Has the primary metric dropped? Judged on the same examples, by what both records answered.

A metric that is the share of examples answered right, such as accuracy or a single recall, gets the
exact test of `mcnemar`; every other metric, several seeds and examples that come in groups get the
paired bootstrap of `resampled`. The test set stands for others like it: of the spread between seeds
neither knows, so seeds are paired, each with its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmbench.compare.answered import Answers, right
from mmbench.compare.checks import main_split
from mmbench.compare.gate import Change, Finding, Reason, ReasonCode, Scale
from mmbench.compare.mcnemar import mcnemar_p, tango_bounds
from mmbench.compare.predictions import has_predictions, read_predictions, side_by_side
from mmbench.compare.resampled import LEAST, RESAMPLES, as_it_is, resample, units
from mmbench.compare.signed_rank import holm
from mmbench.errors import StoreError
from mmbench.metrics.table import Metric, metric
from mmbench.records import Record, Stage
from mmbench.store import Stored

ALPHA = 0.01  # of any false alarm over the cells of one gate, and of each bound

Seed = tuple[Stored, Stored]
"""The records of baseline and candidate, of one trial with one seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How much worse the candidate is: on the metric's scale of change, above 0 is worse.

    low, high: one-sided bounds at ALPHA each. p: of no drop at all. count: of the examples, or of
    their groups.
    """

    drop: float
    low: float
    high: float
    p: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A finding that waits for Holm, and what it will be judged by."""

    finding: Finding
    evidence: Evidence | None = None


def quality_findings(
    cells: Mapping[str, Sequence[Seed]], thresholds: Mapping[str, float]
) -> list[Finding]:
    """One finding a cell: its task's primary metric on the main test split.

    cells: by name, a pair of records a seed. thresholds: by the cell's name. A drop is a regression
    where the test rejects (Holm over the cells) and it is past the threshold; a pass where its
    upper bound is under it, or where nothing is answered differently.
    """
    judged = [_examine(cell, seeds, thresholds[cell]) for cell, seeds in cells.items()]
    tested = [item.evidence.p for item in judged if item.evidence is not None]
    rejected = iter(holm(tested, ALPHA))
    return [
        item.finding
        if item.evidence is None
        else _decide(item.finding, item.evidence, dropped=next(rejected))
        for item in judged
    ]


def plain_finding(cell: str, seeds: Sequence[Seed], threshold: float) -> Finding:
    """The primary metric of both sides, the mean over the seeds; not judged yet."""
    row = metric(seeds[0][1].record.trial.task.primary)
    split = _split(seeds)
    return Finding(
        cell=cell,
        metric=row.name,
        aspect="quality",
        verdict="pass",
        threshold=threshold,
        baseline=_mean([_scored(baseline, split, row.name) for baseline, _ in seeds]),
        candidate=_mean([_scored(candidate, split, row.name) for _, candidate in seeds]),
        unit=row.unit,
    )


def _examine(cell: str, seeds: Sequence[Seed], threshold: float) -> _Judged:
    plain, split = plain_finding(cell, seeds, threshold), _split(seeds)
    row = metric(plain.metric)
    if split is None or plain.baseline is None or plain.candidate is None:
        return _Judged(finding=_unknown(plain, "no_value", split=split or "test"))
    if all(_same_logits(*pair) for pair in seeds):
        return _Judged(finding=replace(plain, change=_unchanged(row)))
    return _answered(plain, seeds, split, row)


def _answered(plain: Finding, seeds: Sequence[Seed], split: str, row: Metric) -> _Judged:
    """Judged by the examples, or the reason why it cannot be."""
    try:
        answers = paired_answers(seeds, split)
        if isinstance(answers, Reason):
            return _cannot_tell(plain, answers)
        return _compared(plain, answers, row, grouped=has_groups(seeds[0][1].record, split))
    except StoreError:  # a file that changed since: to be mended, no finding
        raise
    except ValueError as error:  # a file of another version, or answers that are not finite
        return _cannot_tell(plain, Reason(code="unreadable", values={"text": str(error)}))


def paired_answers(seeds: Sequence[Seed], split: str) -> list[Answers] | Reason:
    """What both sides answered to the same examples of the split, seed by seed. ValueError for a
    file of another version."""
    for side, index in (("baseline", 0), ("candidate", 1)):
        if not all(has_predictions(pair[index]) for pair in seeds):
            return Reason(code="no_predictions", values={"side": side})
    columns = [[read_predictions(stored, split) for stored in pair] for pair in seeds]
    task = seeds[0][1].record.trial.task
    answers = [side_by_side(task, *sides) for sides in columns]
    known = [found for found in answers if found is not None]
    if len(known) < len(answers) or not _same_targets(known):
        return Reason(code="other_examples", values={"split": split})
    return known


def unfit(row: Metric, answers: Sequence[Answers], *, grouped: bool) -> Reason | None:
    """Why these answers are no evidence. grouped: the records know of groups of dependent
    examples."""
    if answers[0].groups is None and grouped:
        return Reason(code="groups", values={})
    if not _is_share(row, answers) and units(answers[0]) < LEAST:
        values = {"count": f"{units(answers[0])}", "needed": f"{LEAST}"}
        return Reason(code="few_examples", values=values)
    return None


def _cannot_tell(plain: Finding, reason: Reason) -> _Judged:
    return _Judged(finding=replace(plain, verdict="cannot_tell", reason=reason))


def _same_targets(answers: Sequence[Answers]) -> bool:
    return all(np.array_equal(found.targets, answers[0].targets) for found in answers)


def _compared(plain: Finding, answers: Sequence[Answers], row: Metric, *, grouped: bool) -> _Judged:
    """grouped: the records know of groups of dependent examples."""
    if not any(found.moved(row.name) for found in answers):
        return _Judged(finding=replace(plain, change=_unchanged(row, len(answers[0]))))
    found = unfit(row, answers, grouped=grouped) or evidence(row, answers)
    if isinstance(found, Reason):
        return _cannot_tell(plain, found)
    change = Change(
        scale=scale_of(row),
        value=found.drop,
        low=found.low,
        high=found.high,
        count=found.count,
        counted="examples",
    )
    return _Judged(finding=replace(plain, change=change), evidence=found)


def evidence(row: Metric, seeds: Sequence[Answers]) -> Evidence | Reason:
    """seeds: the answers of each seed, to the same examples. A Reason, where nothing is shown."""
    first = seeds[0]
    sides = right(row.name, first) if _is_alone(seeds) else None
    if sides is not None:
        return _of_shares(*sides)
    found = resample(row.name, seeds, higher_is_better=row.higher_is_better)
    if len(found.drops) < (1 - ALPHA) * RESAMPLES:  # a class with a handful of examples
        return Reason(code="undefined", values={"metric": row.name})
    unit = 1.0 if scale_of(row) == "drop" else found.baseline
    if not unit:
        return Reason(code="zero_baseline", values={"metric": row.name})
    drop = (found.baseline - found.candidate) * (1 if row.higher_is_better else -1)
    low, high = np.quantile(found.drops, [ALPHA, 1 - ALPHA]) / unit
    return Evidence(
        drop=drop / unit,
        low=float(low),
        high=float(high),
        p=float(1 + np.count_nonzero(found.drops <= 0)) / (len(found.drops) + 1),
        count=len(first) if first.groups is None else units(first),
    )


def drop_of(row: Metric, seeds: Sequence[Answers]) -> float | None:
    """The drop of `evidence` alone, nothing redrawn; None where it is a share of nothing."""
    baseline, candidate = as_it_is(row.name, seeds)
    unit = 1.0 if scale_of(row) == "drop" else baseline
    return (baseline - candidate) * (1 if row.higher_is_better else -1) / unit if unit else None


def scale_of(row: Metric) -> Scale:
    """A share, an error rate among them, and what lies within two ends drops by points; a rank or
    an error in the target's unit has no such end, so by a share of itself."""
    bounded = row.is_share or math.isfinite(max(row.range))
    return "drop" if bounded else "relative_drop"


def examples_needed(found: Evidence, threshold: float) -> int | None:
    """How many examples would decide it, if the drop stayed as it is: a bound's distance shrinks
    with their square root. None if the drop is the threshold itself."""
    if found.drop < threshold:
        factor = (found.high - found.drop) / (threshold - found.drop)
    elif found.drop > threshold:
        factor = (found.drop - found.low) / found.drop
    else:
        return None
    return max(found.count + 1, math.ceil(found.count * factor**2))


def _is_share(row: Metric, seeds: Sequence[Answers]) -> bool:
    """Whether each example counts by itself, right or wrong."""
    return _is_alone(seeds) and right(row.name, seeds[0]) is not None


def _is_alone(seeds: Sequence[Answers]) -> bool:
    return len(seeds) == 1 and seeds[0].groups is None


def _of_shares(baseline: NDArray[np.bool_], candidate: NDArray[np.bool_]) -> Evidence:
    """Which of the examples each side answered right, [A] each."""
    lost = int(np.count_nonzero(baseline & ~candidate))
    won = int(np.count_nonzero(~baseline & candidate))
    count = len(baseline)
    low, high = tango_bounds(lost, won, count, ALPHA)
    drop = (lost - won) / count
    return Evidence(drop=drop, low=low, high=high, p=mcnemar_p(lost, won), count=count)


def _decide(finding: Finding, found: Evidence, *, dropped: bool) -> Finding:
    if dropped and found.drop > finding.threshold:
        return replace(finding, verdict="regression")
    if found.high < finding.threshold:
        return finding
    needed = examples_needed(found, finding.threshold)
    if needed is None:
        return _unknown(finding, "near_threshold")
    values = {"count": f"{found.count:,}", "needed": f"{needed:,}"}
    reason = Reason(code="few_examples", values=values)
    return replace(finding, verdict="cannot_tell", reason=reason)


def _unknown(finding: Finding, code: ReasonCode, **values: str) -> Finding:
    return replace(finding, verdict="cannot_tell", reason=Reason(code=code, values=values))


def _unchanged(row: Metric, count: int | None = None) -> Change:
    """The same answers to everything: no drop, and nothing to draw bounds from."""
    scale = scale_of(row)
    if count is None:
        return Change(scale=scale, value=0.0)
    return Change(scale=scale, value=0.0, count=count, counted="examples")


def _same_logits(baseline: Stored, candidate: Stored) -> bool:
    digests = (baseline.record.logits_digest, candidate.record.logits_digest)
    return digests[0] is not None and digests[0] == digests[1]


def _split(seeds: Sequence[Seed]) -> str | None:
    return main_split(score.split for score in seeds[0][1].record.scores)


def _scored(stored: Stored, split: str | None, name: str) -> float | None:
    """After training, or of a zero-shot trial, which has but one score."""
    record = stored.record
    stage: Stage = "before" if record.trial.recipe.strategy == "zero_shot" else "after"
    score = None if split is None else record.score(stage, split, name)
    return None if score is None else score.value


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if len(known) == len(values) else None


def has_groups(record: Record, split: str) -> bool:
    return any(facts.split == split and facts.groups is not None for facts in record.data)
