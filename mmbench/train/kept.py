"""A fine-tuned model on disk, and back.

model/
    config.json, model.safetensors, tokenizer…   the backbone; its own library loads the folder
    head.safetensors                             the task head
    mmbench.json                                 what they are: card, task, labels, head
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors.torch import load_file, save_file

from mmbench.atomic import write_atomically
from mmbench.cards import FolderModel, ModelCard, Recipe, TaskCard
from mmbench.codec import dump_json, load_json
from mmbench.data.examples import TaskData
from mmbench.errors import StoreError
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.train.learner import Headed

HEAD = "head.safetensors"
ABOUT = "mmbench.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a kept model is. labels: the classes in the order of the logits."""

    format: int
    model: ModelCard
    task: TaskCard
    recipe: Recipe
    labels: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    about: About
    model: Headed

    @property
    def adapter(self) -> Adapter:
        assert isinstance(self.model.backbone, Adapter), "a kept model has its backbone"
        return self.model.backbone

    def label_names(self) -> Mapping[str | int, Mapping[str, str]]:
        """Label value → its names by language, as far as the task card gives them."""
        return {label.value: label.names for label in self.about.task.target.labels or ()}


def save_kept(
    adapter: Adapter,
    head: ClassifyHead,
    data: TaskData,
    recipe: Recipe,
    task: TaskCard,
    folder: Path,
) -> None:
    """Write backbone and head; `mmbench.json` comes last, so a folder that has it is whole."""
    folder.mkdir(parents=True)
    adapter.save(folder)
    save_file(
        {name: value.contiguous() for name, value in head.state_dict().items()}, folder / HEAD
    )
    about = About(format=FORMAT, model=adapter.card, task=task, recipe=recipe, labels=data.labels)
    write_atomically(folder / ABOUT, dump_json(about))


def load_kept(folder: Path) -> Kept:
    """Read what `save_kept` wrote, in eval mode on the CPU; StoreError if it is not all there."""
    try:
        about = load_json(About, (folder / ABOUT).read_bytes())
    except OSError:
        raise StoreError(
            f"{folder}: no fine-tuned model here; run the trial with --keep best"
        ) from None
    card = replace(about.model, source=FolderModel(via="folder", path=str(folder)))
    adapter = load(card)
    head = ClassifyHead(
        adapter.width,
        len(about.labels),
        layers=about.recipe.head,
        hidden=about.recipe.head_width,
        dropout=about.recipe.dropout,
        standardise=about.recipe.strategy != "full",
    )
    head.load_state_dict(load_file(folder / HEAD))
    model = Headed(adapter, head, label_smoothing=0.0)
    return Kept(about=about, model=model.eval())
