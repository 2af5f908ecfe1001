"""The sources of a plan's models and tasks, each once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mmbench.cards import ModelCard, RandomModel, TaskCard
from mmbench.cards.sources import (
    BundledData,
    DataSource,
    FileData,
    FolderModel,
    HubData,
    HubModel,
    ModelScopeData,
    ModelScopeModel,
    PackageModel,
)
from mmbench.plan import Plan

StoredModel = HubModel | ModelScopeModel | FolderModel | PackageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNeed:
    """The files of a model, or the tokenizer that a random start borrows."""

    kind: Literal["model", "tokenizer"]
    card: ModelCard
    source: StoredModel

    @property
    def name(self) -> str:
        return self.card.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNeed:
    kind: Literal["task"]
    card: TaskCard
    source: DataSource

    @property
    def name(self) -> str:
        return self.card.name


Need = ModelNeed | TaskNeed


def needs_of(planned: Plan) -> tuple[Need, ...]:
    """Models before tasks, in the plan's order; of cards that share a source, the first."""
    models = [trial.model for trial in planned.trials]
    found: list[Need] = []
    for model in models:
        found += [need for each in (model, *model.parts.values()) for need in _of_model(each)]
    found += [
        TaskNeed(kind="task", card=trial.task, source=trial.task.source) for trial in planned.trials
    ]
    once: list[Need] = []
    for need in found:
        if all(need.source != known.source for known in once):
            once.append(need)
    return tuple(once)


def is_remote(need: Need) -> bool:
    """Whether it comes from a hub; the rest is on this machine, or an installed package."""
    return need.source.via in ("hub", "modelscope")


def place_of(need: Need) -> str:
    """Where it comes from, in few words."""
    source = need.source
    if isinstance(source, HubModel | HubData | ModelScopeModel | ModelScopeData):
        hub = "Hugging Face" if isinstance(source, HubModel | HubData) else "ModelScope"
        revision = source.revision or "unpinned"
        return f"{hub}: {source.repo} at {revision[:12]}"
    if isinstance(source, FolderModel):
        return source.path
    if isinstance(source, FileData):
        return "files of yours"
    if isinstance(source, BundledData):
        return "ships with mmbench"
    return f"package {source.distribution} {source.version}"


def _of_model(card: ModelCard) -> Iterator[Need]:
    source = card.source
    if isinstance(source, StoredModel):
        yield ModelNeed(kind="model", card=card, source=source)
    if isinstance(source, RandomModel) and isinstance(source.tokenizer, StoredModel):
        yield ModelNeed(kind="tokenizer", card=card, source=source.tokenizer)
