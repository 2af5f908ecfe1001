"""What the two clocks of a paired timing ask of its programs."""

from mmbench.speed.arm import Program
from mmbench.speed.paired import ONE_THREAD, Programs

BOTH = Programs(
    baseline=Program(name="a", environment={"X": "1"}), candidate=Program(name="b", module="m")
)


def test_the_wall_clock_leaves_the_programs_as_they_are() -> None:
    assert BOTH.on("wall") is BOTH


def test_processor_time_is_that_of_one_thread_on_both_sides() -> None:
    both = BOTH.on("cpu")
    assert both.baseline.environment == {"X": "1", **ONE_THREAD}
    assert both.candidate.environment == ONE_THREAD
    assert both.candidate.module == "m"
