"""Every cell of a task against every other, and what would be needed where nothing is shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Literal

from mmbench.compare.cells import Cell
from mmbench.compare.versus import ALPHA, Against, Test, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """The cells at places `first` and `second`. told: how much worse the second is; None where the
    same examples were not answered. shown: Holm over all pairs of the task rejects."""

    first: int
    second: int
    told: Against | None
    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """About how many `what` in all would show a difference of this size."""

    what: Literal["examples", "seeds"]
    count: int


def head_to_head(cells: Sequence[Cell], split: str, test: Test) -> list[Duel]:
    """All pairs, in the order of the cells."""
    pairs = list(combinations(range(len(cells)), 2))
    told = [test(cells[first], cells[second], split) for first, second in pairs]
    return [
        Duel(first=first, second=second, told=found, shown=one)
        for (first, second), found, one in zip(pairs, told, shown(told), strict=True)
    ]


def needed(told: Against, seeds: int, *, alpha: float = ALPHA) -> Needed | None:
    """By the normal approximation: a difference d with standard error s is shown, two-sided at
    `alpha`, where |d| > z · s, and s² falls with the number of what makes most of it, seeds or
    examples; so about n · (z / z_observed)² of them, the difference being what it is.

    None where there is no difference, or where it is shown already.
    """
    if not told.drop or told.p >= 1 or told.p <= alpha:
        return None
    normal = NormalDist()
    wanted, observed = (normal.inv_cdf(1 - p / 2) for p in (alpha, told.p))
    what: Literal["examples", "seeds"] = "seeds" if told.of_seeds > 0.5 else "examples"
    count = seeds if what == "seeds" else told.count
    return Needed(what=what, count=math.ceil(count * (wanted / observed) ** 2))
