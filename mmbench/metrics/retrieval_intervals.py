"""Confidence intervals of retrieval metrics over the queries, the candidates fixed.

They say how far a value may move with other queries put to the same candidates. Another draw of
candidates would move it too, but resampling these would put copies of one among them, which tie.

Shapes: Q queries, G groups, R resamples.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mmbench.metrics.intervals import RESAMPLES, Interval, wilson
from mmbench.metrics.pairs import Direction
from mmbench.metrics.retrieval import MEDIANS, RECALLS, Ranked, recall_at
from mmbench.metrics.table import metric_of

LEVEL = 0.95
_LEAST_RESAMPLES = 40  # leaves one beyond each end at that level

Times = NDArray[np.int64]
"""[G] how often a resample drew each group."""


def retrieval_interval(
    name: str, ranked: Ranked, *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval | None:
    """Return the 95 % interval of the metric `name`, or None if all queries are one group.

    A percentile interval of a cluster bootstrap (Davison and Hinkley 1997, section 3.8; Field and
    Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x): each resample draws G groups with
    replacement, and with a group come its queries of both directions, with the ranks that they
    have. With less than about thirty groups it is too narrow. The same input always gives the
    same interval.

    Where each recall that the metric is made of is 0 or 1 there is nothing to resample: it is then
    the mean of their Wilson intervals over the groups, each counted once. A median rank that no
    resample moves has an interval of no width, which may be too narrow.

    One resample is in memory at a time. CardError unless `name` is a metric of retrieval;
    ValueError for less than 40 resamples.
    """
    metric_of("retrieval", name)
    if resamples < _LEAST_RESAMPLES:
        raise ValueError(f"{resamples} resamples are too few; use at least {_LEAST_RESAMPLES}")
    groups = ranked.candidates.groups
    if groups < 2:
        return None
    if name in MEDIANS:
        value = _median_of(ranked, MEDIANS[name])
    else:
        asked = list(RECALLS.values()) if name == "mean_recall" else [RECALLS[name]]
        recalls = [recall_at(ranked.of(direction), k) for direction, k in asked]
        if all(recall in (0.0, 1.0) for recall in recalls):
            return _unmoved(recalls, groups)
        value = _mean_recall_of(ranked, asked)
    values = [value(times) for times in _draws(groups, resamples, seed)]
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    method = f"cluster bootstrap over groups of queries, candidates fixed, {resamples} resamples"
    return Interval(low=float(low), high=float(high), method=method)


def _draws(groups: int, resamples: int, seed: int) -> Iterator[Times]:
    rng = np.random.Generator(np.random.PCG64(seed))
    for _ in range(resamples):
        yield np.bincount(rng.integers(groups, size=groups), minlength=groups)


def _mean_recall_of(ranked: Ranked, asked: list[tuple[Direction, int]]) -> Callable[[Times], float]:
    """The mean of some recalls as a function of how often each group is drawn."""
    groups = ranked.candidates.groups
    sums = np.empty((2, len(asked), groups))  # of hits and of queries
    for row, (direction, k) in enumerate(asked):
        group = ranked.candidates.groups_of(direction)
        sums[0, row] = np.bincount(group, weights=ranked.of(direction) <= k, minlength=groups)
        sums[1, row] = np.bincount(group, minlength=groups)

    def mean_recall(times: Times) -> float:
        hits, queries = sums @ times.astype(np.float64)  # exact for whole numbers of this size
        return float(np.mean(hits / queries))

    return mean_recall


def _median_of(ranked: Ranked, direction: Direction) -> Callable[[Times], float]:
    """The median rank as a function of how often each group is drawn."""
    order = np.argsort(ranked.of(direction), kind="stable")
    ranks = ranked.of(direction)[order]
    group = ranked.candidates.groups_of(direction)[order]

    def median(times: Times) -> float:
        up_to = np.cumsum(times[group])  # drawn queries with this rank or a better one
        middle = [(up_to[-1] + 1) // 2, up_to[-1] // 2 + 1]
        return float(np.mean(ranks[np.searchsorted(up_to, middle)]))

    return median


def _unmoved(recalls: list[float], groups: int) -> Interval:
    spans = [wilson(groups * int(recall), groups, LEVEL) for recall in recalls]
    return Interval(
        low=float(np.mean([span.low for span in spans])),
        high=float(np.mean([span.high for span in spans])),
        method="Wilson score over groups",
    )
