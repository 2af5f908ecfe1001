"""Has the primary metric dropped? Judged on the same examples, by what both records answered.

Accuracy, its namesake micro F1 and a single recall are shares of examples that were answered
right, so they get the exact test of `mcnemar`; every other metric, several seeds and examples that
come in groups get the paired bootstrap of `resampled`. The test set stands for others like it: of
the spread between seeds neither knows, so seeds are paired, each with its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmbench.compare.checks import main_split
from mmbench.compare.gate import Change, Finding, Reason, ReasonCode, Scale
from mmbench.compare.mcnemar import mcnemar_p, tango_bounds
from mmbench.compare.predictions import Answers, has_predictions, read_predictions, side_by_side
from mmbench.compare.resampled import LEAST, QUERY, resample, units
from mmbench.compare.signed_rank import holm
from mmbench.metrics.retrieval import RECALLS
from mmbench.metrics.table import Metric, metric
from mmbench.records import Record, Stage
from mmbench.store import Stored

ALPHA = 0.01  # of any false alarm over the cells of one gate, and of each bound
SHARES = ("accuracy", "f1_micro", *RECALLS)


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
    for side, index in (("baseline", 0), ("candidate", 1)):
        if not all(has_predictions(pair[index]) for pair in seeds):
            return _Judged(finding=_unknown(plain, "no_predictions", side=side))
    kind = seeds[0][1].record.trial.task.kind
    answers: list[Answers] = []
    for pair in seeds:
        found = side_by_side(kind, *(read_predictions(stored, split) for stored in pair))
        if found is None or (answers and not np.array_equal(found.targets, answers[0].targets)):
            return _Judged(finding=_unknown(plain, "other_examples", split=split))
        answers.append(found)
    if not any(found.moved for found in answers):
        return _Judged(finding=replace(plain, change=_unchanged(row, len(answers[0]))))
    if answers[0].groups is None and _has_groups(seeds[0][1].record, split):
        return _Judged(finding=_unknown(plain, "groups"))
    if not _is_share(row, answers) and units(answers[0]) < LEAST:
        values = {"count": f"{units(answers[0])}", "needed": f"{LEAST}"}
        return _Judged(finding=_unknown(plain, "few_examples", **values))
    found_evidence = evidence(row, answers)
    change = Change(
        scale=scale_of(row),
        value=found_evidence.drop,
        low=found_evidence.low,
        high=found_evidence.high,
        count=found_evidence.count,
        counted="examples",
    )
    return _Judged(finding=replace(plain, change=change), evidence=found_evidence)


def evidence(row: Metric, seeds: Sequence[Answers]) -> Evidence:
    """seeds: the answers of each seed, to the same examples."""
    first = seeds[0]
    if _is_share(row, seeds):
        return _of_shares(row.name, first)
    found = resample(row.name, seeds, higher_is_better=row.higher_is_better)
    unit = 1.0 if scale_of(row) == "drop" else found.baseline
    drop = (found.baseline - found.candidate) * (1 if row.higher_is_better else -1)
    low, high = np.quantile(found.drops, [ALPHA, 1 - ALPHA]) / unit
    return Evidence(
        drop=drop / unit,
        low=float(low),
        high=float(high),
        p=float(1 + np.count_nonzero(found.drops <= 0)) / (len(found.drops) + 1),
        count=len(first) if first.groups is None else units(first),
    )


def scale_of(row: Metric) -> Scale:
    """A metric within 0..1 drops by points; a rank has no such end, so by a share of itself."""
    return "drop" if math.isfinite(max(row.range)) else "relative_drop"


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
    return row.name in SHARES and len(seeds) == 1 and seeds[0].groups is None


def _of_shares(name: str, answers: Answers) -> Evidence:
    if answers.kind == "classification":
        asked = np.ones(len(answers), dtype=bool)
        right = [side == answers.targets for side in (answers.baseline, answers.candidate)]
    else:
        direction, k = RECALLS[name]
        asked = answers.targets == QUERY[direction]
        right = [side <= k for side in (answers.baseline, answers.candidate)]
    lost = int(np.count_nonzero(asked & right[0] & ~right[1]))
    won = int(np.count_nonzero(asked & ~right[0] & right[1]))
    count = int(np.count_nonzero(asked))
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


def _has_groups(record: Record, split: str) -> bool:
    return any(facts.split == split and facts.groups is not None for facts in record.data)
