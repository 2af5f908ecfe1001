"""Workers that are killed at random moments of a sweep: every other trial is done all the same."""

import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest

from mmbench.api import trial_plan
from mmbench.plan import Plan
from mmbench.records import Trial
from mmbench.runs import prepare_run, run_suite
from mmbench.store import Store
from tests.executors.conftest import TrialOf

pytestmark = pytest.mark.usefixtures("quick_timing")


def workers() -> list[psutil.Process]:
    """Of this process, running ones only."""
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "mmbench.executors" in str(child.cmdline())
    ]


@dataclass
class Killer:
    """SIGKILLs a worker of this process after a random while, so many times."""

    kills: int
    chance: random.Random
    killed: set[int] = field(default_factory=set)
    enough: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while len(self.killed) < self.kills and not self.enough.wait(self.chance.uniform(0, 4)):
            for worker in workers():
                worker.send_signal(signal.SIGKILL)
                self.killed.add(worker.pid)


def survive_kills(trial: Trial, results: Path, *, kills: int, seeds: int) -> None:
    trials = tuple(replace(trial, seed=number) for number in range(seeds))
    plan = Plan(suite=trial_plan(trial).suite, trials=trials, refused=())
    killer = Killer(kills=kills, chance=random.Random(0))
    thread = threading.Thread(target=killer.work)
    thread.start()
    failed = 0
    try:
        while thread.is_alive():
            summary = run_suite(prepare_run(plan, results=results, fresh=True), results=results)
            assert summary.ok + summary.failed == len(trials)
            failed += summary.failed
    finally:
        killer.enough.set()
        thread.join()
    assert workers() == []
    assert len(killer.killed) == kills
    assert failed <= kills
    kinds = Counter(
        stored.record.failure.kind
        for stored in Store(results).select()
        if stored.record.failure is not None
    )
    assert sum(kinds.values()) == failed
    assert set(kinds) <= {"Killed", "NotStarted"}
    assert failed >= kills // 2, "most kills fall between trials: the test shows nothing"
    last = run_suite(prepare_run(plan, results=results), results=results)
    assert (last.ok + last.reused, last.failed) == (len(trials), 0)
    assert workers() == []


@pytest.fixture
def trial(trial_of: TrialOf) -> Trial:
    return trial_of("Plain")


def test_kills_of_workers_cost_their_own_trials_alone(trial: Trial, tmp_path: Path) -> None:
    survive_kills(trial, tmp_path / "results", kills=2, seeds=3)


@pytest.mark.slow
def test_many_kills_of_workers_cost_their_own_trials_alone(trial: Trial, tmp_path: Path) -> None:
    survive_kills(trial, tmp_path / "results", kills=20, seeds=6)
