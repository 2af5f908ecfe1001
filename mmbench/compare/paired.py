"""The paired rule: is the candidate slower than the baseline, given windows timed in turn?

A cell's evidence is pairs of windows that ran next to each other, baseline and candidate, in the
order ABBA. A pair's log ratio cancels whatever slowed both; its sign-symmetric noise is what the
signed-rank test asks for. Beside bursty neighbours the windows of a pair are held up each for
itself, and for a whole visit perhaps the same side more often: the ratios are wide and depend on
each other, and say little at any number. Then the signed ranks decide nothing, neither way, and the
fastest windows of more pairs do (`fast_windows`). `docs/gate.md` says how to read the outcome,
`docs/measuring.md` how often the rule is wrong.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmbench.compare.fast_windows import draws_for, fast_shift, fast_slower_p, fastest_count
from mmbench.compare.signed_rank import holm, shift, slower_p

Outcome = Literal["pass", "regression", "cannot_tell"]

Undecided = Literal["noisy", "near_threshold", "out_of_time"]
"""Why it cannot be told: the interval is wider than the threshold; it is narrow, and the threshold
lies in it; the time ended before the last look."""

Test = Literal["signed_rank", "fast_windows"]

Pairs = Sequence[tuple[float, float]]
"""(baseline_seconds, candidate_seconds) of windows of the same work, in the order of timing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRule:
    """When a slow-down is a regression, and after how many pairs to look.

    threshold: of the ratio of times above 1; 0.05 is 5 % slower. alpha: the chance of any false
    alarm over all cells and looks of one session. looks: how many pairs each look has, ascending.
    fast_from: looks of so many pairs and more go by the fast windows, those before by the signed
    ranks, which need fewer pairs where the machine is quiet. widest: it was not, where their
    interval is wider than so many times the threshold; such a look decides nothing.

    The spending: every look has alpha / (number of looks), so that looking early costs nothing in
    false alarms whatever the looks' correlation (Bonferroni); within a look Holm shares it between
    the cells.
    """

    threshold: float = 0.05
    alpha: float = 0.01
    looks: tuple[int, ...] = (30, 60, 120, 240, 480)
    fast_from: int = 240
    widest: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.threshold < math.inf:
            raise ValueError(f"threshold is {self.threshold}; a share above 0 is needed: 0.05")
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is {self.alpha}; a chance between 0 and 0.5 is needed: 0.01")
        if not self.widest > 0:
            raise ValueError(f"widest is {self.widest}; times of the threshold are needed: 2")
        if not self.looks or list(self.looks) != sorted(set(self.looks)):
            raise ValueError(f"looks are numbers of pairs, each larger: {list(self.looks)}")
        if 0.5 ** self.looks[0] > self.look_alpha:
            raise ValueError(
                f"{self.looks[0]} pairs can show nothing at α = {self.look_alpha:.3g} a look; "
                f"the first look needs at least {math.ceil(-math.log2(self.look_alpha))}"
            )
        for pairs in self.looks:
            fastest = fastest_count(pairs)
            if pairs >= self.fast_from and 0.5**fastest > self.look_alpha:
                raise ValueError(
                    f"the {fastest} fastest of {pairs} pairs can show nothing at α = "
                    f"{self.look_alpha:.3g} a look; set fast_from to more pairs"
                )

    @property
    def look_alpha(self) -> float:
        """What each look may spend."""
        return self.alpha / len(self.looks)

    def test(self, look: int) -> Test:
        """By which the look is judged."""
        return "fast_windows" if self.looks[look] >= self.fast_from else "signed_rank"

    def ends(self, look: int, *, narrow: bool) -> bool:
        """Whether the look leaves no cell undecided. narrow: its interval is, with the threshold in
        it; then the signed ranks' last look ends it, since it is not noise that hides the answer.
        """
        last = look + 1 == len(self.looks)
        return last or (
            narrow and (self.test(look), self.test(look + 1)) == ("signed_rank", "fast_windows")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the pairs of one cell say.

    ratio: estimate of candidate / baseline time; 1.0 is the same, 1.1 is 10 % slower. It is that of
    Hodges and Lehmann, or by the test of fast windows the ratio of the fastest tenths. low, high:
    one-sided bounds of it at the look's α each. p: one-sided, of the candidate being no slower;
    before Holm. look: 0 is the first. reason: an `Undecided` where the outcome is cannot_tell.
    """

    outcome: Outcome
    ratio: float
    low: float
    high: float
    p: float
    pairs: int
    look: int
    reason: str | None = None
    test: Test = "signed_rank"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """value, low, high: of the log ratio. under: it is shown to be under the threshold."""

    p: float
    value: float
    low: float
    high: float
    under: bool


def judge_look(
    rule: PairedRule, pairs: Mapping[str, Pairs], look: int, *, family: int | None = None
) -> dict[str, Decision | None]:
    """Each cell's decision after this look; None is undecided: time up to the next look's pairs.

    pairs: cell → at least rule.looks[look] pairs. family: how many cells the session began with,
    where the decided ones are no longer given; Holm still counts them, since which cells are left
    depends on the timings. None: all are given. The last look leaves no cell undecided.

    regression: the look's test rejects "no slower" at the look's α, Holm over the cells, and the
    ratio is past the threshold. pass: the test rejects at the look's α that the candidate is slower
    by the threshold or more; a faster candidate passes so, and one that is slower by less than the
    threshold. Where the noise cannot resolve the threshold there is neither, nor where a look by
    signed ranks has too wide an interval.
    """
    _check(rule, pairs, look)
    cells = family or len(pairs)
    evidence = {cell: _evidence(rule, found, look, cells) for cell, found in pairs.items()}
    rejected = holm([found.p for found in evidence.values()], rule.look_alpha, family=family)
    return {
        cell: _decide(rule, found, _undecided(rule, pairs[cell], found, look), slower=slower)
        for (cell, found), slower in zip(evidence.items(), rejected, strict=True)
    }


def stopped(rule: PairedRule, pairs: Pairs, look: int) -> Decision:
    """The decision of a cell whose time ended while it was undecided after `look`."""
    found = _undecided(rule, pairs, _evidence(rule, pairs, look, 1), look)
    return replace(found, reason="out_of_time")


def log_times(pairs: Pairs) -> list[tuple[float, float]]:
    """The logs of every pair; ValueError if a window took no time."""
    for baseline, candidate in pairs:
        if not (0 < baseline < math.inf and 0 < candidate < math.inf):
            raise ValueError(
                f"a window took {baseline} s and its pair {candidate} s; give each window more "
                "steps, so that the clock can time it"
            )
    return [(math.log(baseline), math.log(candidate)) for baseline, candidate in pairs]


def _check(rule: PairedRule, pairs: Mapping[str, Pairs], look: int) -> None:
    if not 0 <= look < len(rule.looks):
        raise ValueError(f"there is no look {look}; the rule has {len(rule.looks)}, from 0 on")
    if not pairs:
        raise ValueError("no cell was given: nothing was timed, so nothing can pass")
    for cell, found in pairs.items():
        if len(found) < rule.looks[look]:
            raise ValueError(f"{cell}: {len(found)} pairs; look {look} needs {rule.looks[look]}")


def _evidence(rule: PairedRule, pairs: Pairs, look: int, cells: int) -> _Evidence:
    """By the look's test. cells: among which α is shared."""
    logs, limit = log_times(pairs), math.log1p(rule.threshold)
    if rule.test(look) == "fast_windows":
        draws = draws_for(rule.look_alpha / cells)
        fast = fast_shift(logs, rule.look_alpha, limit=limit, draws=draws)
        p = fast_slower_p(logs, draws=draws)
        return _Evidence(p=p, value=fast.value, low=fast.low, high=fast.high, under=fast.under)
    ratios = [candidate - baseline for baseline, candidate in logs]
    centre = shift(ratios, rule.look_alpha)
    return _Evidence(
        p=slower_p(ratios),
        value=centre.value,
        low=centre.low,
        high=centre.high,
        under=centre.high < limit,
    )


def _decide(
    rule: PairedRule, evidence: _Evidence, found: Decision, *, slower: bool
) -> Decision | None:
    width = found.high / found.low - 1 if found.low > 0 else math.inf
    if rule.test(found.look) == "fast_windows" or width < rule.widest * rule.threshold:
        if slower and found.ratio > 1 + rule.threshold:
            return replace(found, outcome="regression", reason=None)
        if evidence.under:
            return replace(found, outcome="pass", reason=None)
    narrow = width < rule.threshold
    if not rule.ends(found.look, narrow=narrow):
        return None
    reason: Undecided = "near_threshold" if narrow else "noisy"
    return replace(found, reason=reason)


def _undecided(rule: PairedRule, pairs: Pairs, evidence: _Evidence, look: int) -> Decision:
    return Decision(
        outcome="cannot_tell",
        ratio=math.exp(evidence.value),
        low=math.exp(evidence.low),
        high=math.exp(evidence.high),
        p=evidence.p,
        pairs=len(pairs),
        look=look,
        reason="noisy",
        test=rule.test(look),
    )
