"""The paired rule: is the candidate slower than the baseline, given windows timed in turn?

A cell's evidence is pairs of windows that ran next to each other, baseline and candidate, in the
order ABBA. A pair's log ratio cancels whatever slowed both; its sign-symmetric noise is what the
signed-rank test asks for. `docs/gate.md` says how to read the outcome, `docs/measuring.md` how
often the rule is wrong.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmbench.compare.signed_rank import holm, shift, slower_p

Outcome = Literal["pass", "regression", "cannot_tell"]

Undecided = Literal["noisy", "near_threshold", "out_of_time"]
"""Why it cannot be told: the interval is wider than the threshold; it is narrow, and the threshold
lies in it; the time ended before the last look."""

Pairs = Sequence[tuple[float, float]]
"""(baseline_seconds, candidate_seconds) of windows of the same work, in the order of timing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRule:
    """When a slow-down is a regression, and after how many pairs to look.

    threshold: of the ratio of times above 1; 0.05 is 5 % slower. alpha: the chance of any false
    alarm over all cells and looks of one session. looks: how many pairs each look has, ascending.

    The spending: every look has alpha / (number of looks), so that looking early costs nothing in
    false alarms whatever the looks' correlation (Bonferroni); within a look Holm shares it between
    the cells.
    """

    threshold: float = 0.05
    alpha: float = 0.01
    looks: tuple[int, ...] = (30, 60, 120)

    def __post_init__(self) -> None:
        if not 0 < self.threshold < math.inf:
            raise ValueError(f"threshold is {self.threshold}; a share above 0 is needed: 0.05")
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is {self.alpha}; a chance between 0 and 0.5 is needed: 0.01")
        if not self.looks or list(self.looks) != sorted(set(self.looks)):
            raise ValueError(f"looks are numbers of pairs, each larger: {list(self.looks)}")
        if 0.5 ** self.looks[0] > self.look_alpha:
            raise ValueError(
                f"{self.looks[0]} pairs can show nothing at α = {self.look_alpha:.3g} a look; "
                f"the first look needs at least {math.ceil(-math.log2(self.look_alpha))}"
            )

    @property
    def look_alpha(self) -> float:
        """What each look may spend."""
        return self.alpha / len(self.looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the pairs of one cell say.

    ratio: Hodges–Lehmann estimate of candidate / baseline time; 1.0 is the same, 1.1 is 10 %
    slower. low, high: one-sided bounds of it at the look's α each. p: one-sided, of the candidate
    being no slower; before Holm. look: 0 is the first. reason: an `Undecided` where the outcome is
    cannot_tell.
    """

    outcome: Outcome
    ratio: float
    low: float
    high: float
    p: float
    pairs: int
    look: int
    reason: str | None = None


def judge_look(
    rule: PairedRule, pairs: Mapping[str, Pairs], look: int, *, family: int | None = None
) -> dict[str, Decision | None]:
    """Each cell's decision after this look; None is undecided: time up to the next look's pairs.

    pairs: cell → at least rule.looks[look] pairs. family: how many cells the session began with,
    where the decided ones are no longer given; Holm still counts them, since which cells are left
    depends on the timings. None: all are given. The last look leaves no cell undecided.

    regression: the signed-rank test rejects "no slower" at the look's α, Holm over the cells, and
    the ratio is past the threshold. pass: the ratio's upper bound at the look's α is under it; a
    faster candidate passes so, and one that is slower by less than the threshold. Where the noise
    cannot resolve the threshold there is neither.
    """
    _check(rule, pairs, look)
    ratios = {cell: log_ratios(found) for cell, found in pairs.items()}
    p_values = [slower_p(found) for found in ratios.values()]
    rejected = holm(p_values, rule.look_alpha, family=family)
    decisions: dict[str, Decision | None] = {}
    for (cell, found), p, slower in zip(ratios.items(), p_values, rejected, strict=True):
        decisions[cell] = _decide(rule, _undecided(rule, found, p, look, "noisy"), slower=slower)
    return decisions


def stopped(rule: PairedRule, pairs: Pairs, look: int) -> Decision:
    """The decision of a cell whose time ended while it was undecided after `look`."""
    found = log_ratios(pairs)
    return _undecided(rule, found, slower_p(found), look, "out_of_time")


def log_ratios(pairs: Pairs) -> list[float]:
    """log(candidate / baseline) of every pair; ValueError if a window took no time."""
    for baseline, candidate in pairs:
        if not (0 < baseline < math.inf and 0 < candidate < math.inf):
            raise ValueError(
                f"a window took {baseline} s and its pair {candidate} s; give each window more "
                "steps, so that the clock can time it"
            )
    return [math.log(candidate / baseline) for baseline, candidate in pairs]


def _check(rule: PairedRule, pairs: Mapping[str, Pairs], look: int) -> None:
    if not 0 <= look < len(rule.looks):
        raise ValueError(f"there is no look {look}; the rule has {len(rule.looks)}, from 0 on")
    if not pairs:
        raise ValueError("no cell was given: nothing was timed, so nothing can pass")
    for cell, found in pairs.items():
        if len(found) < rule.looks[look]:
            raise ValueError(f"{cell}: {len(found)} pairs; look {look} needs {rule.looks[look]}")


def _decide(rule: PairedRule, found: Decision, *, slower: bool) -> Decision | None:
    limit = 1 + rule.threshold
    if slower and found.ratio > limit:
        return replace(found, outcome="regression", reason=None)
    if found.high < limit:
        return replace(found, outcome="pass", reason=None)
    if found.look + 1 < len(rule.looks):
        return None
    narrow = found.low > 0 and found.high / found.low < limit
    reason: Undecided = "near_threshold" if narrow else "noisy"
    return replace(found, reason=reason)


def _undecided(
    rule: PairedRule, ratios: Sequence[float], p: float, look: int, reason: Undecided
) -> Decision:
    centre = shift(ratios, rule.look_alpha)
    return Decision(
        outcome="cannot_tell",
        ratio=math.exp(centre.value),
        low=math.exp(centre.low),
        high=math.exp(centre.high),
        p=p,
        pairs=len(ratios),
        look=look,
        reason=reason,
    )
