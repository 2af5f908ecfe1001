"""Small tasks of the newer kinds, and models that have learnt them by heart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from numpy.typing import NDArray

from mmbench.cards import FileData, ModelCard, Recipe, Slot, SplitRule, Target, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.examples import TaskData
from mmbench.data.tasks import load_task
from mmbench.meters.environment import fingerprint
from mmbench.progress import Silent
from mmbench.records import Score
from mmbench.store import Stored
from mmbench.train.kept import load_kept
from mmbench.train.objectives import Objective, Outputs, objective_of
from mmbench.train.setting import Setting
from tests.train.trials import run

BY_HEART = Recipe(
    name="by-heart",
    strategy="full",
    learning_rates=(3e-3,),
    epochs=80,
    batch_size=8,
    dropout=0.0,
    weight_decay=0.0,
    warmup=0.0,
    schedule="cosine",
    evaluations=2,
)
TRAINING_ROWS = 16
SPLITS = {name: SplitRule(where={"fold": (name,)}) for name in ("train", "validation", "test")}


def task(
    folder: Path,
    kind: str,
    *,
    inputs: Mapping[Slot, str],
    rows: Sequence[Mapping[str, Any]],
    metrics: tuple[str, ...],
) -> TaskCard:
    """rows: the first 16 are to train on, the next 8 to validate, the others to test; `target`."""
    folds = ["train"] * TRAINING_ROWS + ["validation"] * 8 + ["test"] * (len(rows) - 24)
    table = [{**row, "fold": fold} for row, fold in zip(rows, folds, strict=True)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table), folder / "rows.parquet")
    return TaskCard(
        name=f"small-{kind.replace('_', '-')}",
        version=1,
        kind=kind,
        languages=("en",),
        inputs=inputs,
        target=Target(column="target"),
        source=FileData(via="files", files={"all": str(folder / "rows.parquet")}),
        splits=SPLITS,
        metrics=metrics,
    )


def trained(model: ModelCard, card: TaskCard, folder: Path, recipe: Recipe = BY_HEART) -> Stored:
    """A trial that kept its model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mmbench.workbench.INFERENCE_SECONDS", 0.05)
        patch.setattr("mmbench.meters.peak.CALIBRATION_SIZE", {"cpu": 16})
        patch.setattr("mmbench.meters.peak.CALIBRATION_BYTES", {"cpu": 1024})
        return Stored(folder=folder, record=run(model, card, recipe, folder, keep="best"))


def score(stored: Stored, stage: Any, split: str, metric: str) -> Score:
    found = stored.record.score(stage, split, metric)
    assert found is not None, f"no {metric} {stage} on {split}"
    return found


def value(stored: Stored, stage: Any, split: str, metric: str) -> float:
    found = score(stored, stage, split, metric).value
    assert found is not None
    return found


def predictions(stored: Stored, split: str = "test") -> dict[str, list[Any]]:
    """The columns of predictions.parquet."""
    table = pyarrow.parquet.read_table(stored.folder / "predictions.parquet").to_pylist()
    rows = [row for row in table if row["split"] == split]
    return {name: [row[name] for row in rows] for name in rows[0]}


def outputs_of(stored: Stored, cache: Path, *, batch_size: int, split: str = "test") -> Outputs:
    """What the kept model answers to the split in batches of that size."""
    kept = load_kept(stored.folder / "model")
    recipe = replace(kept.about.recipe, batch_size=batch_size)
    data = load_task(kept.about.task)
    objective = objective_with(kept.adapter, data, kept.about.task, recipe, cache)
    rows = kept.adapter.prepare(data.splits[split], Cache(cache))
    return objective.outputs(kept.learner, rows)


def objective_with(
    adapter: Any, data: TaskData, card: TaskCard, recipe: Recipe, cache: Path
) -> Objective:
    device = torch.device("cpu")
    setting = Setting(
        task=card,
        recipe=recipe,
        seed=0,
        identities={"whole": "w"},
        fingerprint=fingerprint(device, "fp32"),
        device=device,
        cache=Cache(cache),
        watcher=Silent(),
        inference_seconds=0.0,
    )
    return objective_of(adapter, data, setting)


def is_the_same_in_batches_of_any_size(stored: Stored, cache: Path) -> None:
    """Neither the rows beside a row nor its padding may change what is answered to it."""
    alone, together = (outputs_of(stored, cache, batch_size=size) for size in (1, 7))
    assert alone.keys() == together.keys()
    for name, found in alone.items():
        np.testing.assert_allclose(found, together[name], atol=1e-4, rtol=1e-4)


def letters(rng: np.random.Generator, most: int) -> str:
    """Words of one letter, one to `most` of them."""
    drawn: NDArray[Any] = rng.choice(list("abcdefghij"), size=int(rng.integers(1, most + 1)))
    return " ".join(drawn)
