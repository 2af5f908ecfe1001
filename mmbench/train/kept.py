"""A fine-tuned model on disk, and back.

model/
    config.json, model.safetensors, tokenizer…   the backbone; its own library loads the folder
    head.safetensors                             the task head
    mmbench.json                                 what they are: card, task, labels, head
"""

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
from mmbench.train.learner import Learner
from mmbench.train.objectives import OBJECTIVES

HEAD = "head.safetensors"
ABOUT = "mmbench.json"
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
    folder.mkdir(parents=True)
    objective.adapter.save(folder)
    head = finetuned.learner.head.state_dict()
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


def load_kept(folder: Path) -> Kept:
    """Read what `save_kept` wrote, in eval mode on the CPU; StoreError if it is not all there."""
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
    adapter = load(relocated(about.model, folder))
    learner = OBJECTIVES[about.task.kind].empty_learner(
        adapter, about.task, about.recipe, LabelSets(labels=about.labels, parts=about.parts)
    )
    learner.head.load_state_dict(load_file(folder / HEAD))
    return Kept(about=about, adapter=adapter, learner=learner.eval())
