"""Two classes, of which the second is the positive one, such as pairs of texts that match.

Shapes: N examples.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics import margins
from mmbench.metrics.resampling import Counted, Measure, Share, Sums, Values
from mmbench.metrics.table import metric_of

Positive = NDArray[np.bool_]
"""[N] whether an example is of the positive class."""


def measures(
    names: Sequence[str], targets: ArrayLike, probabilities: ArrayLike
) -> dict[str, Measure]:
    """What `resampling.scored` takes. targets: [N] 0 or 1; probabilities: [N] of class 1, in 0..1.

    CardError for a metric that is not of sentence_pair; ValueError for other values, if they are
    empty, or for unequal lengths.
    """
    is_positive, chances = _checked(np.asarray(targets), np.asarray(probabilities))
    return {
        name: MEASURES[metric_of("sentence_pair", name).name](is_positive, chances)
        for name in names
    }


def accuracy(is_positive: Positive, chances: Values) -> Share:
    """Share of examples predicted right. 0..1. Equals scikit-learn's accuracy_score."""
    return Share(right=is_positive == (chances > margins.THRESHOLD))


def f1_positive(is_positive: Positive, chances: Values) -> Sums:
    """F1 of the positive class. 0..1. Equals scikit-learn's f1_score(average="binary",
    zero_division=0)."""
    statistics = margins.margins(is_positive[:, None], (chances > margins.THRESHOLD)[:, None])
    return Sums(statistics=statistics, value=margins.f1_micro)


def roc_auc(is_positive: Positive, chances: Values) -> Counted:
    """Probability that a positive example has the higher probability, ties count half. 0..1.

    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747; equals scikit-learn's
    roc_auc_score. Not defined where one class is absent.
    """
    distinct, codes = np.unique(chances, return_inverse=True)

    def value(times: Values) -> float:
        both = (times * is_positive, times * ~is_positive)
        positive, negative = (
            np.bincount(codes, weights=each, minlength=len(distinct)) for each in both
        )
        pairs = positive.sum() * negative.sum()
        below = np.cumsum(negative) - negative / 2
        return float(positive @ below / pairs) if pairs else np.nan

    return Counted(
        count=len(is_positive),
        value=value,
        cells=6 * len(is_positive),
        undefined="all examples are of one class",
    )


MEASURES: Mapping[str, Callable[[Positive, Values], Measure]] = MappingProxyType(
    {"accuracy": accuracy, "f1_positive": f1_positive, "roc_auc": roc_auc}
)


def _checked(targets: NDArray[np.generic], chances: NDArray[np.generic]) -> tuple[Positive, Values]:
    if targets.ndim != 1 or targets.size == 0 or targets.shape != chances.shape:
        raise ValueError(
            "expected one target and one probability an example, [N]; "
            f"got {targets.shape} and {chances.shape}"
        )
    if not np.isin(targets, (0, 1)).all():
        raise ValueError("targets: expected 0 or 1, the positive class is 1")
    found = chances.astype(np.float64)
    if not ((found >= 0) & (found <= 1)).all():
        raise ValueError("probabilities: expected 0..1; logits go through a softmax first")
    return targets.astype(np.bool_), found
