"""Multi-label classification: any number of labels an example, each with a probability.

Shapes: N examples, C labels, P positive pairs of an example and a label.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics import margins
from mmbench.metrics.resampling import Counted, Measure, Sums, Values
from mmbench.metrics.table import metric_of

Has = NDArray[np.bool_]
"""[N, C] whether an example has the label."""


def measures(
    names: Sequence[str], targets: ArrayLike, probabilities: ArrayLike
) -> dict[str, Measure]:
    """What `resampling.scored` takes. targets: [N, C] 0 or 1; probabilities: [N, C] in 0..1.

    CardError for a metric that is not of multilabel; ValueError for other values, if they are
    empty, or for unequal shapes.
    """
    has, chances = _checked(np.asarray(targets), np.asarray(probabilities))
    return {name: MEASURES[metric_of("multilabel", name).name](has, chances) for name in names}


def mean_average_precision(has: Has, chances: Values) -> Counted:
    """Mean over labels of the average precision. 0..1, higher is better.

    Of one label: Σ (Rₙ - Rₙ₋₁) Pₙ over the distinct probabilities from the highest on, R and P
    being recall and precision of the examples down to there; not interpolated. A label without a
    positive example has no recall: it is left out of the mean (`labels_left_out` counts them), in
    each resample anew. Equals scikit-learn's average_precision_score(average="macro") of the other
    labels.
    """
    order = np.argsort(-chances, axis=0, kind="stable").T  # [C, N]
    ranked = np.take_along_axis(chances.T, order, axis=1)
    positive = np.take_along_axis(has.T, order, axis=1)
    ends = _last_equal(ranked)  # [C, N], the place of the last one that is as probable
    label, place = np.nonzero(positive)
    end = ends[label, place]
    # Positives lie label by label in order of probability: up to which of them is hit at `end`.
    last = np.searchsorted(label * ranked.shape[1] + place, label * ranked.shape[1] + end, "right")
    first = np.searchsorted(label, np.arange(len(order)))

    def value(times: Values) -> float:
        drawn = times[order]
        weight = drawn[label, place]
        hits = np.concatenate([[0.0], np.cumsum(weight)])
        ahead = np.cumsum(drawn, axis=1)[label, end]
        found = hits[last] - hits[first][label]
        share = np.divide(weight * found, ahead, out=np.zeros_like(weight), where=ahead > 0)
        positives = np.bincount(label, weights=weight, minlength=len(order))
        sums = np.bincount(label, weights=share, minlength=len(order))
        known = positives > 0
        return float(np.mean(sums[known] / positives[known])) if known.any() else np.nan

    return Counted(
        count=len(has),
        value=value,
        cells=4 * has.size,
        undefined="no label has a positive example",
    )


def labels_left_out(targets: ArrayLike) -> int:
    """How many labels have no positive example, so that no average precision is defined."""
    return int(np.count_nonzero(~np.asarray(targets).astype(bool).any(axis=0)))


def f1_micro(has: Has, chances: Values) -> Sums:
    """F1 of the pairs of example and label, pooled. 0..1, higher is better.

    Equals scikit-learn's f1_score(average="micro", zero_division=0).
    """
    each = margins.margins(has, chances > margins.THRESHOLD)
    pooled = each.reshape(len(has), 3, -1).sum(axis=2)
    return Sums(statistics=pooled, value=margins.f1_micro)


def f1_macro(has: Has, chances: Values) -> Sums:
    """Mean F1 of the labels that any example has or is predicted to have. 0..1, higher is better.

    Equals scikit-learn's f1_score(average="macro", zero_division=np.nan), and with
    zero_division=0 where every label occurs.
    """
    return Sums(
        statistics=margins.margins(has, chances > margins.THRESHOLD), value=margins.f1_macro
    )


MEASURES: Mapping[str, Callable[[Has, Values], Measure]] = MappingProxyType(
    {
        "mean_average_precision": mean_average_precision,
        "f1_micro": f1_micro,
        "f1_macro": f1_macro,
    }
)


def _checked(targets: NDArray[np.generic], chances: NDArray[np.generic]) -> tuple[Has, Values]:
    if targets.ndim != 2 or targets.size == 0 or targets.shape != chances.shape:
        raise ValueError(
            "expected targets and probabilities of the same shape, [N, C]; "
            f"got {targets.shape} and {chances.shape}"
        )
    if not np.isin(targets, (0, 1)).all():
        raise ValueError("targets: expected 0 or 1 for each example and label")
    found = chances.astype(np.float64)
    if not ((found >= 0) & (found <= 1)).all():
        raise ValueError("probabilities: expected 0..1; logits go through a sigmoid first")
    return targets.astype(np.bool_), found


def _last_equal(ranked: Values) -> NDArray[np.int64]:
    """For each place the last one in its row that holds the same value; rows are sorted."""
    width = ranked.shape[1]
    closes = np.ones(ranked.shape, dtype=np.bool_)
    closes[:, :-1] = ranked[:, :-1] != ranked[:, 1:]
    places = np.where(closes, np.arange(width), width)
    return np.asarray(np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1])
