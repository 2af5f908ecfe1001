"""The rank-sum test and the estimate that belongs to it, for readings that are not paired.

Mann and Whitney 1947, doi:10.1214/aoms/1177730491; Hodges and Lehmann 1963,
doi:10.1214/aoms/1177704172. The null distribution is exact. A tie is no evidence that the one is
slower, so that with ties the test rejects less often than it says.

Shapes: N readings of the one, M of the other.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.compare.signed_rank import Shift

Floats = NDArray[np.float64]

MOST_READINGS = 64  # of each side; the exact distribution takes (N + M) N² M additions


def larger_p(one: ArrayLike, other: ArrayLike) -> float:
    """P of so many pairs in which `other` is larger, if both come from one distribution.

    one: [N], other: [M]. One-sided. ValueError for no reading, over 64, or one that is not finite.
    """
    first, second = _checked(one), _checked(other)
    larger = int(np.count_nonzero(second[:, None] > first[None, :]))
    return float(_upper_tail(len(first), len(second))[larger])


def shift_between(one: ArrayLike, other: ArrayLike, alpha: float) -> Shift:
    """The median of all N · M differences, other - one, and its bounds at one-sided `alpha`.

    The bounds are the differences that the test at `alpha` would just not reject (Hollander, Wolfe
    and Chicken 2014, section 4.3). ValueError as `larger_p`.
    """
    first, second = _checked(one), _checked(other)
    differences = np.sort((second[:, None] - first[None, :]).ravel())
    cut = int(np.count_nonzero(_upper_tail(len(first), len(second)) <= alpha))
    return Shift(
        value=float(np.median(differences)),
        low=float(differences[cut - 1]) if cut else -math.inf,
        high=float(differences[len(differences) - cut]) if cut else math.inf,
    )


def smallest_p(one: int, other: int) -> float:
    """What `larger_p` gives at the least for so many readings."""
    return 1 / math.comb(one + other, one)


@lru_cache(maxsize=64)
def _upper_tail(one: int, other: int) -> Floats:
    """P(U ≥ u) for u from 0 to N · M, where U counts the pairs in which `other` is larger."""
    # chances[k, u]: of the readings so far, in ascending order, k are of `other`, and u pairs are
    # counted. One of `other` that comes next is larger than all of `one` before it; the odds of
    # whose turn it is are those of drawing without replacement.
    chances = np.zeros((other + 1, one * other + 1))
    chances[0, 0] = 1.0
    for drawn in range(one + other):
        following = np.zeros_like(chances)
        for mine in range(max(0, drawn - one), min(drawn, other) + 1):
            theirs = drawn - mine
            left = one + other - drawn
            row = chances[mine]
            if theirs < one:
                following[mine] += row * ((one - theirs) / left)
            if mine < other:
                moved = row * ((other - mine) / left)
                following[mine + 1, theirs:] += moved[: len(moved) - theirs]
        chances = following
    return np.cumsum(chances[other][::-1])[::-1]


def _checked(readings: ArrayLike) -> Floats:
    found = np.asarray(readings, dtype=np.float64)
    if found.ndim != 1 or not 1 <= len(found) <= MOST_READINGS:
        raise ValueError(f"1 to {MOST_READINGS} readings are needed; got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("a reading is not finite")
    return found
