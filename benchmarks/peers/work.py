"""What both sides of a comparison are given: cards, rows, settings."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.data.examples import TaskData
from mmbench.data.tasks import load_task
from mmbench.meters.environment import fingerprint
from mmbench.progress import Silent
from mmbench.train.device import true_float32
from mmbench.train.setting import Setting

CPU = torch.device("cpu")
SPLITS = ("train", "validation", "test")
WARM_UP_ROWS = 32


def text_model(name: str, max_tokens: int) -> ModelCard:
    """A registered text model that cuts its texts after so many tokens."""
    card = Catalog.standard().model(name)
    assert card.text is not None, f"{name} is no model of texts"
    return replace(card, text=replace(card.text, max_tokens=max_tokens))


def task_rows(name: str, rows: int) -> tuple[TaskCard, TaskData]:
    """train, validation and test of a registered task, at most `rows` of each."""
    card = Catalog.standard().task(name)
    data = load_task(card, limit=rows)
    return card, replace(data, splits={split: data.splits[split] for split in SPLITS})


def few(data: TaskData) -> TaskData:
    """The first rows of every split, to warm up on."""
    return replace(
        data,
        splits={
            name: split.take(range(min(WARM_UP_ROWS, len(split))))
            for name, split in data.splits.items()
        },
    )


def setting(task: TaskCard, recipe: Recipe, seed: int, cache: Cache) -> Setting:
    true_float32()
    return Setting(
        task=task,
        recipe=recipe,
        seed=seed,
        identities={"whole": "peers"},
        fingerprint=fingerprint(CPU, recipe.precision),
        device=CPU,
        cache=cache,
        watcher=Silent(),
        inference_seconds=0.0,
    )


@contextmanager
def empty_cache() -> Iterator[Cache]:
    with tempfile.TemporaryDirectory() as folder:
        yield Cache(Path(folder))


def lasting_folder() -> Path:
    """An empty folder that is removed when the process ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def accuracy(logits: np.typing.NDArray[np.float32], data: TaskData) -> float:
    """Of logits [N, C] on the test split."""
    targets = data.splits["test"].targets
    assert targets is not None, "a task of classes has targets"
    return float((logits.argmax(1) == targets).mean())
