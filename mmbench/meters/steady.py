"""Where warm-up ends: at the first window after which nothing moves any more but noise.

All windows are known when this is asked. A window is the candidate for the first steady one if it
lies among those that follow it, and these show no trend: the change that a line through them
makes is small against their own spread. The first window is never steady, since allocation, kernel
selection and the first pages of memory lie in it; and warm-up is at most a fifth of the run, so
that a run that never settles is still measured, and says so. In the spirit of pyperf's test
of stationarity (its docs, "Run a benchmark"), which compares the first value with quartiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_SHARE = 0.2  # of the run's seconds
ENOUGH = 5  # windows after the first, or nothing can be said of a trend
JUDGED = 10  # windows that a trend is looked for in
TREND_SPREADS = 4.0  # of the residuals: noise alone passes it in 5 % of cases at 5 windows
SMALL_TREND = 0.02  # of the level: too small to mind, however quiet the machine
OUTLIER_QUARTILES = 3.0  # interquartile ranges from the median
SMALL_OUTLIER = 0.05

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """How many windows at the start are warm-up. settled: whether the windows after it are steady;
    None where there are too few to tell."""

    windows: int
    settled: bool | None


def find_warmup(costs: Sequence[float], seconds: Sequence[float]) -> Warmup:
    """costs: seconds per unit of work (a padded token, a sample) of every window, in order.
    seconds: how long each was. A window under half of the usual length, cut short by a pause,
    says less than the others and is left out of the judgement."""
    if len(costs) < 2:
        return Warmup(windows=0, settled=None)
    if len(costs) <= ENOUGH:
        return Warmup(windows=1, settled=None)
    lengths = np.asarray(seconds, dtype=float)
    within = int(np.searchsorted(np.cumsum(lengths), MOST_SHARE * lengths.sum(), side="right"))
    most = max(1, within)
    whole = lengths >= np.median(lengths) / 2
    for first in range(1, most + 1):
        if _steady(np.asarray(costs, dtype=float)[first:][whole[first:]]):
            return Warmup(windows=first, settled=True)
    return Warmup(windows=most, settled=False)


def _steady(costs: Reals) -> bool:
    if len(costs) < 3:
        return True  # nothing speaks against it
    return not _first_is_outlier(costs) and not _has_trend(costs[:JUDGED])


def _first_is_outlier(costs: Reals) -> bool:
    low, middle, high = np.quantile(costs[1:], [0.25, 0.5, 0.75])
    allowed = max(SMALL_OUTLIER * middle, OUTLIER_QUARTILES * (high - low))
    return bool(abs(costs[0] - middle) > allowed)


def _has_trend(costs: Reals) -> bool:
    places = np.arange(len(costs), dtype=float)
    slope, level = np.polyfit(places, costs, 1)
    residuals = costs - (slope * places + level)
    spread = np.sqrt((residuals**2).sum() / (len(costs) - 2))
    change = abs(slope) * (len(costs) - 1)
    return bool(change > max(TREND_SPREADS * spread, SMALL_TREND * costs.mean()))
