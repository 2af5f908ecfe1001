"""The unpaired rule: clear changes, changes that the machine explains, and too little to tell."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from mmbench.compare.unpaired import (
    Readings,
    UnpairedDecision,
    UnpairedRule,
    differing,
    drift_between,
    folded,
    judge_unpaired,
)

STILL = {"matrix_product_seconds": (1.0, 1.0), "memory_copy_seconds": (2.0, 2.0)}


def times(ratio: float, seed: int, *, count: int = 30, spread: float = 0.01) -> list[float]:
    draws = np.random.default_rng(seed).normal(size=count)
    return [float(value) for value in ratio * np.exp(spread * draws)]


def judge(
    ratio: float,
    *,
    count: int = 30,
    spread: float = 0.01,
    machine: float = 1.0,
    rule: UnpairedRule | None = None,
) -> UnpairedDecision:
    """One cell of the ratio; `machine`: how much slower its matrix product is than it was."""
    now = {**STILL, "matrix_product_seconds": (machine, machine)}
    cell = (
        Readings(seconds=times(1.0, 1, count=count, spread=spread), calibration=STILL),
        Readings(seconds=times(ratio, 2, count=count, spread=spread), calibration=now),
    )
    return judge_unpaired(rule or UnpairedRule(), {"cell": cell})["cell"]


@pytest.mark.parametrize(
    ("ratio", "outcome"), [(1.0, "pass"), (0.8, "pass"), (1.1, "regression"), (2.0, "regression")]
)
def test_a_clear_change_is_decided(ratio: float, outcome: str) -> None:
    found = judge(ratio)
    assert found.outcome == outcome
    assert found.low < found.ratio < found.high
    assert found.ratio == pytest.approx(ratio, rel=0.01)


def test_a_change_at_the_threshold_is_not_told() -> None:
    assert judge(1.05).reason == "near_threshold"


def test_a_spread_wider_than_the_threshold_is_not_told() -> None:
    assert judge(1.0, spread=0.5).reason == "noisy"


def test_too_few_readings_to_show_anything_are_told() -> None:
    assert judge(1.2, count=3).reason == "few_windows"


def test_a_slower_machine_takes_a_regression_back_unless_it_is_larger_than_that() -> None:
    assert judge(1.15, machine=1.12).reason == "machine"
    assert judge(1.5, machine=1.12).outcome == "regression"


def test_a_faster_machine_takes_a_pass_back_unless_it_is_larger_than_that() -> None:
    assert judge(1.0, machine=0.9).reason == "machine"
    assert judge(0.8, machine=0.9).outcome == "pass"


def test_the_ordinary_drift_of_a_calibration_changes_nothing() -> None:
    assert judge(1.0, machine=0.95).outcome == "pass"
    assert judge(1.1, machine=1.05).outcome == "regression"


def test_equal_sessions_are_seldom_called_slower_however_many_cells() -> None:
    """200 families of ten cells without a change: at α = 1 % two false alarms are expected."""
    alarms = 0
    for family in range(200):
        cells = {
            str(cell): tuple(
                Readings(seconds=times(1.0, 1000 * family + 10 * side + cell, spread=0.2, count=20))
                for side in (0, 1)
            )
            for cell in range(10)
        }
        rule = UnpairedRule(threshold=0.001)
        found = judge_unpaired(rule, cells)  # type: ignore[arg-type]
        alarms += any(each.outcome == "regression" for each in found.values())
    assert alarms <= 7  # the chance of more is 0.1 %


def test_readings_are_folded_into_blocks_that_follow_each_other() -> None:
    assert folded([3.0, 1.0, 2.0, 9.0, 7.0, 8.0], most=2) == [2.0, 8.0]
    assert folded([1.0, 2.0], most=64) == [1.0, 2.0]
    assert len(folded(list(range(1, 1001)))) == 64


def test_drift_is_told_of_the_kernels_that_both_timed() -> None:
    one: Mapping[str, Sequence[float]] = {"a": (1.0, 2.0, 3.0), "b": (1.0,)}
    assert drift_between(one, {"a": (1.0,), "c": (1.0,)}) == {"a": 0.5}


def test_what_differs_is_told_in_words() -> None:
    assert differing({"rows": 256, "same": 1}, {"rows": 32, "same": 1, "new": 2}) == [
        "rows: 256 against 32",
        "new: absent against 2",
    ]


def test_nothing_timed_and_no_time_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing was timed"):
        judge_unpaired(UnpairedRule(), {})
    for seconds in ([], [0.0], [float("inf")]):
        with pytest.raises(ValueError, match="took no time"):
            judge_unpaired(
                UnpairedRule(), {"cell": (Readings(seconds=seconds), Readings(seconds=[1.0]))}
            )


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"alpha": 0.5}])
def test_a_rule_that_decides_nothing_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is needed"):
        UnpairedRule(**wrong)
