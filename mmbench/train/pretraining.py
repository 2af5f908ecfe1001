"""Continued pre-training on the inputs of the training split, before any label is looked at."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.cards import Pretraining, Recipe
from mmbench.data.batches import RowTargets, to_device, training_batches
from mmbench.data.joint import JointRows
from mmbench.data.prepared import Prepared
from mmbench.errors import TrialError
from mmbench.heads.contrast import ContrastHead
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.records import StageFacts
from mmbench.train.contrastive import Contrastive
from mmbench.train.device import autocast, seed_everything, seed_for
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Learner
from mmbench.train.loop import TrainingRows, fit
from mmbench.train.masked import MaskedRows, masked_language, masking_of
from mmbench.train.setting import Setting


def pretrain(adapter: Adapter, train: Prepared, held_out: Prepared, setting: Setting) -> StageFacts:
    """Train every weight of the adapter, in place, on the rows' inputs; its head is thrown away.

    The weights are those of the epoch with the lowest loss on `held_out`. Diverged names the step
    at which a loss was not finite.
    """
    wanted = setting.recipe.pretraining
    assert wanted is not None, "asked for by a recipe that has the stage"
    setting.watcher.phase("pre-training")
    began = time.perf_counter()
    seed_everything(setting.seed, "pretraining head")
    if wanted.objective == "mlm":
        learner, rows, loss, note = _masked(adapter, train, held_out, wanted, setting)
    else:
        learner, rows, loss, note = _contrastive(adapter, train, held_out, wanted, setting)
    learner.requires_grad_(True).to(setting.device)
    before = loss()
    found = fit(
        learner,
        rows,
        as_recipe(wanted, setting.recipe),
        learning_rate=wanted.learning_rate,
        seed=seed_for(setting.seed, "pretraining"),
        device=setting.device,
        validate=lambda: Validation(scores={}, loss=loss()),
        watcher=setting.watcher,
    )
    return StageFacts(
        name="pretraining",
        seconds=time.perf_counter() - began,
        steps=found.steps,
        samples=len(rows.prepared),
        trainable_parameters=sum(p.numel() for p in learner.parameters()),
        loss_before=before,
        loss_after=found.best.validation_loss,
        curve=found.curve,
        note=note,
    )


def as_recipe(wanted: Pretraining, recipe: Recipe) -> Recipe:
    """The stage in the words of the loop: every weight, one rate, a look after each epoch."""
    return Recipe(
        name="pretraining",
        strategy="full",
        learning_rates=(wanted.learning_rate,),
        epochs=wanted.epochs,
        batch_size=wanted.batch_size,
        micro_batch=wanted.micro_batch,
        warmup=wanted.warmup,
        weight_decay=wanted.weight_decay,
        evaluations=wanted.epochs,
        precision=recipe.precision,
    )


def weights_now(adapter: Adapter) -> str:
    """sha256 of all weights and buffers: what features of a changed backbone depend on."""
    found = hashlib.sha256()
    for name, value in sorted(adapter.state_dict().items()):
        found.update(f"{name} {tuple(value.shape)}\n".encode())
        found.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return found.hexdigest()


Stage = tuple[Learner, TrainingRows, Callable[[], float], str | None]
"""The learner, the rows it trains on, its mean loss on the rows held out, and a note."""


def _masked(
    adapter: Adapter, train: Prepared, held_out: Prepared, wanted: Pretraining, setting: Setting
) -> Stage:
    assert wanted.mask_share is not None, "the recipe is checked to have it with mlm"
    tokenizer = cast(Any, adapter).tokenizer
    masking = masking_of(tokenizer, wanted.mask_share, adapter.card.name)
    learner, note = masked_language(adapter)
    rows = MaskedRows(train, masking, seed_for(setting.seed, "masks"))

    def loss() -> float:  # the same tokens are hidden each time
        hidden = MaskedRows(held_out, masking, seed_for(setting.seed, "held-out masks"))
        return mean_loss(learner, hidden, None, wanted.batch_size, setting)

    return learner, TrainingRows(prepared=rows, targets=None), loss, note


def _contrastive(
    adapter: Adapter, train: Prepared, held_out: Prepared, wanted: Pretraining, setting: Setting
) -> Stage:
    assert isinstance(adapter, PairedAdapter), "plan refuses other models"
    assert isinstance(train, JointRows), "plan refuses tasks without pairs"
    assert isinstance(held_out, JointRows), "plan refuses tasks without pairs"
    head = ContrastHead(adapter.widths, None, start=None)
    learner = Contrastive(adapter, head, similarity=adapter.similarity)

    def loss() -> float:
        found = mean_loss(learner, held_out, pair_keys(held_out), wanted.batch_size, setting)
        learner.take_in_batch()
        return found

    rows = TrainingRows(prepared=train, targets=pair_keys(train), by_length=False)
    return learner, rows, loss, None


def pair_keys(rows: JointRows) -> NDArray[np.int64]:
    """[N]: equal for rows that share an image or a text, directly or by way of others; no labels
    are looked at. Such rows are no negatives of each other."""
    parent = list(range(len(rows)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for index in (rows.image_index, rows.text_index):
        first: dict[int, int] = {}
        for row, place in enumerate(index.tolist()):
            one, other = root(row), root(first.setdefault(place, row))
            parent[max(one, other)] = min(one, other)
    return np.array([root(row) for row in range(len(rows))])


@torch.inference_mode()
def mean_loss(
    learner: Learner, rows: Prepared, targets: RowTargets, batch_size: int, setting: Setting
) -> float:
    """Over all rows in eval mode, in batches of the size of training, drawn once and for all."""
    learner.eval()
    total, count = 0.0, 0
    for (batch,) in training_batches(
        rows, targets, batch_size=batch_size, micro_batch=None, seed=0, epoch=0, by_length=False
    ):
        moved = to_device(batch, setting.device)
        with autocast(setting.device, setting.recipe.precision):
            total += float(learner.loss(moved))
        count += learner.count(batch)
    if not np.isfinite(total):
        raise TrialError("the loss of pre-training is not finite on the validation inputs")
    return total / count
