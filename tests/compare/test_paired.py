"""The paired rule: what it decides, when it goes on, and how often it is wrong."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mmbench.compare.paired import Decision, PairedRule, judge_look, stopped
from mmbench.compare.signed_rank import slower_p

Floats = NDArray[np.float64]
Noise = Callable[[np.random.Generator, int], Floats]
RULE = PairedRule()
QUICK = PairedRule(looks=(30, 60))
ROUNDS = 200


def pairs(logs: Floats, slower: float) -> list[tuple[float, float]]:
    """Windows of about a second in the order ABBA, from their log noise: [2 N] → N pairs."""
    seconds = np.exp(logs)
    found = []
    for index, (first, second) in enumerate(seconds.reshape(-1, 2)):
        a, b = (first, second) if index % 2 == 0 else (second, first)
        found.append((float(a), float(b * slower)))
    return found


def quiet(rng: np.random.Generator, count: int) -> Floats:
    return rng.normal(0, 0.02, count)


def heavy(rng: np.random.Generator, count: int) -> Floats:
    """A twelfth of the windows are held up, by up to several times their length."""
    held_up = rng.random(count) < 1 / 12
    return quiet(rng, count) + held_up * rng.exponential(0.5, count)


def drifting(rng: np.random.Generator, count: int) -> Floats:
    """A machine whose speed wanders: an autocorrelation of 0.95 from window to window."""
    steps, level = rng.normal(0, 0.02, count), np.zeros(count)
    for i in range(1, count):
        level[i] = 0.95 * level[i - 1] + steps[i]
    return level + rng.normal(0, 0.01, count)


def shared(rng: np.random.Generator, count: int) -> Floats:
    """A machine of others: half of the windows are held up, by a third of their length and more."""
    held_up = rng.random(count) < 0.5
    return rng.normal(0, 0.01, count) + held_up * rng.uniform(0.3, 1.2, count)


def last(rule: PairedRule, logs: Floats, slower: float) -> Decision:
    """What the rule ends with when it may extend."""
    return ending(rule, pairs(logs[: 2 * rule.looks[-1]], slower))


def ending(rule: PairedRule, found: list[tuple[float, float]]) -> Decision:
    for look, count in enumerate(rule.looks):
        decision = judge_look(rule, {"cell": found[:count]}, look)["cell"]
        if decision is not None:
            return decision
    raise AssertionError("the last look left it undecided")


def shares(rule: PairedRule, noise: Noise, slower: float, rounds: int = ROUNDS) -> dict[str, float]:
    outcomes = []
    for seed in range(rounds):
        logs = noise(np.random.default_rng(seed), 2 * rule.looks[-1])
        outcomes.append(last(rule, logs, slower).outcome)
    return {name: outcomes.count(name) / rounds for name in ("pass", "regression", "cannot_tell")}


@pytest.mark.parametrize("noise", [quiet, heavy, drifting])
def test_without_a_change_there_is_no_alarm_in_two_hundred_rounds(noise: Noise) -> None:
    found = shares(RULE, noise, 1.0)
    assert found["regression"] == 0
    assert found["pass"] > 0.9


@pytest.mark.parametrize("noise", [quiet, heavy, drifting])
def test_ten_and_twenty_per_cent_are_caught(noise: Noise) -> None:
    assert shares(RULE, noise, 1.10)["regression"] >= 0.95
    assert shares(RULE, noise, 1.20)["regression"] >= 0.99


def test_beside_others_the_fast_windows_catch_what_the_signed_ranks_cannot() -> None:
    ranks = PairedRule(looks=(30, 60, 120))
    assert shares(ranks, shared, 1.10, 12)["regression"] < 0.3
    assert shares(RULE, shared, 1.10, 12)["regression"] == 1
    same = shares(RULE, shared, 1.0, 12)
    assert same["regression"] == 0
    assert same["pass"] > 0.9


def test_hold_ups_that_stay_with_one_side_are_no_alarm_and_hide_no_slow_down() -> None:
    """Whole visits in which the candidate, or the baseline, is held up more often than the other:
    no two pairs of them are independent."""

    def one_sided(seed: int, held_up: int) -> list[tuple[float, float]]:
        rng = np.random.default_rng(seed)
        found = np.exp(rng.normal(0, 0.01, (RULE.looks[-1], 2)))
        times = 1 + (rng.random(len(found)) < 0.6) * rng.uniform(0.3, 3, len(found))
        found[:, held_up] *= times
        return [(float(a), float(b)) for a, b in found]

    for seed in range(5):
        same = one_sided(seed, 1)
        assert slower_p([math.log(b / a) for a, b in same[:30]]) < RULE.look_alpha
        assert ending(RULE, same).outcome == "pass"
        slower = [(a, 1.2 * b) for a, b in one_sided(seed, 0)]
        decision = ending(RULE, slower)
        assert (decision.outcome, decision.test) == ("regression", "fast_windows")


def test_a_decision_says_by_which_test_it_was_made() -> None:
    logs = shared(np.random.default_rng(0), 2 * RULE.looks[-1])
    decision = last(RULE, logs, 1.2)
    assert (decision.outcome, decision.test) == ("regression", "fast_windows")
    assert decision.pairs >= RULE.fast_from
    assert decision.ratio == pytest.approx(1.2, rel=0.02)
    assert decision.low < 1.2 < decision.high
    quick = last(RULE, quiet(np.random.default_rng(0), 240), 1.2)
    assert (quick.outcome, quick.test, quick.pairs) == ("regression", "signed_rank", 30)


def test_the_looks_together_alarm_no_more_often_than_alpha() -> None:
    """With next to no threshold the test alone decides, so this sees the α that is spent."""
    rule = PairedRule(threshold=1e-9, alpha=0.1, looks=(10, 20, 40), widest=math.inf)
    rounds = 1000
    found = shares(rule, quiet, 1.0, rounds)
    assert found["regression"] <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / rounds)
    assert found["regression"] > 0.02  # it does spend it


def test_noise_that_hides_the_threshold_is_never_a_pass_nor_an_alarm() -> None:
    def wild(rng: np.random.Generator, count: int) -> Floats:
        return rng.normal(0, 0.6, count)

    found = shares(QUICK, wild, 1.0)
    assert found["cannot_tell"] > 0.9
    assert found["regression"] <= 0.01


def test_a_slow_down_below_the_threshold_passes_although_it_is_sure() -> None:
    decision = last(RULE, quiet(np.random.default_rng(0), 240), 1.03)
    assert (decision.outcome, decision.look) == ("pass", 0)
    assert decision.p < 0.01
    assert 1.0 < decision.low < 1.03 < decision.high < 1.05


def test_a_faster_candidate_passes_at_the_first_look() -> None:
    decision = last(RULE, quiet(np.random.default_rng(0), 240), 0.8)
    assert (decision.outcome, decision.look, decision.reason) == ("pass", 0, None)
    assert decision.ratio == pytest.approx(0.8, rel=0.02)


def test_equal_timings_pass() -> None:
    decision = judge_look(RULE, {"cell": [(0.25, 0.25)] * 30}, 0)["cell"]
    assert decision == Decision(
        outcome="pass", ratio=1.0, low=1.0, high=1.0, p=1.0, pairs=30, look=0
    )


def test_a_clock_with_coarse_ticks_still_decides() -> None:
    """Windows of about sixty ticks: most pairs tie, as do most of their differences."""
    rng = np.random.default_rng(0)
    ticks = rng.integers(60, 63, 240)
    same = [(float(a), float(b)) for a, b in ticks.reshape(-1, 2)]
    slower = [(a, float(round(b * 1.2))) for a, b in same]
    found = judge_look(RULE, {"same": same, "slower": slower}, 2)
    assert {cell: d.outcome for cell, d in found.items() if d} == {
        "same": "pass",
        "slower": "regression",
    }


def test_an_undecided_cell_goes_on_until_the_last_look() -> None:
    logs = quiet(np.random.default_rng(2), 240)
    found = {"cell": pairs(logs, 1.046)}
    assert judge_look(RULE, found, 0) == {"cell": None}
    decision = judge_look(RULE, found, 2)["cell"]
    assert decision is not None
    assert (decision.outcome, decision.reason) == ("cannot_tell", "near_threshold")


def test_a_wide_interval_is_told_apart_from_a_near_threshold() -> None:
    logs = np.random.default_rng(1).normal(0, 0.6, 960)
    assert last(RULE, logs, 1.0).reason == "noisy"


def test_when_the_time_ends_it_cannot_be_told() -> None:
    decision = stopped(RULE, pairs(quiet(np.random.default_rng(2), 60), 1.05), 0)
    assert (decision.outcome, decision.reason, decision.pairs) == ("cannot_tell", "out_of_time", 30)


def test_many_cells_share_the_alpha() -> None:
    """A slow-down that is just past the threshold alone is not an alarm among fifty others."""
    rule = PairedRule(alpha=0.05, looks=(20,), widest=math.inf)
    found = pairs(np.random.default_rng(5).normal(0, 0.1, 40), 1.05)
    assert 0.002 < slower_p([math.log(b / a) for a, b in found]) < 0.04
    others = {f"cell {i}": [(1.0, 1.0)] * 20 for i in range(49)}
    alone, among = (
        judge_look(rule, {"slow": found}, 0),
        judge_look(rule, others | {"slow": found}, 0),
    )
    later = judge_look(rule, {"slow": found}, 0, family=50)
    outcomes = [d["slow"].outcome for d in (alone, among, later) if d["slow"] is not None]
    assert outcomes == ["regression", "cannot_tell", "cannot_tell"]


def test_a_window_without_time_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="give each window more steps"):
        judge_look(RULE, {"cell": [(0.0, 0.1)] * 30}, 0)


def test_nothing_timed_is_an_error_and_not_a_pass() -> None:
    with pytest.raises(ValueError, match="nothing was timed"):
        judge_look(RULE, {}, 0)


def test_too_few_pairs_for_the_look_are_an_error() -> None:
    with pytest.raises(ValueError, match="cell: 29 pairs; look 0 needs 30"):
        judge_look(RULE, {"cell": [(1.0, 1.0)] * 29}, 0)
    with pytest.raises(ValueError, match="no look 5"):
        judge_look(RULE, {"cell": [(1.0, 1.0)] * 500}, 5)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"threshold": 0.0}, "threshold is 0"),
        ({"alpha": 0.5}, "alpha is 0.5"),
        ({"looks": (30, 30)}, "each larger"),
        ({"looks": ()}, "each larger"),
        ({"looks": (5, 30)}, "5 pairs can show nothing"),
        ({"widest": 0.0}, "widest is 0"),
        ({"fast_from": 60}, "the 6 fastest of 60 pairs can show nothing"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(rule: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PairedRule(**rule)  # type: ignore[arg-type]
