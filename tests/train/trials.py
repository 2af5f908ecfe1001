"""One trial on the CPU with a cache of its own, which must not fail."""

from pathlib import Path

import torch

from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.data.cache import Cache
from mmbench.records import Record, Trial
from mmbench.trial import resolve, run_trial
from mmbench.workbench import Bench, Keep


def run(
    model: ModelCard, task: TaskCard, recipe: Recipe, folder: Path, keep: Keep = "none"
) -> Record:
    folder.mkdir(exist_ok=True)
    trial = resolve(Trial(model=model, task=task, recipe=recipe, seed=0))
    bench = Bench(device=torch.device("cpu"), cache=Cache(folder / "cache"), keep=keep)
    record = run_trial(trial, folder, bench)
    assert record.failure is None, record.failure.traceback
    return record
