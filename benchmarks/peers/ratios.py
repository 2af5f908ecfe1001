"""How many times as long: paired ratios, their median, and an interval that few pairs allow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

COVERAGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """median, low, high of the paired ratios. coverage: how often an interval made this way holds
    the true median; 0 for one pair, which has no interval."""

    median: float
    low: float
    high: float
    coverage: float
    pairs: int


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
    """The ratios of one round each, pair by pair. ValueError without a pair, or if one lacks its
    partner or is not above 0."""
    if not numerators or len(numerators) != len(denominators):
        raise ValueError(
            f"{len(numerators)} numerators and {len(denominators)} denominators: pairs are needed"
        )
    if min(*numerators, *denominators) <= 0:
        raise ValueError("seconds lie above 0; a smaller value was not measured")
    ratios = sorted(n / d for n, d in zip(numerators, denominators, strict=True))
    place = rank(len(ratios))
    return Ratio(
        median=median(ratios),
        low=ratios[place - 1],
        high=ratios[len(ratios) - place],
        coverage=coverage(len(ratios), place),
        pairs=len(ratios),
    )


def coverage(count: int, place: int) -> float:
    """How often the `place`-th smallest and `place`-th largest of `count` values enclose the
    median of any continuous distribution: 1 - 2 P(Binomial(count, 1/2) < place), exactly.

    W. R. Thompson, "On confidence ranges for the median", Annals of Mathematical Statistics, 1936.
    """
    outside = sum(math.comb(count, below) for below in range(place))
    return 1.0 - 2 * outside / math.pow(2, count)


def rank(count: int) -> int:
    """The largest place whose interval covers at least 95 %; 1, all of the range, if none does
    (fewer than six values)."""
    enough = [p for p in range(1, (count + 1) // 2 + 1) if coverage(count, p) >= COVERAGE]
    return max(enough, default=1)
