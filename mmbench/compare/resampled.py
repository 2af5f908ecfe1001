"""A paired bootstrap: both models' metric on the same redrawn examples, again and again.

Efron and Tibshirani 1993, chapter 16; paired in the manner of Koehn 2004 (W04-3250). Examples that
depend on each other are drawn together, as groups. Seeds share each draw and their metrics are
averaged, so what the draws show is the spread over examples and not over seeds. A draw in which the
metric is not defined is left out.

Shapes: N examples, Q queries, C classes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmbench.compare.answered import QUERY, Answers, Column, measure_of
from mmbench.metrics import classification, retrieval
from mmbench.metrics.pairs import Direction
from mmbench.metrics.resampling import Counted, Measure, Share

RESAMPLES = 5000  # the smallest p is one in so many: enough for Holm over fifty cells at 1 %
LEAST = 30  # groups or examples; see metrics.intervals.cluster_bootstrap

Times = NDArray[np.int64]
"""[N] how often a resample drew each example."""

Value = Callable[[Times], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """baseline, candidate: the metric as it is. drops: [R] of the resamples in which it is defined,
    baseline - candidate, of a metric that is better lower the other way round."""

    baseline: float
    candidate: float
    drops: NDArray[np.float64]


def resample(name: str, seeds: Sequence[Answers], *, higher_is_better: bool) -> Resampled:
    """The metric `name` of each seed's answers, which are to the same examples in the same order.

    The same input always gives the same draws. What is redrawn should be at least LEAST `units`, or
    the spread comes out too narrow.
    """
    baselines, candidates = _sides(name, seeds)
    sign = 1.0 if higher_is_better else -1.0
    drops = np.array(
        [sign * (_mean(baselines, times) - _mean(candidates, times)) for times in _draws(seeds[0])]
    )
    baseline, candidate = as_it_is(name, seeds)
    return Resampled(baseline=baseline, candidate=candidate, drops=drops[~np.isnan(drops)])


def as_it_is(name: str, seeds: Sequence[Answers]) -> tuple[float, float]:
    """The metric of baseline and candidate, the mean over the seeds, nothing redrawn."""
    baselines, candidates = _sides(name, seeds)
    once = np.ones(len(seeds[0]), dtype=np.int64)
    return _mean(baselines, once), _mean(candidates, once)


def _sides(name: str, seeds: Sequence[Answers]) -> tuple[list[Value], list[Value]]:
    return (
        [value_of(name, answers, answers.baseline) for answers in seeds],
        [value_of(name, answers, answers.candidate) for answers in seeds],
    )


def _mean(values: Sequence[Value], times: Times) -> float:
    return float(np.mean([value(times) for value in values]))


def units(answers: Answers) -> int:
    """How many things are redrawn: groups, or examples, of retrieval in the smaller direction."""
    if answers.groups is not None:
        return int(answers.groups.max()) + 1
    return min(len(places) for places in _strata(answers))


def value_of(name: str, answers: Answers, given: Column) -> Value:
    """The metric of the answers `given`, as a function of how often each example counts."""
    if answers.kind == "classification":
        return _of_classes(name, answers.targets, given, _classes(answers))
    if answers.kind != "retrieval":
        return _of_measure(measure_of(name, answers, given))
    if name in retrieval.MEDIANS:
        return _of_median(answers.targets == QUERY[retrieval.MEDIANS[name]], given)
    asked = list(retrieval.RECALLS.values())
    if name in retrieval.RECALLS:
        asked = [retrieval.RECALLS[name]]
    return _of_recalls(asked, answers.targets, given)


def _of_measure(measure: Measure) -> Value:
    if isinstance(measure, Share):
        right = measure.right
        return lambda times: float(times[right].sum() / times.sum())
    if isinstance(measure, Counted):
        counted = measure.value
        return lambda times: counted(times.astype(np.float64))
    statistics, value = measure.statistics, measure.value
    return lambda times: float(value(times.astype(np.float64) @ statistics))


def _classes(answers: Answers) -> int:
    columns = (answers.targets, answers.baseline, answers.candidate)
    return 1 + max(int(column.max()) for column in columns)


def _of_classes(name: str, targets: Column, given: Column, classes: int) -> Value:
    cells = targets * classes + given
    value = classification.VALUE[name]

    def of(times: Times) -> float:
        # bincount adds in float64, which is exact for whole numbers of this size
        counts = np.bincount(cells, weights=times, minlength=classes**2).astype(np.int64)
        return float(value(counts.reshape(classes, classes)))

    return of


def _of_recalls(asked: Sequence[tuple[Direction, int]], queries: Column, ranks: Column) -> Value:
    masks = [queries == QUERY[direction] for direction, _ in asked]
    hits = [mask & (ranks <= k) for mask, (_, k) in zip(masks, asked, strict=True)]

    def of(times: Times) -> float:
        shares = [
            times[hit].sum() / times[mask].sum() for hit, mask in zip(hits, masks, strict=True)
        ]
        return float(np.mean(shares))

    return of


def _of_median(mask: NDArray[np.bool_], ranks: Column) -> Value:
    places = np.flatnonzero(mask)
    order = places[np.argsort(ranks[places], kind="stable")]

    def of(times: Times) -> float:
        up_to = np.cumsum(times[order])  # drawn queries with this rank or a better one
        middle = [(up_to[-1] + 1) // 2, up_to[-1] // 2 + 1]
        return float(np.mean(ranks[order][np.searchsorted(up_to, middle)]))

    return of


def _draws(answers: Answers) -> Iterator[Times]:
    """Groups where there are any; else examples, of retrieval within each direction."""
    rng = np.random.Generator(np.random.PCG64(0))
    if answers.groups is not None:
        groups = units(answers)
        for _ in range(RESAMPLES):
            yield np.bincount(rng.integers(groups, size=groups), minlength=groups)[answers.groups]
        return
    strata = _strata(answers)
    for _ in range(RESAMPLES):
        times = np.zeros(len(answers), dtype=np.int64)
        for places in strata:
            drawn = rng.integers(len(places), size=len(places))
            times[places] = np.bincount(drawn, minlength=len(places))
        yield times


def _strata(answers: Answers) -> list[NDArray[np.intp]]:
    if answers.kind != "retrieval":
        return [np.arange(len(answers))]
    return [np.flatnonzero(answers.targets == query) for query in QUERY.values()]
