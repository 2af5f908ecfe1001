"""What a model says of samples: scores of a kept model, predictions, features."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.answers import Answer, Ranked, ranked
from mmbench.cards import ModelCard, Places, Slot, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache, default_cache_root
from mmbench.data.examples import TaskData
from mmbench.data.joint import SIDES
from mmbench.data.tasks import examples_from, load_task
from mmbench.errors import StoreError, TrialError
from mmbench.kinds import kind
from mmbench.meters.environment import fingerprint
from mmbench.models.base import PairedAdapter
from mmbench.models.loading import load as load_model
from mmbench.progress import Silent
from mmbench.records import Score
from mmbench.store import Stored
from mmbench.store import load as load_stored
from mmbench.train.contrastive import Contrastive
from mmbench.train.device import choose_device
from mmbench.train.evaluate import run_over
from mmbench.train.kept import Kept, load_kept
from mmbench.train.objectives import Objective, SplitRows, objective_of
from mmbench.train.setting import Setting

BATCH = 32


Media = Sequence[Path | str | bytes]


def evaluate(
    record: Stored | Path | str,
    *,
    task: str | TaskCard | None = None,
    limit: int | None = None,
    device: str = "auto",
) -> tuple[Score, ...]:
    """Scores of a kept model on every split but train, of its own task or of another with the
    same labels (new data). StoreError if the model was not kept."""
    kept = _kept(record)
    card = (
        kept.about.task
        if task is None
        else Catalog.standard().task(task)
        if isinstance(task, str)
        else task
    )
    data = load_task(card, limit=limit)
    if kind(card.kind).target == "text":  # a head that spells brings its characters along
        data = replace(data, labels=kept.about.labels)
    if (data.labels, data.parts) != (kept.about.labels, kept.about.parts):
        raise TrialError(
            f"{card.name} has the labels {list(data.labels)}; the model was trained on "
            f"{list(kept.about.labels)}"
        )
    objective = _objective(kept, data, card, choose_device(device))
    scores: list[Score] = []
    for name, examples in data.splits.items():
        if name == "train":
            continue
        rows = kept.adapter.prepare(examples, objective.setting.cache)
        found = objective.outputs(kept.learner, rows)
        scores += objective.scores(
            "after", SplitRows(name=name, examples=examples, rows=rows), found
        )
    return tuple(scores)


def predict(
    record: Stored | Path | str,
    *,
    texts: Sequence[str] | Sequence[Sequence[str]] | None = None,
    text_pairs: Sequence[str] | None = None,
    images: Media | None = None,
    sounds: Media | None = None,
    device: str = "auto",
) -> list[Answer]:
    """What a kept model says of new samples, in the order given; the form is the task's.

    texts, text_pairs: N strings (to be tagged, also N lists of words). images, sounds: N files, or
    their encoded content. The task decides which it takes (TrialError otherwise). A retrieval model
    takes images and texts, as many of each as there are: for every image it ranks all texts.
    """
    kept = _kept(record)
    place = choose_device(device)
    given: dict[Slot, Any] = {
        "text": texts,
        "text_pair": text_pairs,
        "image": images,
        "audio": sounds,
    }
    inputs = _inputs(given, tuple(kept.about.task.inputs))
    if isinstance(kept.learner, Contrastive):
        return [*_ranked(kept, inputs, place)]
    known = TaskData(splits={}, labels=kept.about.labels, parts=kept.about.parts, dropped={})
    objective = _objective(kept, known, kept.about.task, place)
    examples = objective.given(examples_from(inputs))
    rows = kept.adapter.prepare(examples, objective.setting.cache)
    return objective.answers(examples, objective.outputs(kept.learner, rows))


def embed(
    model: str | ModelCard | Stored,
    *,
    texts: Sequence[str] | None = None,
    images: Media | None = None,
    sounds: Media | None = None,
    device: str = "auto",
    places: Places | None = None,
) -> NDArray[np.float32]:
    """Pooled features [N, D] float32 of a model, or of a kept model's backbone.

    Of a model for images and texts, those of the one input that is given. places: the hub that is
    asked, or a folder of yours in place of the model's files; a kept model lies where it is.
    """
    where = places or Places()
    if isinstance(model, Stored):
        adapter = _kept(model).adapter
    elif isinstance(model, str):
        adapter = load_model(Catalog.standard(places=where).model(model))
    else:
        adapter = load_model(where.of_model(model))
    given: dict[Slot, Any] = {"text": texts, "image": images, "audio": sounds}
    alone = tuple(slot for slot, values in given.items() if values is not None)
    one_of = isinstance(adapter, PairedAdapter) and len(alone) == 1
    inputs = _inputs(given, alone if one_of else adapter.card.modalities)
    place = choose_device(device)
    rows = adapter.prepare(examples_from(inputs), Cache(default_cache_root()))
    adapter.to(place)
    return run_over(
        adapter,
        lambda batch: adapter(batch).pooled,
        rows,
        device=place,
        precision="fp32",
        batch_size=BATCH,
    )


# ------------------------------------------------------------------------------ helpers


def _objective(kept: Kept, data: TaskData, task: TaskCard, device: torch.device) -> Objective:
    recipe = kept.about.recipe
    setting = Setting(
        task=task,
        recipe=recipe,
        seed=0,
        identities={},
        fingerprint=fingerprint(device, recipe.precision),
        device=device,
        cache=Cache(default_cache_root()),
        watcher=Silent(),
        inference_seconds=0.0,
    )
    kept.learner.to(device)
    return objective_of(kept.adapter, data, setting)


def _ranked(kept: Kept, inputs: Mapping[Slot, Sequence[Any]], device: torch.device) -> list[Ranked]:
    learner = kept.learner
    assert isinstance(learner, Contrastive), "asked for by predict alone"
    sides = {side: examples_from({side: inputs[side]}) for side in SIDES}
    embedded = {
        side: run_over(
            learner.to(device),
            partial(learner.encode, side),
            kept.adapter.prepare(examples, Cache(default_cache_root())),
            device=device,
            precision=kept.about.recipe.precision,
            batch_size=kept.about.recipe.batch_size,
        )
        for side, examples in sides.items()
    }
    return ranked(sides["image"].ids, inputs["text"], embedded["image"], embedded["text"])


def _kept(record: Stored | Path | str) -> Kept:
    stored = record if isinstance(record, Stored) else load_stored(Path(record))
    if "model" not in stored.record.artefacts:
        raise StoreError(
            f"{stored.folder}: the fine-tuned model was not kept; run the trial with --keep best"
        )
    return load_kept(stored.folder / "model")


def _inputs(
    given: Mapping[Slot, Sequence[Any] | None], wanted: Sequence[Slot]
) -> Mapping[Slot, Sequence[Any]]:
    """What is given of each slot; TrialError unless it is what is wanted, and something."""
    found = {slot: list(values) for slot, values in given.items() if values is not None}
    if set(found) != set(wanted):
        raise TrialError(
            f"the model takes {' + '.join(wanted)}; it was given {' + '.join(found) or 'nothing'}"
        )
    if not all(map(len, found.values())):
        raise TrialError("there is nothing to predict on: the list is empty")
    return {slot: found[slot] for slot in wanted}
