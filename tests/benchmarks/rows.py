"""Real models on the rows of real tasks, as the benchmarks take them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch

from mmbench.cards import Recipe
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples, TaskData
from mmbench.data.tasks import load_task
from mmbench.meters import environment
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.progress import Silent
from mmbench.train.objectives import Objective, objective_of
from mmbench.train.setting import Setting

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model with its vocabulary, and the splits of a task."""

    adapter: Adapter
    data: TaskData
    task: str

    @property
    def train(self) -> Examples:
        return self.data.splits["train"]


def loaded(model: str, task: str, *, limit: int) -> Loaded:
    """Every split has at most `limit` rows."""
    catalog = Catalog.standard()
    data = load_task(catalog.task(task), limit=limit)
    adapter = load(catalog.model(model))
    adapter.learn_vocabulary(data.splits["train"])
    return Loaded(adapter=adapter, data=data, task=task)


def objective(found: Loaded, recipe: Recipe, folder: Path) -> Objective:
    """What the model is in training on the CPU; `folder` holds its cache."""
    setting = Setting(
        task=Catalog.standard().task(found.task),
        recipe=recipe,
        seed=0,
        identities={"whole": "benchmark", "image": "benchmark", "text": "benchmark"},
        fingerprint=environment.fingerprint(CPU, recipe.precision),
        device=CPU,
        cache=Cache(folder),
        watcher=Silent(),
        inference_seconds=1.0,
    )
    return objective_of(found.adapter, found.data, setting)


def empty_caches(folder: Path) -> Iterator[Cache]:
    """One after the other, so that every round does the work."""
    return (Cache(folder / str(number)) for number in count())
