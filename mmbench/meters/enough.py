"""When a timing may end early: once its interval is narrow, whatever its value is.

A rule that looks at the width alone does not lean on the answer (sequential intervals of fixed
width: Chow and Robbins 1965, doi:10.1214/aoms/1177700156); one that looked at the value would.
Looks are few, and fall between what is timed.
"""

import math
import statistics
from collections.abc import Sequence

WITHIN = 0.05  # of the value, to either side
T_QUANTILES = (2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Of Student's t at 0.975, for LEAST values and on; with more than there are, the last."""
LEAST = 5  # values, or the spread is hardly known


def mean_is_known(values: Sequence[float], within: float = WITHIN) -> bool:
    """Whether the 95 % interval of the mean of `values` (positive) is within `within` of it."""
    if len(values) < LEAST:
        return False
    quantile = T_QUANTILES[min(len(values) - LEAST, len(T_QUANTILES) - 1)]
    error = statistics.stdev(values) / math.sqrt(len(values))
    return quantile * error <= within * statistics.fmean(values)
