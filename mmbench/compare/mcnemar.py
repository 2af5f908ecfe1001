"""Two models on the same examples: how often only one of them is right.

Exact McNemar test (McNemar 1947, doi:10.1007/BF02295996; exact: a sign test on the examples that
they answer differently), and the bounds of the difference of their shares by Tango's score interval
(Tango 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B), which keeps its
level with few or no such examples.
"""

import math
from statistics import NormalDist


def mcnemar_p(lost: int, won: int) -> float:
    """P of at least `lost` of lost + won going one way, if each way has even odds."""
    from scipy.stats import binomtest  # half a second, and only where answers differ

    if lost + won == 0:
        return 1.0
    return float(binomtest(lost, lost + won, alternative="greater").pvalue)


def tango_bounds(lost: int, won: int, count: int, alpha: float) -> tuple[float, float]:
    """The drop (lost - won) / count cannot be told from these, each at one-sided `alpha`."""
    if count < 1 or lost < 0 or won < 0 or lost + won > count:
        raise ValueError(f"{lost} lost and {won} won are not among {count} examples")
    z = NormalDist().inv_cdf(1 - alpha)
    high = _bound(lost, won, count, z)
    low = -_bound(won, lost, count, z)  # the same question from the other side
    return low, high


def _bound(lost: int, won: int, count: int, z: float) -> float:
    """The largest drop whose score statistic is above -z, by halving: it falls in the drop."""
    least, most = (lost - won) / count, 1.0
    for _ in range(60):
        middle = (least + most) / 2
        if _score(lost, won, count, middle) > -z:
            least = middle
        else:
            most = middle
    return (least + most) / 2


def _score(lost: int, won: int, count: int, drop: float) -> float:
    """(lost - won - n Δ) over its standard error with the likeliest share of `won` at that Δ."""
    linear = -lost - won + (2 * count - lost + won) * drop
    root = math.sqrt(max(0.0, linear**2 + 8 * count * won * drop * (1 - drop)))
    share = (root - linear) / (4 * count)
    variance = count * (2 * share + drop * (1 - drop))
    distance = lost - won - count * drop
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)
