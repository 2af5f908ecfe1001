"""A side of a paired timing: what it says, and every way in which it may not say it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmbench.errors import ArmError, NotComparable
from mmbench.speed.arm import Arm, Program
from mmbench.speed.messages import Memory, Ran
from tests.speed.arms import BRIEF, CASE, LIMITS, ROOT, alive, children, speaker, within


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    before = children()
    yield
    assert within(5, lambda: children() <= before), "a test left a process behind"


def test_an_arm_answers_each_question(tmp_path: Path) -> None:
    with Arm(speaker("candidate", tmp_path / "log"), LIMITS) as arm:
        assert arm.hello().package == str(ROOT / "mmbench")
        assert arm.load(CASE, "cpu").work == {"samples": 2.0}
        assert arm.warm(0.1) == Ran(steps=1, seconds=0.1, cpu_seconds=1e-3)
        assert arm.run(3).seconds == pytest.approx(0.3)
        assert arm.memory() == Memory(peak_rss_bytes=1e9, peak_cuda_bytes=None)


def test_an_arm_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    with Arm(speaker("baseline 1a2b", tmp_path / "log", kind="dies"), LIMITS) as arm:
        arm.hello()
        with pytest.raises(ArmError, match=r"baseline 1a2b has ended with status 3.*\nout of luck"):
            arm.run(1)
        with pytest.raises(ArmError, match="has ended"):
            arm.run(1)


def test_an_arm_that_hangs_is_stopped_at_its_limit(tmp_path: Path) -> None:
    with Arm(speaker("candidate", tmp_path / "log", kind="hangs"), BRIEF) as arm:
        arm.hello()
        with pytest.raises(ArmError, match=r"no answer within 0\.5 s, and was stopped.*\nthinking"):
            arm.run(1)
        assert arm._process.status is not None


def test_an_arm_that_says_something_else_is_an_error(tmp_path: Path) -> None:
    with Arm(speaker("candidate", tmp_path / "log", kind="garbles"), LIMITS) as arm:
        arm.hello()
        with pytest.raises(ArmError, match=r"said b'loss: 0.3' in place of 'ran'"):
            arm.run(1)


@pytest.mark.parametrize("kind", ["instant", "backward", "endless", "nameless"])
def test_a_window_without_a_time_is_an_error(tmp_path: Path, kind: str) -> None:
    with Arm(speaker("candidate", tmp_path / "log", kind=kind), LIMITS) as arm:
        arm.hello()
        with pytest.raises(ArmError, match=r"candidate says that 2 steps took .* which no window"):
            arm.run(2)
        with pytest.raises(ArmError, match="candidate says that 1 steps took"):
            arm.warm(0.1)


def test_a_window_of_other_steps_is_an_error(tmp_path: Path) -> None:
    with Arm(speaker("candidate", tmp_path / "log", kind="miscounts"), LIMITS) as arm:
        arm.hello()
        with pytest.raises(ArmError, match="candidate was asked for 2 steps, and ran 3"):
            arm.run(2)


def test_an_arm_of_another_protocol_cannot_be_compared(tmp_path: Path) -> None:
    with (
        Arm(speaker("baseline 1a2b", tmp_path / "log", kind="old"), LIMITS) as arm,
        pytest.raises(NotComparable, match="cannot compare: baseline 1a2b speaks protocol 0"),
    ):
        arm.hello()


def test_an_arm_that_runs_other_code_than_its_tree_cannot_be_compared(tmp_path: Path) -> None:
    with (
        Arm(speaker("baseline 1a2b", tmp_path / "log", kind="elsewhere"), LIMITS) as arm,
        pytest.raises(NotComparable, match="but imported /elsewhere/mmbench"),
    ):
        arm.hello()


def test_a_tree_without_the_package_is_found_out(tmp_path: Path) -> None:
    """The interpreter falls back to the mmbench that is installed: that must not pass."""
    with (
        Arm(Program(name="baseline 1a2b", tree=tmp_path), LIMITS) as arm,
        pytest.raises(NotComparable, match="should run the mmbench of"),
    ):
        arm.hello()


def test_the_folder_that_the_user_stands_in_does_not_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mmbench").mkdir()
    (tmp_path / "mmbench" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    with Arm(speaker("candidate", tmp_path / "log"), LIMITS) as arm:
        assert arm.hello().package == str(ROOT / "mmbench")


def test_code_without_paired_timing_cannot_be_compared() -> None:
    program = Program(name="baseline 1a2b", tree=ROOT, module="mmbench.speed.not_yet")
    with (
        Arm(program, LIMITS) as arm,
        pytest.raises(NotComparable, match=r"has no mmbench\.speed\.not_yet.*take a later"),
    ):
        arm.hello()


def test_a_case_that_the_baseline_does_not_know_cannot_be_compared(tmp_path: Path) -> None:
    with Arm(speaker("baseline 1a2b", tmp_path / "log", kind="unknown"), LIMITS) as arm:
        arm.hello()
        with pytest.raises(NotComparable, match=r"does not know the case \(case.colour"):
            arm.load(CASE, "cpu")


def test_an_error_of_the_arm_keeps_its_words(tmp_path: Path) -> None:
    with Arm(speaker("candidate", tmp_path / "log", kind="refuses"), LIMITS) as arm:
        arm.hello()
        with pytest.raises(ArmError, match="candidate: no weights; get them"):
            arm.load(CASE, "cpu")


def test_an_interpreter_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ArmError, match="/nowhere/python cannot be started"):
        Arm(Program(name="baseline venv", python="/nowhere/python"), LIMITS)


def test_what_an_arm_has_started_ends_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Arm(speaker("candidate", log, kind="breeds"), LIMITS) as arm:
        arm.hello()
        own, started = map(int, log.read_text().split())
        assert alive(own)
        assert alive(started)
    assert within(5, lambda: not alive(own) and not alive(started))


def test_an_arm_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    log, read_end, write_end = tmp_path / "log", *os.pipe()
    parent = os.fork()
    if parent == 0:  # a parent that is gone without a word, while its arm waits
        try:
            Arm(speaker("candidate", log, kind="breeds"), LIMITS).hello()
            os.write(write_end, b"x")
        finally:
            os.kill(os.getpid(), 9)
    os.close(write_end)
    assert os.read(read_end, 1) == b"x", "the arm did not start"
    os.close(read_end)
    os.waitpid(parent, 0)
    own, started = map(int, log.read_text().split())
    assert within(5, lambda: not alive(own) and not alive(started))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_arm_that_waits_uses_no_processor(tmp_path: Path) -> None:
    with Arm(speaker("candidate", tmp_path / "log"), LIMITS) as arm:
        arm.hello()
        stat = Path(f"/proc/{arm._process.pid}/stat")
        before = stat.read_text().split()[13:15]
        assert not within(0.5, lambda: stat.read_text().split()[13:15] != before)
