"""Looks, extension, the end of the time, and what a session gives."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.compare.paired import PairedRule
from mmbench.errors import ArmError, NotComparable, PlanError
from mmbench.speed.arm import Limits
from mmbench.speed.messages import Memory
from mmbench.speed.paired import Pairing, Programs, open_pairing
from mmbench.speed.session import Conditions, Opening, PairedCell, goals, time_paired
from mmbench.speed_record import SpeedCase
from tests.speed.arms import BRIEF, CASE, LIMITS, children, speaker, within

RULE = PairedRule(looks=(10, 20, 40))
OTHER = replace(CASE, batch_size=4)


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    before = children()
    yield
    assert within(5, lambda: children() <= before), "a test left a process behind"


class Witness:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.visits: list[tuple[str, int]] = []
        self.counts: list[int] = []

    def visiting(self, case: SpeedCase, look: int) -> None:
        self.visits.append((case.name, look))

    def paired(self, case: SpeedCase, pairs: Sequence[tuple[float, float]], wanted: int) -> None:
        self.counts.append(len(pairs))


def session(
    folder: Path,
    *,
    candidate_seconds: float = 0.1,
    kind: str = "well",
    cases: Sequence[SpeedCase] = (CASE,),
    budget_seconds: float = 600.0,
    opening: Opening = open_pairing,
) -> tuple[tuple[PairedCell, ...], Witness]:
    programs = Programs(
        baseline=speaker("baseline", folder / "a"),
        candidate=speaker("candidate", folder / "b", kind=kind, step_seconds=candidate_seconds),
    )
    limits = BRIEF if kind == "hangs" else LIMITS
    witness = Witness()
    conditions = Conditions(
        device="cpu", rule=RULE, budget_seconds=budget_seconds, window_seconds=0.1, limits=limits
    )
    return time_paired(cases, programs, conditions, witness, opening=opening), witness


@pytest.mark.parametrize(("seconds", "outcome"), [(0.1, "pass"), (0.12, "regression")])
def test_a_clear_case_is_decided_at_the_first_look(
    tmp_path: Path, seconds: float, outcome: str
) -> None:
    (cell,), witness = session(tmp_path, candidate_seconds=seconds)
    assert cell.decision is not None
    assert (cell.decision.outcome, cell.decision.pairs) == (outcome, 10)
    assert cell.decision.ratio == pytest.approx(seconds / 0.1)
    assert cell.memory is not None
    assert cell.memory[0] == Memory(peak_rss_bytes=1e9, peak_cuda_bytes=None)
    assert witness.visits == [(CASE.name, 0)] * 3, "each look draws several processes"
    assert witness.counts == list(range(1, 11))


def test_every_case_is_visited_and_judged(tmp_path: Path) -> None:
    cells, witness = session(tmp_path, cases=(CASE, OTHER))
    assert [cell.case for cell in cells] == [CASE, OTHER]
    assert [name for name, _ in witness.visits] == [CASE.name, OTHER.name] * 3


def test_an_undecided_case_is_extended_to_the_last_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmbench.speed.session.judge_look", never_sure)
    (cell,), witness = session(tmp_path)
    assert witness.visits == [(CASE.name, look) for look in (0, 1, 2) for _ in range(3)]
    assert len(cell.pairs) == 40
    assert cell.decision is not None
    assert cell.decision.outcome == "cannot_tell"


def test_a_case_without_time_for_its_pairs_has_no_decision(tmp_path: Path) -> None:
    cells, _ = session(tmp_path, cases=(CASE, OTHER), budget_seconds=1e-6)
    assert [cell.decision for cell in cells] == [None, None]


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        ("dies", "failed", "out of luck"),
        ("hangs", "failed", "no answer within"),
        ("old", "not_comparable", "protocol"),
        ("wider", "not_comparable", "threads: 2 → 4"),
    ],
)
def test_a_side_that_fails_ends_its_case(
    tmp_path: Path, kind: str, expected: str, words: str
) -> None:
    (cell,), witness = session(tmp_path, kind=kind)
    assert cell.decision is None
    assert cell.failure is not None
    assert cell.failure.kind == expected
    assert words in cell.failure.message
    assert witness.visits == [(CASE.name, 0)], "it is not tried again"


def test_a_step_too_short_to_be_timed_ends_its_case(tmp_path: Path) -> None:
    (cell,), _ = session(tmp_path, candidate_seconds=1e-5)
    assert cell.failure is not None
    assert cell.failure.kind == "failed"
    assert "raise the batch size or the tokens" in cell.failure.message


@pytest.mark.parametrize("error", [ArmError, NotComparable])
def test_a_case_that_fails_discards_no_other(tmp_path: Path, error: type[ArmError]) -> None:
    def opening(
        case: SpeedCase, programs: Programs, *, device: str, limits: Limits | None = None
    ) -> Pairing:
        if case == OTHER:
            raise error("out of memory")
        return open_pairing(case, programs, device=device, limits=limits)

    cells, _ = session(tmp_path, candidate_seconds=0.12, cases=(OTHER, CASE), opening=opening)
    assert [cell.failure is None for cell in cells] == [False, True]
    assert cells[1].decision is not None
    assert cells[1].decision.outcome == "regression"


def test_a_session_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="needs cases"):
        session(tmp_path, cases=())
    with pytest.raises(PlanError, match="each named once"):
        session(tmp_path, cases=(CASE, CASE))


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(PlanError, match="must be above 0"):
        Conditions(device="cpu", rule=RULE, budget_seconds=0)


def test_a_look_needs_a_visit() -> None:
    with pytest.raises(PlanError, match="a look has 0 visits; it needs at least 1"):
        Conditions(device="cpu", rule=RULE, visits=0)


@pytest.mark.parametrize(
    ("looks", "look", "visits", "expected"),
    [
        ((30, 60, 120), 0, 3, (10, 20, 30)),
        ((30, 60, 120), 2, 3, (80, 100, 120)),
        ((10,), 0, 3, (4, 6, 10)),  # no visit of an odd number: A B would come first more often
        ((31,), 0, 2, (16, 31)),
        ((7,), 0, 5, (2, 4, 6, 7)),  # fewer visits than asked for, none of them empty
        ((30,), 0, 1, (30,)),
    ],
)
def test_the_pairs_of_a_look_are_spread_over_its_visits(
    looks: tuple[int, ...], look: int, visits: int, expected: tuple[int, ...]
) -> None:
    assert goals(PairedRule(looks=looks), look, visits) == expected


def never_sure(
    rule: PairedRule, pairs: dict[str, list[tuple[float, float]]], look: int, *, family: int
) -> dict[str, None]:
    """Undecided at every look, the last one too: the session must end all the same."""
    assert family == 1
    return dict.fromkeys(pairs)
