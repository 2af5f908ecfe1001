"""Single-label classification: every value is a function of the confusion matrix.

Shapes: N examples, C classes, `...` any number of leading axes. A confusion matrix is [C, C]
integer counts, rows are targets and columns are predictions. The functions take [..., C, C] and
give [...], so that thousands of resampled test sets are evaluated in one call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.errors import CardError
from mmbench.metrics.table import metric_of

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """One class: precision, recall and F1 in 0..1, and `support`, its number of targets.

    Precision is 0 for a class that was never predicted, recall is 0 for one without targets.
    """

    precision: float
    recall: float
    f1: float
    support: int


def class_indices(name: str, values: ArrayLike) -> Counts:
    """Return `values` as int64 class indices [N]; `name` is what an error calls them.

    ValueError unless they are one axis of at least one integer, none of them negative. Floats
    and booleans are refused, not cast: probabilities or logits passed by mistake would otherwise
    become the classes 0 and 1.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one class index an example, [N]; got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name}: empty; a metric needs at least one example")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integer class indices; got {array.dtype}")
    indices = array.astype(np.int64)
    if indices.min() < 0:
        raise ValueError(
            f"{name}: class index {indices.min()} is negative; leave out examples to be ignored"
        )
    return indices


def confusion(targets: ArrayLike, predicted: ArrayLike, classes: int) -> Counts:
    """Count each pair of target and prediction: [N] and [N] to [classes, classes].

    ValueError if either is empty, not one axis of integers or outside 0..classes - 1, or if
    their lengths differ.
    """
    if classes < 1:
        raise ValueError(f"classes: expected at least 1; got {classes}")
    rows = class_indices("targets", targets)
    columns = class_indices("predicted", predicted)
    if len(rows) != len(columns):
        raise ValueError(f"{len(rows)} targets but {len(columns)} predictions")
    for name, indices in (("targets", rows), ("predicted", columns)):
        if indices.max() >= classes:
            raise ValueError(
                f"{name}: class index {indices.max()} is outside 0..{classes - 1} "
                f"({classes} classes)"
            )
    cells = np.bincount(rows * classes + columns, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64, copy=False)


def accuracy(confusions: Counts) -> Values:
    """Share of examples predicted right: sum of the diagonal / N. 0..1, higher is better.

    confusions: [..., C, C] counts; gives [...]. Equals scikit-learn's accuracy_score.
    ValueError if a matrix is not square, not of counts, or holds no example.
    """
    counts = _checked(confusions)
    hits = np.trace(counts, axis1=-2, axis2=-1)
    return np.asarray(hits / counts.sum(axis=(-2, -1)))


def balanced_accuracy(confusions: Counts) -> Values:
    """Mean recall of the classes that occur in the targets. 0..1, higher is better.

    mean over c of (hits of c / targets of c); a constant prediction gives 1 / classes.
    confusions: [..., C, C] counts; gives [...]. Brodersen et al. 2010,
    doi:10.1109/ICPR.2010.764; equals scikit-learn's balanced_accuracy_score(adjusted=False).
    ValueError if a matrix is not square, not of counts, or holds no example.
    """
    hits, support, _ = _margins(_checked(confusions))
    return _mean_where(support > 0, _ratio(hits, support))


def f1_macro(confusions: Counts) -> Values:
    """Mean F1 of the classes that occur in targets or predictions. 0..1, higher is better.

    mean over c of 2 hits / (targets + predictions of c): a class with targets but no hit counts
    as 0, and so does one that is predicted but has no target. confusions: [..., C, C] counts;
    gives [...]. Equals scikit-learn's f1_score(average="macro", zero_division=0).
    ValueError if a matrix is not square, not of counts, or holds no example.
    """
    hits, support, predicted = _margins(_checked(confusions))
    return _mean_where(support + predicted > 0, _ratio(2 * hits, support + predicted))


def f1_micro(confusions: Counts) -> Values:
    """F1 of the counts pooled over classes. 0..1, higher is better.

    2 TP / (2 TP + FP + FN). With one label an example each error is one FP and one FN, so this
    *is* accuracy and is computed as such; it is kept because published tables use the name.
    confusions: [..., C, C] counts; gives [...]. Equals scikit-learn's f1_score(average="micro").
    ValueError if a matrix is not square, not of counts, or holds no example.
    """
    return accuracy(confusions)


VALUE: Mapping[str, Callable[[Counts], Values]] = MappingProxyType(
    {
        "accuracy": accuracy,
        "balanced_accuracy": balanced_accuracy,
        "f1_macro": f1_macro,
        "f1_micro": f1_micro,
    }
)


def value_of(name: str) -> Callable[[Counts], Values]:
    """The function of a metric's name; CardError for one of another kind, or of probabilities."""
    row = metric_of("classification", name)
    if row.name not in VALUE:
        raise CardError(
            f"{name!r} is made of probabilities, which a confusion matrix does not hold; call "
            "measures of mmbench.metrics.binary, and scored of mmbench.metrics.resampling on what "
            "it returns"
        )
    return VALUE[row.name]


def class_report(confusion: Counts) -> list[ClassReport]:
    """Precision, recall, F1 and support of each class, in the order of the indices.

    confusion: [C, C] counts, one matrix; gives C reports, those of absent classes included.
    Equals scikit-learn's precision_recall_fscore_support(labels=range(C), zero_division=0).
    ValueError if it is not one square matrix of counts, or holds no example.
    """
    counts = _checked(confusion)
    if counts.ndim != 2:
        raise ValueError(f"confusion: expected one matrix, [C, C]; got {counts.shape}")
    hits, support, predicted = _margins(counts)
    columns = (
        _ratio(hits, predicted),
        _ratio(hits, support),
        _ratio(2 * hits, support + predicted),
    )
    return [
        ClassReport(precision=float(p), recall=float(r), f1=float(f), support=int(n))
        for p, r, f, n in zip(*columns, support, strict=True)
    ]


def _checked(confusions: Counts) -> Counts:
    counts = np.asarray(confusions)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2]:
        raise ValueError(f"confusion: expected square matrices, [..., C, C]; got {counts.shape}")
    if counts.dtype.kind not in "iu":
        raise ValueError(f"confusion: expected integer counts; got {counts.dtype}")
    if counts.size and counts.min() < 0:
        raise ValueError(f"confusion: {counts.min()} is not a count")
    if not counts.any(axis=(-2, -1)).all():
        raise ValueError("confusion: a matrix holds no example, so that no metric is defined")
    return counts


def _margins(counts: Counts) -> tuple[Counts, Counts, Counts]:
    """Hits, targets and predictions of each class, all [..., C]."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return hits, counts.sum(axis=-1), counts.sum(axis=-2)


def _ratio(parts: Counts, wholes: Counts) -> Values:
    """Divide, giving 0 where the whole is 0 (scikit-learn's zero_division=0)."""
    zeros = np.zeros(wholes.shape, dtype=np.float64)
    return np.divide(parts, wholes, out=zeros, where=wholes > 0)


def _mean_where(occurs: NDArray[np.bool_], per_class: Values) -> Values:
    """Mean over the last axis of the classes that occur; at least one does, see `_checked`."""
    return np.asarray(np.where(occurs, per_class, 0.0).sum(axis=-1) / occurs.sum(axis=-1))
