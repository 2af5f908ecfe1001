"""Small trials of unruly adapters, and what is left of their processes."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch

from mmbench.cards import ModelCard, RandomModel, Recipe, TaskCard, TextRules
from mmbench.data.cache import Cache
from mmbench.records import Trial
from mmbench.trial import resolve
from mmbench.workbench import Bench

RECIPE = Recipe(name="quick", strategy="probe", learning_rates=(1e-2,), epochs=1, evaluations=1)


def model_of(adapter: str, **config: object) -> ModelCard:
    return ModelCard(
        name=adapter.split(":")[-1].lower(),
        family="test",
        languages=("en",),
        modalities=("text",),
        adapter=adapter if ":" in adapter else f"tests.executors.unruly:{adapter}",
        library="transformers",
        source=RandomModel(via="random", config=config),
        gives=("pooled",),
        text=TextRules(max_tokens=32, pooling="mean"),
    )


TrialOf = Callable[..., Trial]


@pytest.fixture
def trial_of(colours: TaskCard) -> TrialOf:
    """`trial_of("Segfaults", seed=1, told=…)`: a quick probe of an adapter of `unruly`."""

    def make(adapter: str, *, seed: int = 0, **config: object) -> Trial:
        model = model_of(adapter, **{name: str(value) for name, value in config.items()})
        return resolve(Trial(model=model, task=colours, recipe=RECIPE, seed=seed))

    return make


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    cache = Cache(tmp_path / "cache")
    return Bench(device=torch.device("cpu"), cache=cache, inference_seconds=0.05)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where adapters write the numbers of their processes."""
    return tmp_path / "told"


def numbers(told: Path) -> list[int]:
    """Of the processes, in the order in which they were told."""
    return [int(line) for line in told.read_text().split()] if told.exists() else []


def alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    """Whether it has happened by then."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def with_seed(trial: Trial, seed: int) -> Trial:
    return replace(trial, seed=seed)
