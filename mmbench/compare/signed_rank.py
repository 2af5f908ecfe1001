"""The signed-rank test and the estimate that belongs to it, exact also with ties and zeros.

Wilcoxon 1945, doi:10.2307/3001968; Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172. They ask
of the differences that they are symmetric about their centre and independent, not that they are
normal: a reading that another process held up weighs as one rank, however long it took.

SciPy's `wilcoxon` is exact only without ties and zeros, which a coarse clock gives, and has neither
the estimate nor its bounds. Where it is exact, ours is the same number (tests/compare).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MOST_PAIRS = 1000  # the exact distribution takes n³ additions; beyond, nobody needs a test


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Where differences are centred: the Hodges–Lehmann estimate and a one-sided bound each way.

    Each of `low` and `high` holds with 1 - α by itself; -inf and inf where there are too few
    differences for that.
    """

    value: float
    low: float
    high: float


def slower_p(differences: ArrayLike) -> float:
    """P of a signed-rank sum as large as this one, if the differences are centred on zero or less.

    differences: [N]. Equal sizes share their mean rank; zeros are ranked and then left out (Pratt
    1959, doi:10.1080/01621459.1959.10501526), so that readings which the timer cannot tell apart
    count as no evidence. The distribution is that of all signs of the ranks at hand: exact at any
    number of ties. All zero gives 1.
    """
    found = _checked(differences)
    ranks = _doubled_ranks(np.abs(found))
    observed = int(ranks[found > 0].sum())
    moved = ranks[found != 0]
    if len(np.unique(ranks)) == len(ranks) == len(moved):
        return float(_upper_tail(len(found))[observed // 2])
    return float(_distribution(moved)[observed:].sum())


def shift(differences: ArrayLike, alpha: float) -> Shift:
    """The median of all pairwise means (Walsh averages), and its bounds at one-sided `alpha`.

    differences: [N]. The bounds are the Walsh averages that the signed-rank test at `alpha` would
    just not reject as the centre (Hollander, Wolfe and Chicken 2014, section 3.3); with ties they
    hold at least as often as they say.
    """
    found = _checked(differences)
    walsh = walsh_averages(found)
    cut = _rejected_from_below(len(found), alpha)
    return Shift(
        value=float(np.median(walsh)),
        low=float(walsh[cut - 1]) if cut else -math.inf,
        high=float(walsh[len(walsh) - cut]) if cut else math.inf,
    )


def walsh_averages(differences: Floats) -> Floats:
    """The means of all pairs, each difference with itself too: [N (N + 1) / 2], ascending."""
    first, second = np.triu_indices(len(differences))
    return np.sort((differences[first] + differences[second]) / 2)


def holm(p_values: Sequence[float], alpha: float, *, family: int | None = None) -> list[bool]:
    """Which hypotheses are rejected with at most `alpha` of any false one among `family`.

    Holm 1979: the smallest p against alpha / family, the next against alpha / (family - 1), and so
    on to the first that is not rejected. family: how many hypotheses there are in all, where some
    were left out (they count as not rejected); None is those given.
    """
    size = len(p_values) if family is None else family
    if size < len(p_values):
        raise ValueError(f"a family of {size} cannot hold {len(p_values)} hypotheses")
    rejected = [False] * len(p_values)
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > alpha / (size - place):
            break
        rejected[index] = True
    return rejected


def _checked(differences: ArrayLike) -> Floats:
    found = np.asarray(differences, dtype=np.float64)
    if found.ndim != 1 or not 1 <= len(found) <= MOST_PAIRS:
        raise ValueError(f"1 to {MOST_PAIRS} differences are needed; got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("a difference is not finite")
    return found


def _doubled_ranks(sizes: Floats) -> NDArray[np.int64]:
    """Twice the mean rank of each size: whole numbers, since a mean rank is a half at most."""
    ordered, group, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    doubled = 2 * last - counts + 1  # first + last rank of the group
    assert len(doubled) == len(ordered)
    return np.asarray(doubled[group], dtype=np.int64)


def _distribution(ranks: NDArray[np.int64]) -> Floats:
    """P(sum = s) of the ranks with a positive sign, each sign even odds: [sum(ranks) + 1]."""
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    reached = 0
    for rank in np.sort(ranks).tolist():
        chances[rank : reached + rank + 1] += chances[: reached + 1].copy()
        reached += rank
        chances[: reached + 1] /= 2  # here rather than at the end: 2¹⁰⁰⁰ is near float64's limit
    return chances


@lru_cache(maxsize=64)
def _upper_tail(count: int) -> Floats:
    """P(sum ≥ s) of the ranks 1 … count without ties."""
    chances = _distribution(np.arange(1, count + 1, dtype=np.int64))
    return np.cumsum(chances[::-1])[::-1]


def _rejected_from_below(count: int, alpha: float) -> int:
    """How many Walsh averages from either end the test at `alpha` rejects as the centre."""
    # P(sum ≤ c - 1) = P(sum ≥ total - c + 1) by symmetry; the largest c that keeps it ≤ alpha
    return int(np.count_nonzero(_upper_tail(count) <= alpha))
