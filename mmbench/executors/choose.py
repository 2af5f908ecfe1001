"""The executors by name, and what all of them offer."""

from pathlib import Path
from typing import Literal, Protocol

from mmbench.errors import PlanError
from mmbench.executors.inline import Inline
from mmbench.executors.worker import Worker
from mmbench.records import Record, Trial
from mmbench.workbench import Bench, Keep

ExecutorName = Literal["worker", "inline", "fresh"]
"""worker: a process for each model. fresh: a process for each trial. inline: in this process."""


class Executor(Protocol):
    """Runs trials, one after the other."""

    def run(self, trial: Trial, folder: Path, *, keep: Keep | None = None) -> Record:
        """The record of the trial, whatever became of it; `folder` takes its artefacts. keep: which
        weights stay of this trial, by default as the bench says."""

    def close(self) -> None:
        """End what was started. A trial that is running is given up."""


def make_executor(
    name: ExecutorName, bench: Bench, *, trial_minutes: float | None = None
) -> Executor:
    """PlanError if the time limit of a trial is not positive, or cannot be kept (inline)."""
    if trial_minutes is not None and not trial_minutes > 0:
        raise PlanError(f"the time limit of a trial is {trial_minutes:g} minutes; it must be > 0")
    if name == "inline":
        if trial_minutes is not None:
            raise PlanError(
                "a trial of executor inline cannot be stopped at a time limit; "
                "take executor worker or fresh, or no limit"
            )
        return Inline(bench)
    seconds = None if trial_minutes is None else 60 * trial_minutes
    return Worker(bench, lifetime="model" if name == "worker" else "trial", trial_seconds=seconds)
