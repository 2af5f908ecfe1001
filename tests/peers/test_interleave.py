"""Taking turns, and the processes that wait for theirs."""

import time

import psutil
import pytest

from benchmarks.peers.interleave import Arm, Turn, run_interleaved, schedule
from benchmarks.peers.warm import Job, Warm


def job(name: str, seconds: float = 1.0) -> Job:
    return Job(function=f"tests.peers.jobs:{name}", settings={"seconds": seconds})


def order(turns: list[Turn]) -> str:
    return " ".join(f"{turn.arm}{turn.round}" for turn in turns)


def test_every_second_round_goes_backwards() -> None:
    assert order(schedule({"A": None, "B": None}, 3)) == "A0 B0 B1 A1 A2 B2"


def test_a_slow_arm_takes_part_in_its_first_rounds_alone() -> None:
    assert order(schedule({"A": None, "S": 1, "B": None}, 2)) == "A0 S0 B0 B1 A1"


def test_each_arm_has_the_seconds_of_its_own_process() -> None:
    arms = (
        Arm(name="A", what="one second", job=job("steady", 1.0)),
        Arm(name="B", what="two seconds", job=job("steady", 2.0), most_rounds=1),
    )
    first, second = run_interleaved(arms, rounds=2, threads=1)
    assert [(r.round, r.seconds, r.values) for r in first.repeats] == [
        (0, 1.0, {"round": 0.0}),
        (1, 1.0, {"round": 1.0}),
    ]
    assert [r.seconds for r in second.repeats] == [2.0]
    assert first.threads == 1


def test_who_waits_uses_no_processor_time() -> None:
    with Warm(job("steady"), threads=1) as warm:
        warm.start()
        process = psutil.Process(warm.pid)
        before = sum(process.cpu_times()[:2])
        time.sleep(0.5)
        assert sum(process.cpu_times()[:2]) - before <= 0.02  # two ticks; polling would use 50
        assert process.status() == psutil.STATUS_SLEEPING


def test_a_failure_is_told_in_its_own_words_and_leaves_no_process() -> None:
    with Warm(job("failing"), threads=1) as warm:
        warm.start()
        with pytest.raises(RuntimeError, match=r"(?s)failing ended with status 1.*round 0 went"):
            warm.run(0)
    assert not psutil.pid_exists(warm.pid)
