"""Windows in turn, settling, and what two arms must agree on."""

import time
from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path

import pytest

from mmbench.errors import ArmError, NotComparable, PlanError
from mmbench.fingerprint import Fingerprint
from mmbench.speed.paired import (
    ALIKE,
    MOST_SETTLING_PAIRS,
    Programs,
    differences,
    has_settled,
    open_pairing,
)
from tests.speed.arms import CASE, LIMITS, children, speaker, within

FAR = time.monotonic() + 1e6


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    before = children()
    yield
    assert within(5, lambda: children() <= before), "a test left a process behind"


def programs(folder: Path, *, baseline: str = "well", candidate: str = "well") -> Programs:
    return Programs(
        baseline=speaker("baseline", folder / "a", kind=baseline),
        candidate=speaker("candidate", folder / "b", kind=candidate, step_seconds=0.11),
    )


def order(folder: Path) -> str:
    """Whose windows ran one after the other: `abba…`."""
    at = {int(line): name for name in "ab" for line in (folder / name).read_text().split()}
    return "".join(at[moment] for moment in sorted(at))


def test_windows_alternate_abba(tmp_path: Path) -> None:
    pairing = open_pairing(CASE, programs(tmp_path), device="cpu", limits=LIMITS)
    pairing.steps = 1
    found = list(islice(pairing.pairs(), 6))
    pairing.close()
    assert order(tmp_path) == "abbaabbaabba"
    assert {pair.seconds for pair in found} == {(0.1, 0.11)}


def test_settling_drops_whole_turns_so_that_abba_goes_on(tmp_path: Path) -> None:
    pairing = open_pairing(CASE, programs(tmp_path), device="cpu", limits=LIMITS)
    pairing.steps = 1
    settled = pairing.settle(FAR)
    next(pairing.pairs())
    pairing.close()
    assert (settled.pairs, settled.settled) == (8, True)
    assert order(tmp_path) == "abba" * 4 + "ab"


def test_a_window_has_enough_steps_for_the_faster_side(tmp_path: Path) -> None:
    pairing = open_pairing(CASE, programs(tmp_path), device="cpu", limits=LIMITS)
    pairing.calibrate(0.25)
    pairing.close()
    assert pairing.steps == 3  # of 0.1 s each


def test_a_step_too_small_to_be_timed_is_refused_with_advice(tmp_path: Path) -> None:
    tiny = Programs(
        baseline=speaker("baseline", tmp_path / "a", step_seconds=1e-5),
        candidate=speaker("candidate", tmp_path / "b", step_seconds=1e-5),
    )
    pairing = open_pairing(CASE, tiny, device="cpu", limits=LIMITS)
    with pytest.raises(PlanError, match=r"a step takes 10 µs.*raise the batch size"):
        pairing.calibrate(0.15)
    pairing.close()


def test_arms_that_do_different_work_cannot_be_compared(tmp_path: Path) -> None:
    both = programs(tmp_path, baseline="other_work")
    with pytest.raises(NotComparable, match=r"a step of words infer .* is \{'samples': 3.0\}"):
        open_pairing(CASE, both, device="cpu", limits=LIMITS)


def test_arms_under_other_conditions_cannot_be_compared(tmp_path: Path) -> None:
    both = programs(tmp_path, candidate="wider")
    with pytest.raises(NotComparable, match=r"other conditions .* \(threads: 2 → 4\); give both"):
        open_pairing(CASE, both, device="cpu", limits=LIMITS)


@pytest.mark.parametrize("name", ["device", "device_name", "threads", "precision", "settings"])
def test_conditions_that_must_agree_are_in_the_fingerprint(name: str) -> None:
    assert name in ALIKE
    assert name in {field.name for field in fields(Fingerprint)}


def test_other_libraries_are_listed_not_refused(tmp_path: Path) -> None:
    both = programs(tmp_path, candidate="newer")
    pairing = open_pairing(CASE, both, device="cpu", limits=LIMITS)
    pairing.close()
    assert pairing.differences == ("libraries.torch: 2.11.0 → 2.12.0",)


def test_one_arm_that_fails_takes_the_other_with_it(tmp_path: Path) -> None:
    before = children()
    with pytest.raises(ArmError, match="candidate: no weights"):
        open_pairing(CASE, programs(tmp_path, candidate="refuses"), device="cpu", limits=LIMITS)
    assert children() <= before


def test_windows_have_settled_when_their_trend_is_small_against_their_spread() -> None:
    assert has_settled([1.0] * 8)
    assert not has_settled([1.0] * 7), "too few to tell"
    assert not has_settled([2.0, 1.8, 1.6, 1.4, 1.2, 1.1, 1.0, 1.0])
    assert has_settled([1.0, 1.4, 0.8, 1.2, 1.1, 1.5, 0.9, 1.3]), "noisy, but without a trend"


def test_settling_ends_at_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmbench.speed.paired.has_settled", lambda seconds: False)
    pairing = open_pairing(CASE, programs(tmp_path), device="cpu", limits=LIMITS)
    pairing.steps = 1
    settled = pairing.settle(FAR)
    pairing.close()
    assert (settled.pairs, settled.settled) == (MOST_SETTLING_PAIRS, False)


def test_differences_name_every_leaf() -> None:
    before = {"a": 1, "b": {"c": "x", "d": 2}}
    after = {"a": 1, "b": {"c": "y"}, "e": 3}
    assert differences(before, after) == ("b.c: x → y", "b.d: 2 → None", "e: None → 3")
