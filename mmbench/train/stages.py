"""What comes before the fine-tuning itself: a model to go on from, pre-training, a probe."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from mmbench.cards import Recipe
from mmbench.data.examples import LabelSets
from mmbench.data.prepared import Prepared
from mmbench.models.base import Adapter
from mmbench.records import StageFacts
from mmbench.train.grid import grid_points, train_grid
from mmbench.train.learner import Learner
from mmbench.train.objectives import Objective, objective_of
from mmbench.train.pretraining import weights_now
from mmbench.train.setting import Setting

TAKEN = "the head is taken over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The head of a kept model that training goes on from. labels: what it answers with; folder:
    where it lies."""

    folder: Path
    labels: LabelSets
    head: Mapping[str, Tensor]


def take_head(learner: Learner, objective: Objective, start: Start) -> StageFacts:
    """Give the learner the head of the model it starts from, if both answer with the same labels
    in the same form; else the fresh head stays. The note says which."""
    own = learner.kept_weights()
    same_form = {n: v.shape for n, v in own.items()} == {n: v.shape for n, v in start.head.items()}
    if start.labels != objective.labels:
        note = "its labels differ from this task's: the head is fresh"
    elif not same_form:
        note = "its head has another form than this recipe's: the head is fresh"
    else:
        if own:  # a model that writes has none beside its own
            learner.head.load_state_dict(dict(start.head))
        note = TAKEN
    return StageFacts(name="start", note=note)


def probe_first(
    learner: Learner, objective: Objective, prepared: Mapping[str, Prepared]
) -> StageFacts:
    """Train the head alone on the frozen features, with a grid of its own, and give it to the
    learner, whose backbone is as it was."""
    setting = objective.setting
    setting.watcher.phase("probe first")
    began = time.perf_counter()
    probe = objective_of(
        objective.adapter, objective.data, replace(setting, recipe=as_probe(setting.recipe))
    )
    extracted = {
        split: probe.features(rows)
        for split, rows in prepared.items()
        if split in ("train", "validation")
    }
    first = probe.learner(prepared["train"], extracted["train"])
    grid = train_grid(first, probe, {split: found.rows for split, found in extracted.items()})
    learner.head.load_state_dict(first.head.state_dict())
    return StageFacts(
        name="probe",
        seconds=time.perf_counter() - began,
        steps=grid.chosen.steps,
        samples=len(prepared["train"]),
        trainable_parameters=sum(p.numel() for p in first.parameters() if p.requires_grad),
        curve=tuple(point for fit in grid.fits for point in fit.curve),
        grid=grid_points(grid, setting.task.primary),
    )


def as_probe(recipe: Recipe) -> Recipe:
    """The probe that comes first, as a recipe of its own: its head is the recipe's."""
    stage = recipe.probe_first
    assert stage is not None, "asked for by a recipe that has the stage"
    return replace(
        recipe,
        strategy="probe",
        learning_rates=stage.learning_rates,
        epochs=stage.epochs,
        batch_size=stage.batch_size,
        evaluations=stage.evaluations,
        patience=stage.patience,
        micro_batch=None,
        blocks=None,
        lora_rank=None,
        lora_alpha=None,
        lora_dropout=0.0,
        backbone_rate_factor=1.0,
        layer_decay=1.0,
        probe_first=None,
        pretraining=None,
    )


def changed_weights(adapter: Adapter, setting: Setting) -> Setting:
    """The setting after the adapter's weights have changed: its features are cached apart."""
    now = weights_now(adapter)
    return replace(setting, identities={name: f"{name} {now}" for name in setting.identities})
