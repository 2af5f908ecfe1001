"""Runs trials in a child process: imports and weights are loaded once for all of a model's trials,
and nothing that a trial does, crash or hang, ends the sweep.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from mmbench import errors
from mmbench.cards import ModelCard
from mmbench.executors.lost import failure_of, not_startable, not_started
from mmbench.executors.messages import Assignment, Event, Ready, Setup
from mmbench.executors.process import Child, Ending
from mmbench.meters.begun import Begun
from mmbench.progress import Watcher
from mmbench.records import Failure, Measurement, Record, Trial
from mmbench.workbench import Bench, Keep

START_SECONDS = 600.0  # to import everything, from a slow disk perhaps
SHARED = "shared by the trials of this worker"


class Worker:
    """A child for each model, or for each trial (`lifetime`), and one at a time.

    A trial that takes longer than `trial_seconds` is stopped; the start of a child is not counted.
    What the child prints is kept for the record of a crash alone.
    """

    def __init__(
        self,
        bench: Bench,
        *,
        lifetime: Literal["model", "trial"] = "model",
        trial_seconds: float | None = None,
    ) -> None:
        self.bench = bench
        self.lifetime = lifetime
        self.trial_seconds = trial_seconds
        self._child: Child | None = None
        self._model: ModelCard | None = None
        self._busy = False
        self._imports: Measurement | None = None

    def run(self, trial: Trial, folder: Path, *, keep: Keep | None = None) -> Record:
        begun = Begun(trial=trial, device=self.bench.device)
        failure = self._ensure_child(trial.model)
        if failure is not None:
            return begun.record("failed", failure)
        record = self._carried_out(trial, folder, keep or self.bench.keep)
        if self._imports is not None:
            record = replace(record, measurements=(*record.measurements, self._imports))
            self._imports = replace(self._imports, note=SHARED)
        if self.lifetime == "trial" or not _leaves_nothing_behind(record):
            self.close()
        return record

    def close(self) -> None:
        """End the child: at once if a trial is running, which then has no record."""
        child, self._child = self._child, None
        if child is None:
            return
        if self._busy:
            child.stop()
        else:
            child.finish()

    def _ensure_child(self, model: ModelCard) -> Failure | None:
        """A child that waits for a trial of this model, or why there is none."""
        if self._child is not None and (self._model != model or self._child.exited()):
            self.close()
        if self._child is not None:
            return None
        self.bench.watcher.phase("starting a worker")
        self._model, self._imports, self._busy = model, None, True
        try:
            self._child = Child(_setup(self.bench))
        except OSError as error:
            return not_startable(error)
        first = self._child.next(time.monotonic() + START_SECONDS)
        if isinstance(first, Ending):
            self._child = None
            return not_started(first)
        assert first.ready is not None, "a worker says first that it is ready"
        self._busy = False
        self._imports = _import_seconds(first.ready)
        return None

    def _carried_out(self, trial: Trial, folder: Path, keep: Keep) -> Record:
        """The record that the child gives, or a failed one if it gives none."""
        assert self._child is not None
        begun = Begun(trial=trial, device=self.bench.device)
        self._busy = True
        self._child.assign(Assignment(trial=trial, folder=str(folder.absolute()), keep=keep))
        until = None if self.trial_seconds is None else time.monotonic() + self.trial_seconds
        during = "starting the trial"
        for event in _events(self._child, until):
            if isinstance(event, Ending):
                self._child = None
                return begun.record(
                    "failed", failure_of(event, during=during, limit_seconds=self.trial_seconds)
                )
            if event.record is not None:
                self._busy = False
                return event.record
            during = event.phase or during
            _pass_on(event, self.bench.watcher)
        raise AssertionError("a child's events end with a record or with its ending")


def _events(child: Child, until: float | None) -> Iterator[Event | Ending]:
    while True:
        yield child.next(until)


def _pass_on(event: Event, watcher: Watcher) -> None:
    if event.phase is not None:
        watcher.phase(event.phase)
    if event.training is not None:
        told = event.training
        watcher.training(told.step, told.steps, told.loss, told.samples_per_second)
    if event.validated is not None:
        watcher.validated(event.validated.step, event.validated.metric, event.validated.value)


def _setup(bench: Bench) -> Setup:
    return Setup(
        device=str(bench.device),
        cache=str(bench.cache.root.absolute()),
        keep=bench.keep,
        threads=torch.get_num_threads(),
        inference_seconds=bench.inference_seconds,
    )


def _import_seconds(ready: Ready) -> Measurement:
    return Measurement(name="import_seconds", unit="s", value=ready.import_seconds)


def _leaves_nothing_behind(record: Record) -> bool:
    """Whether the child may be trusted with another trial.

    After an error that is none of ours, memory or the device may be in any state.
    """
    if record.failure is None:
        return True
    kind = getattr(errors, record.failure.kind, None)
    return isinstance(kind, type) and issubclass(kind, errors.MmbenchError)
