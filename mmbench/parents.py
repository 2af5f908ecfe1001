"""Trials that start from another trial's model: their parents, which are planned and run first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.catalog import Catalog
from mmbench.digests import set_fields
from mmbench.errors import PlanError, StoreError
from mmbench.records import MODEL_BEHAVIOUR, Record, Trial

Place = tuple[str, str, str, int, int | None]
"""Where a trial stands in a plan: its cell, its seed and its limit."""

SEARCH_SEED = 0
"""Of every search: its setting is for all seeds of the cell."""

Mismatch = Callable[[ModelCard, TaskCard, Recipe], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """trials: with their parents, each before its children. parents: of a trial's place that of its
    parent. orphans: trials whose parents cannot be run, with the reason."""

    trials: tuple[Trial, ...]
    parents: Mapping[Place, Place]
    orphans: tuple[tuple[Trial, str], ...]


def place_of(trial: Trial) -> Place:
    return (*trial.cell, trial.seed, trial.limit)


def with_parents(trials: Iterable[Trial], catalog: Catalog, mismatch: Mismatch) -> Family:
    """The trials and all that they start from. PlanError for recipes that start from each other."""
    ordered: dict[Place, Trial] = {}
    parents: dict[Place, Place] = {}
    orphans = []
    given = {place_of(trial): trial for trial in trials}
    for trial in given.values():
        line = [trial, *_ancestors(trial, catalog)]
        reason = next(filter(None, (_why_not(parent, mismatch) for parent in line[1:])), None)
        if reason is not None:
            orphans.append((trial, reason))
            continue
        for child, parent in pairwise(line):
            parents[place_of(child)] = place_of(parent)
        for each in reversed(line):
            ordered.setdefault(place_of(each), given.get(place_of(each), each))
    return Family(trials=tuple(ordered.values()), parents=parents, orphans=tuple(orphans))


def _ancestors(trial: Trial, catalog: Catalog) -> Iterator[Trial]:
    """The parent, its parent, and so on."""
    seen = {place_of(trial)}
    if trial.recipe.tune is not None:
        yield search_of(trial)
    while trial.recipe.start_from is not None:
        start = trial.recipe.start_from
        task = trial.task if start.task is None else catalog.task(start.task)
        trial = replace(trial, task=task, recipe=catalog.recipe(start.recipe))
        if place_of(trial) in seen:
            raise PlanError(f"recipe {trial.recipe.name} starts from itself, by way of start_from")
        seen.add(place_of(trial))
        yield trial
        if trial.recipe.tune is not None:
            yield search_of(trial)


def search_of(trial: Trial) -> Trial:
    """The search whose setting the trial, and those of all its cell's seeds, is trained with."""
    recipe = replace(trial.recipe, name=f"{trial.recipe.name}-search")
    return replace(trial, recipe=recipe, seed=SEARCH_SEED, search=True)


def _why_not(parent: Trial, mismatch: Mismatch) -> str | None:
    reason = mismatch(parent.model, parent.task, parent.recipe)
    if reason is None and parent.recipe.strategy == "zero_shot":
        reason = "nothing is trained under strategy zero_shot"
    where = f"{parent.task.name} with {parent.recipe.name}"
    return None if reason is None else f"it starts from {where}, which cannot be run: {reason}"


def going_on(trial: Trial, record: Record, folder: Path) -> Trial:
    """The trial, starting from the record's kept model, which lies in `folder`.

    PlanError where it cannot; StoreError where the model was not kept.
    """
    if "model" not in record.artefacts:
        raise StoreError(
            f"{folder}: the fine-tuned model was not kept; run the trial with --keep best"
        )
    reason = _another_model(trial.model, record.trial.model)
    if trial.recipe.strategy == "zero_shot":
        reason = "nothing is trained under strategy zero_shot"
    if trial.recipe.start_from is not None:
        reason = f"recipe {trial.recipe.name} says itself where it starts (start_from)"
    if trial.recipe.tune is not None:
        reason = "its search would begin at other weights; take a recipe without tune"
    if reason is not None:
        raise PlanError(f"{' × '.join(trial.cell)} cannot go on from {record.trial.name}: {reason}")
    return replace(trial, parents=(record.key,), start=str((folder / "model").absolute()))


def _another_model(wanted: ModelCard, kept: ModelCard) -> str | None:
    own, theirs = set_fields(wanted), set_fields(kept)
    if wanted.name != kept.name:
        return f"that is a model of {kept.name}"
    differing = [name for name in (*MODEL_BEHAVIOUR, "audio") if own.get(name) != theirs.get(name)]
    return f"its card has another {differing[0]} by now" if differing else None
