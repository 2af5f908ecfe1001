"""One fine-tuning of a text encoder: ours, and under Trainer.

Both tokenise the three splits, train, validate once after the last step, and predict test; the
weights are loaded before. The seed is the round.
"""

import copy
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np

from benchmarks.peers import work
from benchmarks.peers.warm import Outcome, Work
from mmbench.cards import PackageModel, Recipe, TaskCard
from mmbench.data.examples import TaskData
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.models.sources import locate
from mmbench.train.finetune import finetune


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The same for both sides, but for the padding, which Trainer is told and ours decides."""

    model: str
    task: str
    rows: int
    epochs: int
    batch_size: int
    learning_rate: float
    max_tokens: int
    precision: Literal["fp32", "bf16"]
    padding: Literal["max_length", "longest"] = "longest"
    grouped: bool = True

    @property
    def recipe(self) -> Recipe:
        """`full-quick` with one validation, at the end."""
        return Recipe(
            name="peers",
            strategy="full",
            learning_rates=(self.learning_rate,),
            epochs=self.epochs,
            batch_size=self.batch_size,
            precision=self.precision,
            evaluations=1,
        )


def ours(settings: Settings) -> Work:
    """Ours, from an empty cache each time."""
    adapter = load(work.text_model(settings.model, settings.max_tokens), seed=0)
    task, data = work.task_rows(settings.task, settings.rows)

    def run(round_: int) -> Outcome:
        return _fit(copy.deepcopy(adapter), task, data, settings.recipe, seed=round_)

    _fit(copy.deepcopy(adapter), task, work.few(data), settings.recipe, seed=0)
    return run


def _fit(adapter: Adapter, task: TaskCard, data: TaskData, recipe: Recipe, *, seed: int) -> Outcome:
    with work.empty_cache() as cache:
        setting = work.setting(task, recipe, seed, cache)
        began = time.perf_counter()
        finetuned = finetune(adapter, data, setting)
        outputs = finetuned.objective.outputs(finetuned.learner, finetuned.inputs["test"])
        seconds = time.perf_counter() - began
    assert finetuned.grid is not None, "a recipe that trains has a grid"
    return Outcome(
        seconds=seconds,
        values={
            "accuracy": work.accuracy(outputs["logits"], data),
            "train_seconds": finetuned.grid.chosen.seconds,
        },
    )


def trainer(settings: Settings) -> Work:
    """Trainer with the settings' padding and grouping."""
    from transformers import AutoTokenizer

    from benchmarks.peers import trainer as script

    card = work.text_model(settings.model, settings.max_tokens)
    assert isinstance(card.source, PackageModel), "Trainer is given the package's folder"
    folder = locate(card.source)
    _, data = work.task_rows(settings.task, settings.rows)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    plan = script.Plan(
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        max_tokens=settings.max_tokens,
        padding=settings.padding,
        grouped=settings.grouped,
        bf16=settings.precision == "bf16",
    )

    def fit(rows: TaskData, seed: int) -> Outcome:
        model = script.built(folder, classes=len(data.labels), scratch=False, seed=seed)
        with tempfile.TemporaryDirectory() as out:
            done = script.train_and_test(
                model, tokenizer, as_pairs(rows), plan, seed=seed, out=Path(out)
            )
        return Outcome(
            seconds=done.seconds,
            values={"accuracy": done.accuracy, "train_seconds": done.train_seconds},
        )

    fit(work.few(data), 0)
    return lambda round_: fit(data, round_)


def as_pairs(data: TaskData) -> dict[str, list[tuple[str, int]]]:
    """By split, text and class index of every row."""
    found = {}
    for name, split in data.splits.items():
        assert isinstance(split.targets, np.ndarray), "a task of classes has targets"
        texts = cast("list[str]", split.inputs["text"])
        found[name] = list(zip(texts, split.targets.tolist(), strict=True))
    return found
