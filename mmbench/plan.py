"""A suite → its trials. What cannot be run is refused here, with a reason, nothing loaded."""

from dataclasses import dataclass

from mmbench.cards import ModelCard, Recipe, Suite, TaskCard
from mmbench.catalog import Catalog
from mmbench.errors import CardError, PlanError
from mmbench.kinds import kind
from mmbench.records import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A cell of the matrix that cannot be run; `trial` stands for all its seeds."""

    trial: Trial
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    suite: Suite
    trials: tuple[Trial, ...]
    refused: tuple[Refusal, ...]


def plan(suite: Suite, catalog: Catalog) -> Plan:
    """Every cell × seed of the suite, or the reason why not; PlanError if nothing is left.

    Trials of one model and task come together, so that features and data are computed once.
    """
    trials: dict[tuple[str, str, str, int], Trial] = {}
    refused: dict[tuple[str, str, str], Refusal] = {}
    for block in suite.blocks:
        recipes = [catalog.recipe(name) for name in block.recipes]
        for model in map(catalog.model, block.models):
            for task in map(catalog.task, block.tasks):
                for recipe in recipes:
                    for seed in suite.seeds:
                        trial = Trial(
                            model=model, task=task, recipe=recipe, seed=seed, limit=suite.limit
                        )
                        reason = mismatch(model, task, recipe)
                        if reason is None:
                            trials.setdefault((*trial.cell, seed), trial)
                        else:
                            refused.setdefault(trial.cell, Refusal(trial=trial, reason=reason))
    if not trials:
        reasons = "\n".join(f"  {r.trial.name}: {r.reason}" for r in refused.values())
        raise PlanError(f"nothing can be run: every cell was refused\n{reasons}")
    return Plan(suite=suite, trials=tuple(trials.values()), refused=tuple(refused.values()))


def mismatch(model: ModelCard, task: TaskCard, recipe: Recipe) -> str | None:
    """Why this model cannot do this task in this way, or None.

    CardError if the task card itself is wrong (unknown kind, a metric that its kind lacks).
    """
    wanted = kind(task.kind)
    for name in task.metrics:
        if name not in wanted.metrics:
            raise CardError(
                f"task {task.name}: metric {name!r} does not belong to kind {task.kind!r}; "
                f"it has {', '.join(wanted.metrics)}"
            )
    missing = [modality for modality in task.inputs if modality not in model.modalities]
    if missing:
        return (
            f"the task's input is {' + '.join(missing)}; "
            f"{model.name} reads {' + '.join(model.modalities)}"
        )
    if recipe.strategy == "zero_shot":
        if wanted.zero_shot_needs is None or wanted.zero_shot_needs not in model.gives:
            return f"zero-shot needs a joint space of inputs and labels; {model.name} has none"
    if recipe.strategy not in wanted.strategies:
        return f"kind {task.kind!r} has no strategy {recipe.strategy!r}"
    if wanted.needs not in model.gives:
        return f"kind {task.kind!r} needs {wanted.needs} features; {model.name} gives none"
    return None
