"""Precision, recall and F1 from three counts: hits, targets and predictions.

Each example has them for every class (or label, or once for all its entities), so they are the
statistics that `resampling.Sums` adds up. Shapes: N examples, C classes, `...` any leading axes.
A row of statistics is 3 C numbers: the hits of all classes, their targets, their predictions.
"""

import numpy as np
from numpy.typing import NDArray

from mmbench.metrics.resampling import Values

THRESHOLD = 0.5
"""A class or a label is predicted where its probability is above it."""


def margins(targets: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Values:
    """targets, predicted: [N, C] whether an example has the class. Gives [N, 3 C]."""
    columns = (targets & predicted, targets, predicted)
    return np.concatenate(columns, axis=1).astype(np.float64)


def one_hot(indices: NDArray[np.int64], classes: int) -> NDArray[np.bool_]:
    """[N] class indices to [N, classes]."""
    return np.asarray(indices[:, None] == np.arange(classes))


def precision(sums: Values) -> Values:
    """Of one class: [..., 3] to [...], 0 where nothing was predicted."""
    return _share(sums[..., 0], sums[..., 2])


def recall(sums: Values) -> Values:
    """Of one class: [..., 3] to [...], 0 where there is no target."""
    return _share(sums[..., 0], sums[..., 1])


def f1_micro(sums: Values) -> Values:
    """F1 of the counts pooled over classes: [..., 3 C] to [...], 0 where nothing is a target nor
    predicted."""
    hits, support, predicted = (part.sum(axis=-1) for part in _parts(sums))
    return _share(2 * hits, support + predicted)


def f1_macro(sums: Values) -> Values:
    """Mean F1 of the classes that are a target or predicted anywhere: [..., 3 C] to [...], 0 where
    none is."""
    hits, support, predicted = _parts(sums)
    occurs = support + predicted > 0
    each = _share(2 * hits, support + predicted)
    return _share(each.sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


def _parts(sums: Values) -> tuple[Values, Values, Values]:
    hits, support, predicted = np.split(sums, 3, axis=-1)
    return hits, support, predicted


def _share(parts: Values, wholes: Values) -> Values:
    """Divide, giving 0 where the whole is 0 (scikit-learn's zero_division=0)."""
    zeros = np.zeros(parts.shape, dtype=np.float64)
    return np.asarray(np.divide(parts, wholes, out=zeros, where=wholes > 0))
