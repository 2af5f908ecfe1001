"""One trial after another, as the parent's lines ask for them."""

import time
from pathlib import Path
from typing import IO

import torch

from mmbench.codec import load_json
from mmbench.data.cache import Cache
from mmbench.executors.inline import Inline
from mmbench.executors.messages import (
    Assignment,
    Event,
    Ready,
    Setup,
    Training,
    Validated,
    line_of,
)
from mmbench.records import Record, Trial
from mmbench.workbench import Bench


def serve(lines: IO[bytes], told: IO[bytes], began: float) -> None:
    """Run the trials of `lines` and write events to `told`, until the lines end."""
    first = lines.readline()
    if not first:
        return  # the parent has changed its mind
    telling = Telling(told)
    executor = Inline(bench_of(load_json(Setup, first), telling))
    telling.tell(Event(ready=Ready(import_seconds=time.monotonic() - began)))
    for line in lines:
        wanted = load_json(Assignment, line)
        record = executor.run(wanted.trial, Path(wanted.folder), keep=wanted.keep)
        telling.tell(Event(record=record))


def bench_of(setup: Setup, telling: "Telling") -> Bench:
    """The parent's bench, in this process."""
    if torch.get_num_threads() != setup.threads:
        torch.set_num_threads(setup.threads)
    return Bench(
        device=torch.device(setup.device),
        cache=Cache(Path(setup.cache)),
        keep=setup.keep,
        watcher=telling,
        inference_seconds=setup.inference_seconds,
    )


class Telling:
    """A watcher that tells the parent. When a trial begins and ends, the parent knows itself."""

    def __init__(self, told: IO[bytes]) -> None:
        self.told = told

    def tell(self, event: Event) -> None:
        self.told.write(line_of(event))
        self.told.flush()

    def started(self, trial: Trial, number: int, total: int) -> None:
        return

    def phase(self, what: str) -> None:
        self.tell(Event(phase=what))

    def training(self, step: int, steps: int, loss: float, samples_per_second: float) -> None:
        rate = float(samples_per_second)
        found = Training(step=step, steps=steps, loss=float(loss), samples_per_second=rate)
        self.tell(Event(training=found))

    def validated(self, step: int, metric: str, value: float) -> None:
        self.tell(Event(validated=Validated(step=step, metric=metric, value=float(value))))

    def ended(self, record: Record) -> None:
        return
