"""Confidence intervals of a metric over the examples of one test set.

They say how far the value may move with another draw of test examples; they know nothing of the
spread between seeds. `interval` chooses the method, the others are its parts.

Shapes: N examples, C classes, G groups, R resamples.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics.classification import Counts, Values, class_indices, confusion, value_of

Value = Callable[[Counts], Values]
Draw = Callable[[np.random.Generator, int], Counts]

RESAMPLES = 2000
# Resampled matrices are evaluated in portions of 16 MB, so that 100 classes cost no more memory
# than ten. The portions do not change the draws.
_CELLS_AT_ONCE = 2**21


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """`low` and `high` are in the metric's own unit; `method` names the way for a reader."""

    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupedConfusion:
    """The confusion matrix of each of `size` groups, without its zeros.

    Entry e says that group `groups[e]` holds `counts[e]` examples in the cell
    `cells[e]` = target * classes + prediction; all three are [E] int64 with E <= N. The dense
    form, [G, C, C], would take 1.6 GB for 20,000 groups and 100 classes.
    """

    groups: Counts
    cells: Counts
    counts: Counts
    classes: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """How resampled matrices are drawn. method: in words, `{}` for their number."""

    draw: Draw
    classes: int
    method: str


def interval(
    name: str,
    targets: ArrayLike,
    predicted: ArrayLike,
    classes: int,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the interval of the metric `name` by the method that suits it.

    targets, predicted: [N] class indices. groups: [N] keys (integers or strings), equal for
    examples that depend on each other, such as one concept drawn by two vendors. Without groups
    accuracy (and micro F1, the same number) gets the Wilson score interval, every other metric a
    bootstrap over examples; with groups every metric gets a cluster bootstrap. Where no example is
    wrong there is nothing to resample: accuracy then gets Wilson's interval over the groups,
    each counted once. The same input always gives the same interval. CardError for a metric that is
    not of classification, or not of a confusion matrix; ValueError for the input that `confusion`
    or `grouped_confusion` refuses.
    """
    return intervals((name,), targets, predicted, classes, groups, level)[name]


def intervals(
    names: Sequence[str],
    targets: ArrayLike,
    predicted: ArrayLike,
    classes: int,
    groups: ArrayLike | None = None,
    level: float = 0.95,
) -> dict[str, Interval]:
    """`interval` of each metric, from the same resamples: they are drawn once for all."""
    values = {name: value_of(name) for name in names}
    shares = [name for name in names if name in ("accuracy", "f1_micro")]
    if groups is not None:
        grouped = grouped_confusion(targets, predicted, classes, groups=groups)
        span = None
        if np.array_equal(np.asarray(targets), np.asarray(predicted)):
            count = len(np.unique(np.asarray(groups)))
            span = replace(wilson(count, count, level), method="Wilson score over groups")
        spared, sample = shares if span is not None else [], _clusters(grouped)
    else:
        counts = confusion(targets, predicted, classes)
        span = wilson(int(np.trace(counts)), int(counts.sum()), level) if shares else None
        spared, sample = shares, _examples(counts)
    found = {name: span for name in spared if span is not None}
    drawn = [name for name in names if name not in found]
    if drawn:

        def all_of(matrices: Counts) -> Values:
            return np.stack([values[name](matrices) for name in drawn], axis=-1)

        ends = _percentiles(all_of, sample, resamples=RESAMPLES, seed=0, level=level)
        for name, low, high in zip(drawn, *ends, strict=True):
            method = sample.method.format(RESAMPLES)
            found[name] = Interval(low=float(low), high=float(high), method=method)
    return found


def wilson(successes: int, count: int, level: float = 0.95) -> Interval:
    """Score interval of a proportion, in closed form; it stays inside 0..1.

    (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). E. B. Wilson 1927, "Probable inference,
    the law of succession, and statistical inference", JASA 22:209-212; equals SciPy's
    proportion_ci(method="wilson"). ValueError unless 0 <= successes <= count and count >= 1.
    """
    _check_level(level)
    if count < 1 or not 0 <= successes <= count:
        raise ValueError(f"{successes} of {count} is not a share of at least one example")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / count
    centre = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    # At the ends one bound is exactly 0 or 1, which rounding would miss by a hair.
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == count else (centre + half) / scale
    return Interval(low=low, high=high, method="Wilson score")


def bootstrap(
    value: Value,
    counts: Counts,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Percentile interval over resampled examples (Efron and Tibshirani 1993, chapter 13).

    value: from [R, C, C] to [R]; counts: [C, C], one confusion matrix. Drawing N examples with
    replacement and counting their cells is a draw from the multinomial distribution with N trials
    and the observed shares of the cells as probabilities. So the matrices are drawn from it
    directly: the very same distribution as resampling indices, at a cost that does not grow
    with N.

    A test set without a single error has nothing to resample: the interval is then the value
    alone, which is too narrow. ValueError if `counts` is not one matrix of at least one example.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2:
        raise ValueError(f"counts: expected one confusion matrix, [C, C]; got {counts.shape}")
    value(counts)  # refuses what is not a confusion matrix
    return _interval(value, _examples(counts), resamples=resamples, seed=seed, level=level)


def _examples(counts: Counts) -> _Sample:
    classes, total = counts.shape[-1], int(counts.sum())
    # Only cells that occur: faster, and rounding cannot give the last cell a count it never had.
    occupied = np.flatnonzero(counts)
    shares = counts.ravel()[occupied] / total

    def draw(rng: np.random.Generator, size: int) -> Counts:
        drawn = np.zeros((size, classes * classes), dtype=np.int64)
        drawn[:, occupied] = rng.multinomial(total, shares, size=size)
        return drawn.reshape(size, classes, classes)

    return _Sample(draw=draw, classes=classes, method="bootstrap over examples, {} resamples")


def cluster_bootstrap(
    value: Value,
    grouped: GroupedConfusion,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Percentile interval over resampled groups, whose examples come or stay out together.

    value: from [R, C, C] to [R]. Each resample draws G groups with replacement and adds up their
    confusion matrices (Davison and Hinkley 1997, section 3.8; Field and Welsh 2007,
    doi:10.1111/j.1467-9868.2007.00593.x), so its number of examples varies as the groups' sizes
    do. It needs no model of the dependence within a group, but many groups: with less than about
    thirty it is too narrow. As in `bootstrap`, without a single error it is the value alone.
    ValueError if there are fewer than two groups.
    """
    return _interval(value, _clusters(grouped), resamples=resamples, seed=seed, level=level)


def _clusters(grouped: GroupedConfusion) -> _Sample:
    if grouped.size < 2:
        raise ValueError("a cluster bootstrap needs at least two groups; all examples share one")
    classes = grouped.classes

    def draw(rng: np.random.Generator, size: int) -> Counts:
        drawn = np.empty((size, classes * classes), dtype=np.int64)
        for row in drawn:
            picked = rng.integers(grouped.size, size=grouped.size)
            times = np.bincount(picked, minlength=grouped.size)
            weights = times[grouped.groups] * grouped.counts
            # bincount adds in float64, which is exact for whole numbers of this size.
            row[:] = np.bincount(grouped.cells, weights=weights, minlength=classes * classes)
        return drawn.reshape(size, classes, classes)

    method = "cluster bootstrap over groups, {} resamples"
    return _Sample(draw=draw, classes=classes, method=method)


def grouped_confusion(
    targets: ArrayLike, predicted: ArrayLike, classes: int, *, groups: ArrayLike
) -> GroupedConfusion:
    """Count each pair of target and prediction within each group.

    targets, predicted: [N] class indices; groups: [N] integers or strings. ValueError for what
    `confusion` refuses, and if a key is missing, of another type, or there is not one an example.
    """
    confusion(targets, predicted, classes)
    cell = class_indices("targets", targets) * classes + class_indices("predicted", predicted)
    group = group_codes(groups, len(cell))
    entries, counts = np.unique(group * classes**2 + cell, return_counts=True)
    return GroupedConfusion(
        groups=entries // classes**2,
        cells=entries % classes**2,
        counts=counts.astype(np.int64, copy=False),
        classes=classes,
        size=int(group.max()) + 1,
    )


def group_codes(groups: ArrayLike, count: int) -> Counts:
    """Each example's group as a number from 0, in the order of the keys: [N] → [N] int64.

    groups: integers or strings. ValueError if a key is missing, of another type, or there is not
    one for each of `count` examples.
    """
    keys = np.asarray(groups)
    if keys.shape != (count,):
        raise ValueError(f"groups: expected one key an example, ({count},); got {keys.shape}")
    if keys.dtype.kind == "O" and all(isinstance(key, str) for key in keys):
        keys = keys.astype(np.str_)  # a column of pandas
    if keys.dtype.kind not in "iuU":
        raise ValueError(f"groups: expected integers or strings, none missing; got {keys.dtype}")
    _, codes = np.unique(keys, return_inverse=True)
    return codes.astype(np.int64, copy=False)


def _interval(
    value: Value, sample: _Sample, *, resamples: int, seed: int, level: float
) -> Interval:
    low, high = _percentiles(value, sample, resamples=resamples, seed=seed, level=level)
    return Interval(low=float(low), high=float(high), method=sample.method.format(resamples))


def _percentiles(
    value: Value, sample: _Sample, *, resamples: int, seed: int, level: float
) -> NDArray[np.float64]:
    """Both ends of the central `level` of the values of `resamples` drawn matrices: [2], or [2, K]
    where `value` gives K of each."""
    _check_level(level)
    least = math.ceil(round(2 / (1 - level), 6))
    if resamples < least:
        raise ValueError(
            f"{resamples} resamples leave less than one beyond each end at level {level:g}; "
            f"use at least {least}"
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, _CELLS_AT_ONCE // sample.classes**2)
    values: NDArray[np.float64] = np.concatenate(
        [
            value(sample.draw(rng, min(at_once, resamples - start)))
            for start in range(0, resamples, at_once)
        ]
    )
    ends: NDArray[np.float64] = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level: expected a share between 0 and 1, such as 0.95; got {level}")
