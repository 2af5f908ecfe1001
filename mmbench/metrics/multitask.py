"""Several targets at once, each of classes of its own: the metrics of each, and their means.

Shapes: N examples, K targets (parts), C classes of one part.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics import margins
from mmbench.metrics.classification import class_indices
from mmbench.metrics.resampling import Measure, Share, Sums, Values
from mmbench.metrics.table import metric_of

Indices = NDArray[np.int64]
Parts = Sequence[tuple[Indices, Indices, int]]
"""Of each part targets [N], predictions [N] and the number of classes."""


def measures(
    names: Sequence[str], targets: ArrayLike, predicted: ArrayLike, classes: Sequence[int]
) -> dict[str, Measure]:
    """What `resampling.scored` takes, of all parts together.

    targets, predicted: [N, K] class indices; classes: of each of the K parts. CardError for a
    metric that is not of multitask; ValueError for other values, none, or unequal shapes.
    """
    parts = _parts(targets, predicted, classes)
    return {name: MEASURES[metric_of("multitask", name).name](parts) for name in names}


def part_measures(
    targets: ArrayLike, predicted: ArrayLike, classes: Sequence[int]
) -> list[dict[str, Measure]]:
    """Accuracy and macro F1 of each part, under the names they have in classification."""
    return [
        {"accuracy": _accuracy(*part), "f1_macro": _f1_macro(*part)}
        for part in _parts(targets, predicted, classes)
    ]


def mean_accuracy(parts: Parts) -> Sums:
    """Mean of the parts' accuracies, each of the same weight. 0..1, higher is better."""
    right = np.stack([targets == predicted for targets, predicted, _ in parts], axis=1)
    share = right.mean(axis=1)
    return Sums(
        statistics=np.stack([share, np.ones_like(share)], axis=1),
        value=lambda sums: np.asarray(sums[..., 0] / sums[..., 1]),
    )


def mean_f1_macro(parts: Parts) -> Sums:
    """Mean of the parts' macro F1, each of the same weight. 0..1, higher is better."""
    each = [_f1_macro(*part).statistics for part in parts]
    ends = np.cumsum([statistics.shape[1] for statistics in each])[:-1]

    def value(sums: Values) -> Values:
        of_parts = [margins.f1_macro(part) for part in np.split(sums, ends, axis=-1)]
        return np.asarray(np.mean(of_parts, axis=0))

    return Sums(statistics=np.concatenate(each, axis=1), value=value)


MEASURES: Mapping[str, Callable[[Parts], Measure]] = MappingProxyType(
    {"mean_accuracy": mean_accuracy, "mean_f1_macro": mean_f1_macro}
)


def _accuracy(targets: Indices, predicted: Indices, classes: int) -> Share:
    return Share(right=targets == predicted)


def _f1_macro(targets: Indices, predicted: Indices, classes: int) -> Sums:
    sides = (margins.one_hot(side, classes) for side in (targets, predicted))
    return Sums(statistics=margins.margins(*sides), value=margins.f1_macro)


def _parts(targets: ArrayLike, predicted: ArrayLike, classes: Sequence[int]) -> Parts:
    known, found = np.asarray(targets), np.asarray(predicted)
    if known.ndim != 2 or known.shape != found.shape or known.shape[1] != len(classes):
        raise ValueError(
            f"expected targets and predictions of one shape, [N, {len(classes)}]; "
            f"got {known.shape} and {found.shape}"
        )
    parts = []
    for part, count in enumerate(classes):
        columns = [
            class_indices(f"{name} of part {part}", side[:, part])
            for name, side in (("targets", known), ("predicted", found))
        ]
        highest = max(int(column.max()) for column in columns)
        if highest >= count:
            raise ValueError(f"part {part}: class {highest} is outside 0..{count - 1}")
        parts.append((columns[0], columns[1], count))
    return parts
