"""Regression: how far predicted numbers are from their targets, and whether they go together.

Shapes: N examples, S statistics, `...` any number of leading axes.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics.resampling import Counted, Measure, Sums, Values, ratio
from mmbench.metrics.table import metric_of

Numbers = NDArray[np.float64]


def measures(names: Sequence[str], targets: ArrayLike, predicted: ArrayLike) -> dict[str, Measure]:
    """What `resampling.scored` takes. targets, predicted: [N] finite numbers.

    CardError for a metric that is not of regression; ValueError for numbers that are not finite,
    not one axis of at least one, or for unequal lengths.
    """
    known, found = _numbers("targets", targets), _numbers("predicted", predicted)
    if len(known) != len(found):
        raise ValueError(f"{len(known)} targets but {len(found)} predictions")
    return {name: MEASURES[metric_of("regression", name).name](known, found) for name in names}


def mae(targets: Numbers, predicted: Numbers) -> Sums:
    """Mean absolute error, in the target's unit. Equals scikit-learn's mean_absolute_error."""
    errors = np.abs(predicted - targets)
    return Sums(statistics=_with_ones(errors), value=_mean)


def rmse(targets: Numbers, predicted: Numbers) -> Sums:
    """Root of the mean squared error, in the target's unit. Equals scikit-learn's
    root_mean_squared_error."""
    errors = (predicted - targets) ** 2
    return Sums(statistics=_with_ones(errors), value=lambda sums: np.sqrt(_mean(sums)))


def pearson(targets: Numbers, predicted: Numbers) -> Sums:
    """Pearson's correlation, -1..1; 0 where either side is constant, since a constant tells
    nothing (SciPy's pearsonr, whose numbers ours equal elsewhere, gives NaN)."""
    x, y = _standard(targets), _standard(predicted)
    columns = (np.ones_like(x), x, y, x * x, y * y, x * y)
    return Sums(statistics=np.stack(columns, axis=1), value=_correlation)


def spearman(targets: Numbers, predicted: Numbers) -> Counted:
    """Pearson's correlation of the ranks, equal values sharing the mean of theirs; 0 where either
    side is constant. Equals SciPy's spearmanr elsewhere."""
    codes = [np.unique(side, return_inverse=True)[1] for side in (targets, predicted)]

    def value(times: Values) -> float:
        x, y = (_ranks(code, times) for code in codes)
        columns = (np.ones_like(x), x, y, x * x, y * y, x * y)
        return float(_correlation(times @ np.stack(columns, axis=1)))

    return Counted(count=len(targets), value=value, cells=12 * len(targets))


MEASURES: Mapping[str, Callable[[Numbers, Numbers], Measure]] = MappingProxyType(
    {"mae": mae, "rmse": rmse, "pearson": pearson, "spearman": spearman}
)


def _numbers(name: str, values: ArrayLike) -> Numbers:
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iuf":
        raise ValueError(
            f"{name}: expected one number an example, [N]; got {array.dtype} {array.shape}"
        )
    numbers = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(f"{name}: {len(bad)} are NaN or infinite, the first is {bad[0]}")
    return numbers


def _with_ones(errors: Numbers) -> Numbers:
    return np.stack([errors, np.ones_like(errors)], axis=1)


def _mean(sums: Values) -> Values:
    return ratio(sums[..., 0], sums[..., 1])


def _standard(numbers: Numbers) -> Numbers:
    """Shifted and scaled, which no correlation sees, so that the sums of squares lose no digits."""
    centred = numbers - numbers.mean()
    spread = np.abs(centred).max()
    # A constant's mean may be off by a rounding error, which must not be taken for variation.
    if spread <= 4 * np.finfo(np.float64).eps * np.abs(numbers).max():
        return np.zeros_like(numbers)
    scaled: Numbers = centred / spread
    return scaled


def _correlation(sums: Values) -> Values:
    """From the sums of 1, x, y, x², y² and xy, [..., 6]; 0 where a variance is 0."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    varying = _variance(n, x, xx) * _variance(n, y, yy)
    found = np.zeros_like(varying)
    np.divide(n * xy - x * y, np.sqrt(varying), out=found, where=varying > 0)
    return np.asarray(np.clip(found, -1.0, 1.0))


def _variance(n: Values, x: Values, xx: Values) -> Values:
    """n² times the variance; differences that rounding alone can make are 0."""
    found = n * xx - x * x
    return np.asarray(np.where(found > 1e-12 * n * xx, found, 0.0))


def _ranks(codes: NDArray[np.intp], times: Values) -> Values:
    """The mean rank, centred, of each example among all that are drawn, copies counted: [N]."""
    of_code = np.bincount(codes, weights=times)
    up_to = np.cumsum(of_code)
    middle = up_to - (of_code - 1) / 2
    return np.asarray((middle - (up_to[-1] + 1) / 2) / up_to[-1])[codes]
