"""A fine-tuned model on disk, and back.

model/
    config.json, model.safetensors, tokenizer…   the backbone; its own library loads the folder
    head.safetensors                             the task head
    mmbench.json                                 what they are: card, task, labels, head
rates/0.0003/…                                   the same of each other learning rate (--keep all)
"""

import copy
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetensors.torch import load_file, save_file

from mmbench.atomic import write_atomically
from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.codec import dump_json, load_json
from mmbench.data.examples import LabelSets
from mmbench.errors import StoreError
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.models.sources import relocated
from mmbench.train.finetune import Finetuned
from mmbench.train.grid import AfterRate
from mmbench.train.learner import Learner
from mmbench.train.lora import merge_lora
from mmbench.train.objectives import Objective, objective_class
from mmbench.train.stages import Start

HEAD = "head.safetensors"
ABOUT = "mmbench.json"
MODEL, RATES = "model", "rates"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a kept model is. labels: the classes in the order of the logits; parts: those of each
    target, where there are several."""

    format: int
    model: ModelCard
    task: TaskCard
    recipe: Recipe
    labels: tuple[str | int, ...]
    parts: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    about: About
    adapter: Adapter
    learner: Learner


def save_kept(finetuned: Finetuned, folder: Path) -> None:
    """Write backbone and head; `mmbench.json` comes last, so a folder that has it is whole."""
    objective = finetuned.objective
    _save(objective, objective.adapter, finetuned.learner, folder)


def rate_keeper(folder: Path) -> AfterRate:
    """What writes the best model of each learning rate under `folder`, as it is trained."""

    def keep(objective: Objective, learner: Learner, rate: float) -> None:
        adapter = objective.adapter
        if objective.setting.recipe.strategy == "lora":
            adapter = copy.deepcopy(adapter)  # the next rate goes on with the additions apart
            merge_lora(adapter)
        _save(objective, adapter, learner, rate_folder(folder, rate))

    return keep


def rate_folder(folder: Path, rate: float) -> Path:
    return folder / RATES / f"{rate:g}"


def drop_chosen(finetuned: Finetuned, folder: Path) -> None:
    """The best rate's model is the model: it need not lie there twice."""
    if finetuned.grid is not None:
        shutil.rmtree(rate_folder(folder, finetuned.grid.chosen.learning_rate), ignore_errors=True)


def _save(objective: Objective, adapter: Adapter, learner: Learner, folder: Path) -> None:
    folder.mkdir(parents=True)
    adapter.save(folder)
    head = learner.kept_weights()
    save_file({name: value.contiguous() for name, value in head.items()}, folder / HEAD)
    about = About(
        format=FORMAT,
        model=objective.adapter.card,
        task=objective.setting.task,
        recipe=objective.setting.recipe,
        labels=objective.labels.labels,
        parts=objective.labels.parts,
    )
    write_atomically(folder / ABOUT, dump_json(about))


def read_start(folder: Path) -> Start:
    """The head of a kept model, for training to go on from; StoreError if it is not all there."""
    about = _about(folder)
    labels = LabelSets(labels=about.labels, parts=about.parts)
    return Start(folder=folder, labels=labels, head=load_file(folder / HEAD))


def load_kept(folder: Path) -> Kept:
    """Read what `save_kept` wrote, in eval mode on the CPU; StoreError if it is not all there."""
    about = _about(folder)
    adapter = load(relocated(about.model, folder))
    adapter.for_task(about.task, about.recipe)
    learner = objective_class(about.task.kind, about.model).empty_learner(
        adapter, about.task, about.recipe, LabelSets(labels=about.labels, parts=about.parts)
    )
    learner.head.load_state_dict(load_file(folder / HEAD))
    return Kept(about=about, adapter=adapter, learner=learner.eval())


def _about(folder: Path) -> About:
    try:
        about = load_json(About, (folder / ABOUT).read_bytes())
    except OSError:
        raise StoreError(
            f"{folder}: no fine-tuned model here; run the trial with --keep best"
        ) from None
    if about.format != FORMAT:
        raise StoreError(
            f"{folder}: format {about.format} of a kept model; this mmbench reads {FORMAT}. "
            "Run the trial again with --keep best."
        )
    return about
