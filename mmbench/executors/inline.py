"""Runs trials in this process, one after the other."""

import contextlib
import gc
from pathlib import Path

import torch

from mmbench.records import Record, Trial
from mmbench.trial import run_trial
from mmbench.workbench import Bench, Keep


class Inline:
    """A segfault of the interpreter ends the sweep; everything else becomes a record."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def run(self, trial: Trial, folder: Path, *, keep: Keep | None = None) -> Record:
        record = run_trial(trial, folder, self.bench, keep=keep)
        gc.collect()  # the model of this trial must be gone before the next one is loaded
        if self.bench.device.type == "cuda":
            # after a fatal error of the device this fails too; the record must reach the disk
            with contextlib.suppress(RuntimeError):
                torch.cuda.empty_cache()
        return record

    def close(self) -> None:
        """Nothing was started."""
