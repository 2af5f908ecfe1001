"""Values of metrics and their intervals, the same way for every kind of task.

Each kind's module says, under the names of the table, of what a metric is made:

    measures = regression.measures(task.metrics, targets, predicted)  # {name: Measure}
    known_values(measures)                                            # {name: float}: validation
    scored(measures, groups)                                          # {name: Scored}: the records

A `Measure` is one of three. `Share`: of examples that are right. `Sums`: a function of sums over
the examples, so that a resample costs a matrix product. `Counted`: a function of how often each
example counts, where sums do not suffice (ranks). All measures of one call are taken from the same
resamples, and the same input always gives the same interval, whichever other metrics are asked for.

The intervals say how far a value may move with another draw of test examples; they know nothing of
the spread between seeds. With less than about thirty examples or groups they are too narrow.

Shapes: N examples, S statistics, G groups (the examples themselves, where there are none), R
resamples, `...` any number of leading axes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics.intervals import RESAMPLES, Interval, group_codes, wilson

Values = NDArray[np.float64]
Value = Callable[[Values], Values]

LEVEL = 0.95
_LEAST_RESAMPLES = 40  # leaves one beyond each end at that level
_CELLS_AT_ONCE = 2**18  # resamples × groups in memory: 2 MB
_MOST_CELLS = 2**28  # that a `Counted` measure may visit in all its resamples: a few seconds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """The share of examples that are right. right: [N] booleans."""

    right: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.right)

    def once(self) -> float:
        return float(np.mean(self.right))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """statistics: [N, S] numbers that add up over examples. value: from summed statistics
    [..., S] to [...], NaN where the metric is not defined; `undefined` says when that is."""

    statistics: Values
    value: Value
    undefined: str = "nothing to count"

    def __len__(self) -> int:
        return len(self.statistics)

    def once(self) -> float:
        return float(self.value(self.statistics.sum(axis=0)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """value: from how often each of `count` examples counts, [N] whole numbers as floats, to the
    metric's value, NaN where it is not defined; `undefined` says when that is. cells: how many
    numbers one evaluation goes through, which decides how many resamples are affordable."""

    count: int
    value: Callable[[Values], float]
    cells: int
    undefined: str = "nothing to count"

    def __len__(self) -> int:
        return self.count

    def once(self) -> float:
        return float(self.value(np.ones(self.count)))

    @property
    def resamples(self) -> int:
        """2,000, or fewer by the hundred, but at least 200, of a metric that is costly."""
        affordable = _MOST_CELLS // max(1, self.cells) // 100 * 100
        return int(min(RESAMPLES, max(200, affordable)))


Measure = Share | Sums | Counted
Measures = Mapping[str, Measure]
"""By the name of the metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A metric's value with its 95 % interval. `value` None: not defined on these examples, and
    `note` says why. `interval` None: not defined, or all examples are one group."""

    value: float | None
    interval: Interval | None = None
    note: str | None = None


def values(measures: Measures) -> dict[str, float | None]:
    """Each metric's value; None where it is not defined."""
    found = {name: measure.once() for name, measure in measures.items()}
    return {name: None if np.isnan(value) else value for name, value in found.items()}


def known_values(measures: Measures) -> dict[str, float]:
    """Each metric's value, to choose weights by. ValueError for one that is not defined."""
    found = {}
    for name, value in values(measures).items():
        if value is None:
            raise ValueError(f"{name} is {_undefined(measures[name])}; choose by another metric")
        found[name] = value
    return found


def scored(
    measures: Measures,
    groups: ArrayLike | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Scored]:
    """Each metric's value and its 95 % interval.

    groups: [N] integers or strings, equal for examples that depend on each other. Without groups a
    `Share` gets the Wilson score interval and all others a percentile bootstrap over examples; with
    groups all get a percentile cluster bootstrap, see `intervals.cluster_bootstrap`, but for a
    share of 0 or 1, where there is nothing to resample: Wilson's over the groups, each counted
    once. Any other metric that no resample moves, such as an error rate of 0, has an interval of
    no width, which may be too narrow. Resamples in which a metric is not defined are left out: the
    method names the number of those that stand.

    ValueError for unequal lengths, groups that `group_codes` refuses, less than 40 resamples.
    """
    if resamples < _LEAST_RESAMPLES:
        raise ValueError(f"{resamples} resamples are too few; use at least {_LEAST_RESAMPLES}")
    count = _count(measures)
    codes = None if groups is None else group_codes(groups, count)
    units = count if codes is None else int(codes.max()) + 1
    known = values(measures)
    spans: dict[str, Interval | None] = {}
    drawn: dict[str, Measure] = {}
    for name, measure in measures.items():
        if isinstance(measure, Share) and (codes is None or known[name] in (0.0, 1.0)):
            spans[name] = _of_share(measure, codes, units)
        elif known[name] is not None and units > 1:
            drawn[name] = measure
    spans |= _percentiles(drawn, codes, units, resamples=resamples, seed=seed)
    return {
        name: Scored(
            value=value,
            interval=spans.get(name),
            note=_undefined(measures[name]) if value is None else None,
        )
        for name, value in known.items()
    }


def interval_from(
    value: Value,
    statistics: Values,
    groups: ArrayLike | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """The interval of one function of sums; see `Sums` and `scored`."""
    measures = {"": Sums(statistics=statistics, value=value)}
    return scored(measures, groups, resamples=resamples, seed=seed)[""].interval


def ratio(parts: Values, wholes: Values) -> Values:
    """Divide; NaN, not defined, where the whole is 0."""
    empty = np.full(np.broadcast_shapes(parts.shape, wholes.shape), np.nan)
    return np.asarray(np.divide(parts, wholes, out=empty, where=wholes != 0))


def _count(measures: Measures) -> int:
    counts = {name: len(measure) for name, measure in measures.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"expected metrics of the same one example or more; got {counts}")
    return next(iter(counts.values()))


def _undefined(measure: Measure) -> str:
    assert not isinstance(measure, Share), "a share of one example or more is defined"
    return f"not defined: {measure.undefined}"


def _of_share(measure: Share, codes: NDArray[np.int64] | None, units: int) -> Interval | None:
    if codes is None:
        return wilson(int(measure.right.sum()), len(measure), LEVEL)
    if units < 2:
        return None
    span = wilson(units if measure.right.all() else 0, units, LEVEL)
    return Interval(low=span.low, high=span.high, method="Wilson score over groups")


def _percentiles(
    measures: Measures,
    codes: NDArray[np.int64] | None,
    units: int,
    *,
    resamples: int,
    seed: int,
) -> dict[str, Interval | None]:
    if not measures:
        return {}
    most = {
        name: min(resamples, measure.resamples) if isinstance(measure, Counted) else resamples
        for name, measure in measures.items()
    }
    over = {name: _by_unit(measure, codes, units) for name, measure in measures.items()}
    found: dict[str, list[Values]] = {name: [] for name in measures}
    done = 0
    for times in draws(units, max(most.values()), seed):
        for name, value in over.items():
            found[name].append(value(times[: max(0, most[name] - done)]))
        done += len(times)
    way = "bootstrap over examples" if codes is None else "cluster bootstrap over groups"
    return {name: _central(np.concatenate(drawn), way) for name, drawn in found.items()}


def _by_unit(measure: Measure, codes: NDArray[np.int64] | None, units: int) -> Value:
    """The metric in each resample, from how often it drew each unit: [R, G] → [R]."""
    if isinstance(measure, Counted):
        one, own = measure.value, slice(None) if codes is None else codes
        return lambda times: np.array([one(row[own]) for row in times], dtype=np.float64)
    statistics, value = _sums_of(measure)
    if codes is not None:
        each = np.zeros((units, statistics.shape[1]))
        np.add.at(each, codes, statistics)
        statistics = each
    return lambda times: value(times @ statistics)


def _sums_of(measure: Share | Sums) -> tuple[Values, Value]:
    if isinstance(measure, Sums):
        return measure.statistics, measure.value
    right = measure.right.astype(np.float64)
    return np.stack([right, np.ones_like(right)], axis=1), lambda sums: ratio(
        sums[..., 0], sums[..., 1]
    )


def draws(units: int, resamples: int, seed: int) -> Iterator[Values]:
    """All resamples, some at a time: [R, G] how often each drew each unit."""
    rng = np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, _CELLS_AT_ONCE // units)
    for start in range(0, resamples, at_once):
        times = np.empty((min(at_once, resamples - start), units))
        for row in times:
            row[:] = np.bincount(rng.integers(units, size=units), minlength=units)
        yield times


def _central(drawn: Values, way: str) -> Interval | None:
    """The central 95 % of the values of the resamples in which there is one."""
    stand = drawn[~np.isnan(drawn)]
    if len(stand) < _LEAST_RESAMPLES:
        return None
    low, high = np.quantile(stand, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high), method=f"{way}, {len(stand)} resamples")
