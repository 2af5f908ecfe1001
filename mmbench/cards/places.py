"""Where files are read when not where a card says: on the other hub, or in a folder of one's own.

The card that comes out says so itself, and so does every record that holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from mmbench.cards.model import ModelCard
from mmbench.cards.sources import (
    FolderModel,
    FusionModel,
    HubData,
    HubModel,
    ModelScopeData,
    ModelScopeModel,
    PackageModel,
    PairModel,
    RandomModel,
)
from mmbench.cards.task import TaskCard
from mmbench.errors import CardError

Hub = Literal["hf", "modelscope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """hub: which one is asked for what lies on both. folders: model → its folder on this machine.

    A card that knows of no copy on ModelScope is read where it says.
    """

    hub: Hub = "hf"
    folders: Mapping[str, str] = field(default_factory=dict)

    def of_model(self, card: ModelCard) -> ModelCard:
        """The card of the same model as it is to be read; CardError if it has no files of its own
        that a folder could stand for."""
        source = card.source
        if card.name in self.folders:
            return replace(card, source=_folder(card, self.folders[card.name]))
        if self.hub == "hf":
            return card
        if isinstance(source, HubModel):
            return replace(card, source=_model_copy(source))
        if isinstance(source, RandomModel) and isinstance(source.tokenizer, HubModel):
            return replace(card, source=replace(source, tokenizer=_model_copy(source.tokenizer)))
        return card

    def of_task(self, card: TaskCard) -> TaskCard:
        source = card.source
        if self.hub == "hf" or not isinstance(source, HubData) or source.modelscope is None:
            return card
        copy = source.modelscope
        found = ModelScopeData(
            via="modelscope",
            repo=copy.repo,
            subset=source.subset,
            revision=copy.revision,
            official=copy.official,
            unfold=source.unfold,
            glue=source.glue,
            files=source.files,
            copy_of=source.repo,
        )
        return replace(card, source=found)


def source_name(card: ModelCard | TaskCard) -> str:
    """What a card names as its source, in one word: a repository, a package, or the kind of it."""
    source = card.source
    if isinstance(source, HubModel | HubData | ModelScopeModel | ModelScopeData):
        return source.repo
    return source.distribution if isinstance(source, PackageModel) else source.via


def _folder(card: ModelCard, path: str) -> FolderModel:
    source = card.source
    if isinstance(source, PairModel | FusionModel):
        raise CardError(
            f"--model-path {card.name}: it is made of {source.image} and {source.text}; give their "
            "folders"
        )
    if isinstance(source, RandomModel):
        raise CardError(f"--model-path {card.name}: it starts at random and reads no weights")
    return FolderModel(via="folder", path=path, copy_of=source_name(card))


def _model_copy(source: HubModel) -> HubModel | ModelScopeModel:
    copy = source.modelscope
    if copy is None:
        return source
    return ModelScopeModel(
        via="modelscope",
        repo=copy.repo,
        revision=copy.revision,
        official=copy.official,
        files=source.files,
        copy_of=source.repo,
        config=source.config,
    )
