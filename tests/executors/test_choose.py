"""Which executor a name stands for, and what it refuses."""

import pytest

from mmbench.errors import PlanError
from mmbench.executors.choose import ExecutorName, make_executor
from mmbench.executors.inline import Inline
from mmbench.executors.worker import Worker
from mmbench.workbench import Bench


def test_names_stand_for_lifetimes(bench: Bench) -> None:
    assert isinstance(make_executor("inline", bench), Inline)
    lifetimes: dict[ExecutorName, str] = {"worker": "model", "fresh": "trial"}
    for name, lifetime in lifetimes.items():
        executor = make_executor(name, bench, trial_minutes=1.5)
        assert isinstance(executor, Worker)
        assert (executor.lifetime, executor.trial_seconds) == (lifetime, 90.0)
        executor.close()


@pytest.mark.parametrize("executor", ["worker", "fresh"])
@pytest.mark.parametrize("minutes", [0, -1, float("nan")])
def test_a_limit_that_is_none_is_refused(
    bench: Bench, executor: ExecutorName, minutes: float
) -> None:
    with pytest.raises(PlanError, match="must be > 0"):
        make_executor(executor, bench, trial_minutes=minutes)


def test_a_limit_that_cannot_be_kept_is_refused(bench: Bench) -> None:
    with pytest.raises(PlanError, match="inline cannot be stopped"):
        make_executor("inline", bench, trial_minutes=1)
