"""The fast-windows test: does the candidate's fastest tenth take longer than the baseline's?

For a machine that others use too. Contention only ever adds time, to some windows much and to
others none, so the fastest windows of either side are those that ran undisturbed, and tell a
slow-down that the noise of the others hides. (The smallest reading is the old remedy: Chen and
Revels 2016, arXiv:1608.04295; a tenth of the windows rests on more than one.)

The statistic is the difference of the mean logs of each side's fastest tenth. Its distribution is
that of swapping the sides within each pair at random (a permutation test: Fisher 1935, section 21;
Phipson and Smyth 2010, doi:10.2202/1544-6115.1585, for the p of random draws): if the sides do not
differ, a pair may as well have come the other way round, whatever visit it is of and however its
noise looks. A slow-down by a share is tested so too, after it has been divided out; there the pairs
can be swapped only as far as contention stretches a window, rather than adding to it.

It says nothing of what slows some of the windows alone: a candidate that stalls now and then, by
less often than nine times in ten, is as fast here as one that never does.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FASTEST = 0.1  # of a side's windows
FEWEST_DRAWS, MOST_DRAWS = 20_000, 200_000
BLOCK = 4_000  # draws at a time, so that they stay in the processor's cache
SEED = 0
SAME = 1e-9  # sums of the same logs in another order differ by less


@dataclass(frozen=True, slots=True, kw_only=True)
class FastShift:
    """The statistic and its one-sided bounds, as logs. under: the test rejects that the shift is
    the limit or more; `high` lies on that side of the limit."""

    value: float
    low: float
    high: float
    under: bool


def fastest_count(windows: int) -> int:
    """How many windows of a side the statistic is of: a tenth, rounded up."""
    return math.ceil(FASTEST * windows)


def fast_difference(logs: ArrayLike) -> float:
    """Mean log of the candidate's fastest tenth less that of the baseline's.

    logs: [N, 2], of the seconds of baseline and candidate.
    """
    found = _checked(logs)
    count = fastest_count(len(found))
    baseline, candidate = (np.partition(side, count - 1)[:count].mean() for side in found.T)
    return float(candidate - baseline)


def fast_slower_p(logs: ArrayLike, *, draws: int = FEWEST_DRAWS) -> float:
    """P of a difference as large as this one, if the sides of each pair are swapped at random.

    logs: [N, 2]. The sides as they are count as one of the swaps, so that it is never 0 and the
    test holds its level at any number of draws. The draws are the same at every call.
    """
    found = _checked(logs)
    as_large = _swapped(found, draws) >= fast_difference(found) - SAME
    return float((1 + np.count_nonzero(as_large)) / (1 + draws))


def fast_shift(
    logs: ArrayLike, alpha: float, *, limit: float, draws: int = FEWEST_DRAWS
) -> FastShift:
    """The difference, its bounds at one-sided `alpha`, and whether it is under `limit`.

    logs: [N, 2]. limit: a log; that is tested with the candidate's logs less the limit. The bounds
    are the difference less and plus what swapping moves it by, once it has been taken out of the
    candidate's logs: near enough to show, while `under` is the test itself.
    """
    found = _checked(logs)
    value = fast_difference(found)
    level = _swapped(found - [0.0, value], draws)
    reach = float(np.quantile(level, 1 - alpha, method="higher"))
    turned = (found - [0.0, limit])[:, ::-1]
    under = fast_slower_p(turned, draws=draws) <= alpha
    high = value + reach
    return FastShift(
        value=value,
        low=value - reach,
        high=min(high, limit) if under else max(high, limit),
        under=under,
    )


def draws_for(alpha: float) -> int:
    """Enough for a p that is compared with `alpha`: ten of them are as large, at that p."""
    return min(MOST_DRAWS, max(FEWEST_DRAWS, math.ceil(10 / alpha)))


def _checked(logs: ArrayLike) -> Floats:
    found = np.asarray(logs, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != 2 or not len(found):
        raise ValueError(f"pairs of logs are needed, [N, 2]; got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("a log is not finite")
    return found


def _swapped(logs: Floats, draws: int) -> Floats:
    """The statistic of that many random swaps: [draws]."""
    # all windows, fastest first: from which pair, of which side
    order = np.argsort(logs.T, axis=None, kind="stable")
    sides, pairs = np.divmod(order, len(logs))
    ordered = logs.T.ravel()[order]
    random = np.random.default_rng(SEED)
    found = []
    for first in range(0, draws, BLOCK):
        bits = random.integers(0, 256, (BLOCK, -(-len(logs) // 8)), dtype=np.uint8)
        swaps = np.unpackbits(bits[: draws - first], axis=1, count=len(logs))
        found.append(_of_swaps(swaps, sides.astype(np.uint8), pairs, ordered))
    return np.concatenate(found)


def _of_swaps(
    swaps: NDArray[np.uint8], sides: NDArray[np.uint8], pairs: NDArray[np.intp], ordered: Floats
) -> Floats:
    """swaps: [D, N] of 0 and 1; sides, pairs, ordered: [2 N], fastest first. Gives [D]."""
    count = fastest_count(swaps.shape[1])
    # either side's fastest lie among the first ones but for a chance of less than one in a million
    enough = math.ceil(2 * count + 8 * math.sqrt(2 * count) + 16)
    for most in (enough, len(ordered)):
        of_candidate = swaps[:, pairs[:most]] ^ sides[:most]
        candidates = np.cumsum(of_candidate, axis=1, dtype=np.int16)
        baselines = np.arange(1, candidates.shape[1] + 1, dtype=np.int16) - candidates
        if min(candidates[:, -1].min(), baselines[:, -1].min()) >= count:
            break
    counted = np.where(of_candidate, candidates <= count, 0)
    counted = counted - np.where(of_candidate, 0, baselines <= count)
    differences: Floats = counted @ ordered[:most] / count
    return differences
