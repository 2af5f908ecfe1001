"""Confidence intervals of retrieval metrics over the queries, the candidates fixed.

They say how far a value may move with other queries put to the same candidates. Another draw of
candidates would move it too, but resampling these would put copies of one among them, which tie.

Shapes: Q queries, G groups, R resamples.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mmbench.metrics.intervals import RESAMPLES, Interval, wilson
from mmbench.metrics.pairs import Direction
from mmbench.metrics.resampling import draws
from mmbench.metrics.retrieval import MEDIANS, RECALLS, Ranked, recall_at
from mmbench.metrics.table import metric_of

LEVEL = 0.95
_LEAST_RESAMPLES = 40  # leaves one beyond each end at that level

Times = NDArray[np.float64]
"""[R, G] how often each resample drew each group: whole numbers, as floats for matrix products."""

Drawn = Callable[[Times], NDArray[np.float64]]
"""A metric's value in each resample: [R, G] → [R]."""


def retrieval_interval(
    name: str, ranked: Ranked, *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval | None:
    """The interval of one metric; see `retrieval_intervals`."""
    return retrieval_intervals([name], ranked, resamples=resamples, seed=seed)[name]


def retrieval_intervals(
    names: Sequence[str], ranked: Ranked, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval | None]:
    """Return the 95 % interval of each metric, or None if all queries are one group.

    A percentile interval of a cluster bootstrap (Davison and Hinkley 1997, section 3.8; Field and
    Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x): each resample draws G groups with
    replacement, and with a group come its queries of both directions, with the ranks that they
    have. With less than about thirty groups it is too narrow. The same input always gives the
    same interval, whichever other metrics are asked for: all are taken from the same resamples.

    Where each recall that the metric is made of is 0 or 1 there is nothing to resample: it is then
    the mean of their Wilson intervals over the groups, each counted once. A median rank that no
    resample moves has an interval of no width, which may be too narrow.

    2 MB of resamples are in memory at a time, or one resample if that is more. CardError unless
    the names are metrics of retrieval; ValueError for less than 40 resamples.
    """
    for name in names:
        metric_of("retrieval", name)
    if resamples < _LEAST_RESAMPLES:
        raise ValueError(f"{resamples} resamples are too few; use at least {_LEAST_RESAMPLES}")
    found: dict[str, Interval | None] = dict.fromkeys(names)
    if ranked.candidates.groups < 2:
        return found
    drawn: dict[str, Drawn] = {}
    for name in names:
        if name in MEDIANS:
            drawn[name] = _median_of(ranked, MEDIANS[name])
            continue
        asked = list(RECALLS.values()) if name == "mean_recall" else [RECALLS[name]]
        recalls = [recall_at(ranked.of(direction), k) for direction, k in asked]
        if all(recall in (0.0, 1.0) for recall in recalls):
            found[name] = _unmoved(recalls, ranked.candidates.groups)
        else:
            drawn[name] = _mean_recall_of(ranked, asked)
    return found | _percentiles(drawn, ranked.candidates.groups, resamples, seed)


def _percentiles(
    drawn: dict[str, Drawn], groups: int, resamples: int, seed: int
) -> dict[str, Interval | None]:
    if not drawn:
        return {}
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in drawn}
    for times in draws(groups, resamples, seed):
        for name, value in drawn.items():
            values[name].append(value(times))
    method = f"cluster bootstrap over groups of queries, candidates fixed, {resamples} resamples"
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    spans = {name: np.quantile(np.concatenate(values[name]), ends) for name in drawn}
    return {
        name: Interval(low=float(low), high=float(high), method=method)
        for name, (low, high) in spans.items()
    }


def _mean_recall_of(ranked: Ranked, asked: list[tuple[Direction, int]]) -> Drawn:
    """The mean of some recalls as a function of how often each group is drawn."""
    groups = ranked.candidates.groups
    hits, queries = np.empty((2, groups, len(asked)))
    for column, (direction, k) in enumerate(asked):
        group = ranked.candidates.groups_of(direction)
        hits[:, column] = np.bincount(group, weights=ranked.of(direction) <= k, minlength=groups)
        queries[:, column] = np.bincount(group, minlength=groups)

    def mean_recall(times: Times) -> NDArray[np.float64]:
        # the products are exact for whole numbers of this size
        means: NDArray[np.float64] = np.mean((times @ hits) / (times @ queries), axis=1)
        return means

    return mean_recall


def _median_of(ranked: Ranked, direction: Direction) -> Drawn:
    """The median rank as a function of how often each group is drawn."""
    order = np.argsort(ranked.of(direction), kind="stable")
    ranks = ranked.of(direction)[order]
    group = ranked.candidates.groups_of(direction)[order]

    def median(times: Times) -> NDArray[np.float64]:
        found = np.empty(len(times))
        for row, drawn in enumerate(times):
            up_to = np.cumsum(drawn[group])  # drawn queries with this rank or a better one
            middle = [(up_to[-1] + 1) // 2, up_to[-1] // 2 + 1]
            found[row] = np.mean(ranks[np.searchsorted(up_to, middle)])
        return found

    return median


def _unmoved(recalls: list[float], groups: int) -> Interval:
    spans = [wilson(groups * int(recall), groups, LEVEL) for recall in recalls]
    return Interval(
        low=float(np.mean([span.low for span in spans])),
        high=float(np.mean([span.high for span in spans])),
        method="Wilson score over groups",
    )
