"""The interval of a mean over seeds, which accounts for the seeds and for the test examples.

A score of seed i is μ + S_i + E + R_i: what the seed did to training, what the drawn examples
happen to be (the same for all seeds), and what both do together. The spread between the scores
estimates Var(S) + Var(R), over n seeds s²/n of the mean; a seed's own interval over examples
estimates Var(E) + Var(R), and more seeds do not shrink it. Their sum counts R twice, so the
interval is rather too wide than too narrow. It is a t interval with the degrees of freedom of
Satterthwaite (1946, doi:10.2307/3002019), since three seeds say little of their own spread: a
bootstrap over three covers some 75 % where 95 % is claimed. `docs/statistics.md` has how often
this one covers.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LEVEL = 0.95
NORMAL = NormalDist().inv_cdf((1 + LEVEL) / 2)


def over_seeds(
    values: "ArrayLike", lows: "ArrayLike", highs: "ArrayLike", *, examples: int | None = None
) -> "tuple[Floats, Floats]":
    """The 95 % interval of the mean, low and high, each [...].

    values, lows, highs: [..., S] of at least two seeds, each with its own 95 % interval over the
    test examples, which need not be symmetric: either side keeps its width. examples: of the split;
    None if that is not known, and taken as many.
    """
    import numpy as np  # not before there are several seeds: commands that need none start at once

    value, low, high = (np.asarray(x, dtype=np.float64) for x in (values, lows, highs))
    count = value.shape[-1]
    if count < 2:
        raise ValueError(f"{count} seed: its own interval is all that there is")
    mean = value.mean(-1)
    of_seeds = value.var(-1, ddof=1) / count
    down = np.square((value - low) / NORMAL).mean(-1)
    up = np.square((high - value) / NORMAL).mean(-1)
    return (
        mean - _reach(down, of_seeds, count, examples),
        mean + _reach(up, of_seeds, count, examples),
    )


def _reach(of_examples: "Floats", of_seeds: "Floats", count: int, examples: int | None) -> "Floats":
    """How far the interval goes to one side. Both variances are of the mean."""
    import numpy as np
    from scipy import special  # `stats` takes a second to import, and its t a hundred times as long

    freedom = satterthwaite(of_examples, of_seeds, count, examples)
    of_t = special.stdtrit(freedom, (1 + LEVEL) / 2)
    quantile = np.where(np.isfinite(freedom), of_t, NORMAL)
    reach: Floats = quantile * np.sqrt(of_examples + of_seeds)
    return reach


def satterthwaite(
    of_examples: "ArrayLike", of_seeds: "ArrayLike", seeds: int, examples: int | None
) -> "Floats":
    """The degrees of freedom of the sum of two variances of a mean, one over the examples and one
    over the seeds; infinite where neither is known from a few."""
    import numpy as np

    first, second = (np.asarray(x, dtype=np.float64) for x in (of_examples, of_seeds))
    spread = np.square(second) / (seeds - 1)
    if examples is not None and examples > 1:
        spread = spread + np.square(first) / (examples - 1)
    freedom: Any = np.full_like(spread, math.inf)
    np.divide(np.square(first + second), spread, out=freedom, where=spread > 0)
    found: Floats = freedom
    return found


def within(ends: tuple[float, float], bounds: Sequence[float]) -> tuple[float, float]:
    """The interval, cut at what the metric can be."""
    lowest, highest = min(bounds), max(bounds)
    return max(ends[0], lowest), min(ends[1], highest)
