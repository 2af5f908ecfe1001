"""What a model says of samples: scores of a kept model, predictions, features."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmbench.cards import Modality, ModelCard, Side, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache, default_cache_root
from mmbench.data.examples import Examples, TaskData
from mmbench.data.joint import SIDES
from mmbench.data.prepared import Inputs
from mmbench.data.tasks import examples_from, load_task
from mmbench.errors import StoreError, TrialError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One sample's answer. `names`: the label's name by language, where the task card has it."""

    id: str
    label: str | int
    names: Mapping[str, str]
    probabilities: Mapping[str | int, float]


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
    if data.labels != kept.about.labels:
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
    texts: Sequence[str] | None = None,
    images: Sequence[Path | str | bytes] | None = None,
    device: str = "auto",
) -> list[Prediction]:
    """Label and probabilities of new samples by a kept model, in the order given.

    texts: N strings. images: N image files, or their encoded content. The model's task decides
    which it takes (TrialError otherwise). A retrieval model takes both, as many of each as there
    are: for every image the best of the texts is the label.
    """
    kept = _kept(record)
    place = choose_device(device)
    if isinstance(kept.learner, Contrastive):
        return _best_texts(kept, texts, images, place)
    examples = examples_from(_inputs(texts, images, tuple(kept.about.task.inputs)))
    logits = _answers(kept, kept.learner.predict, examples, place)
    return _predictions(examples.ids, kept.about.labels, logits, kept.label_names())


def embed(
    model: str | ModelCard | Stored,
    *,
    texts: Sequence[str] | None = None,
    images: Sequence[Path | str | bytes] | None = None,
    device: str = "auto",
) -> NDArray[np.float32]:
    """Pooled features [N, D] float32 of a model, or of a kept model's backbone.

    Of a model for images and texts, those of the one input that is given.
    """
    if isinstance(model, Stored):
        adapter = _kept(model).adapter
    else:
        adapter = load_model(Catalog.standard().model(model) if isinstance(model, str) else model)
    given: tuple[Modality, ...] = ("image",) if texts is None else ("text",)
    one_of = isinstance(adapter, PairedAdapter) and (texts is None) != (images is None)
    inputs = _inputs(texts, images, given if one_of else adapter.card.modalities)
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


def _answers(
    kept: Kept, answer: Callable[[Inputs], Tensor], examples: Examples, device: torch.device
) -> NDArray[np.float64]:
    return run_over(
        kept.learner.to(device),
        answer,
        kept.adapter.prepare(examples, Cache(default_cache_root())),
        device=device,
        precision=kept.about.recipe.precision,
        batch_size=kept.about.recipe.batch_size,
    ).astype(np.float64)


def _best_texts(
    kept: Kept,
    texts: Sequence[str] | None,
    images: Sequence[Path | str | bytes] | None,
    device: torch.device,
) -> list[Prediction]:
    """For every image the texts as labels: softmax of scale × cosine."""
    learner = kept.learner
    assert isinstance(learner, Contrastive), "asked for by predict alone"
    given = _inputs(texts, images, ("image", "text"))
    sides: dict[Side, Examples] = {side: examples_from({side: given[side]}) for side in SIDES}
    embedded = {
        side: _answers(kept, partial(learner.encode, side), examples, device)
        for side, examples in sides.items()
    }
    rows = {side: e / np.linalg.norm(e, axis=1, keepdims=True) for side, e in embedded.items()}
    logits = float(learner.log_scale.detach().exp()) * rows["image"] @ rows["text"].T
    labels = tuple(cast("Sequence[str]", given["text"]))
    return _predictions(sides["image"].ids, labels, logits, {})


def _predictions(
    ids: Sequence[str],
    labels: Sequence[str | int],
    logits: NDArray[np.float64],
    names: Mapping[str | int, Mapping[str, str]],
) -> list[Prediction]:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    shares = powers / powers.sum(1, keepdims=True)
    return [
        Prediction(
            id=identity,
            label=labels[int(row.argmax())],
            names=names.get(labels[int(row.argmax())], {}),
            probabilities={label: float(p) for label, p in zip(labels, row, strict=True)},
        )
        for identity, row in zip(ids, shares, strict=True)
    ]


def _kept(record: Stored | Path | str) -> Kept:
    stored = record if isinstance(record, Stored) else load_stored(Path(record))
    if "model" not in stored.record.artefacts:
        raise StoreError(
            f"{stored.folder}: the fine-tuned model was not kept; run the trial with --keep best"
        )
    return load_kept(stored.folder / "model")


def _inputs(
    texts: Sequence[str] | None,
    images: Sequence[Path | str | bytes] | None,
    wanted: tuple[Modality, ...],
) -> Mapping[Modality, Sequence[str] | Sequence[Path | bytes]]:
    given: dict[Modality, Sequence[str] | Sequence[Path | bytes]] = {}
    if texts is not None:
        given["text"] = list(texts)
    if images is not None:
        given["image"] = [i if isinstance(i, bytes) else Path(i) for i in images]
    if set(given) != set(wanted):
        raise TrialError(
            f"the model takes {' + '.join(wanted)}; it was given {' + '.join(given) or 'nothing'}"
        )
    if not all(map(len, given.values())):
        raise TrialError("there is nothing to predict on: the list is empty")
    return given
