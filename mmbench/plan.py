"""A suite → its trials. What cannot be run is refused here, with a reason, nothing loaded."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from mmbench.cards import ModelCard, Recipe, Suite, TaskCard
from mmbench.catalog import Catalog
from mmbench.errors import CardError, PlanError
from mmbench.kinds import kind
from mmbench.records import Trial

SHOWN = 5  # refusals that an error message spells out

Cell = tuple[str, str, str]


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
    trials: dict[tuple[str, str], dict[tuple[str, int], Trial]] = {}  # by pair, in its order
    refused: dict[Cell, Refusal] = {}
    for model, task, recipe in _cells(suite, catalog):
        reason = mismatch(model, task, recipe)
        for seed in suite.seeds:
            trial = Trial(model=model, task=task, recipe=recipe, seed=seed, limit=suite.limit)
            if reason is not None:
                refused.setdefault(trial.cell, Refusal(trial=trial, reason=reason))
            else:
                trials.setdefault(trial.cell[:2], {})[recipe.name, seed] = trial
    if not trials:
        raise PlanError(_all_refused(list(refused.values())))
    return Plan(
        suite=suite,
        trials=tuple(trial for pair in trials.values() for trial in pair.values()),
        refused=tuple(refused.values()),
    )


def _cells(suite: Suite, catalog: Catalog) -> Iterator[tuple[ModelCard, TaskCard, Recipe]]:
    """Every cell of every block; PlanError if two different cards go by one name."""
    known: dict[tuple[type, str], ModelCard | TaskCard | Recipe] = {}
    for block in suite.blocks:
        recipes = [catalog.recipe(name) for name in block.recipes]
        models = [catalog.model(name) for name in block.models]
        tasks = [catalog.task(name) for name in block.tasks]
        cards: list[ModelCard | TaskCard | Recipe] = [*recipes, *models, *tasks]
        for card in cards:
            if known.setdefault((type(card), card.name), card) != card:
                raise PlanError(
                    f"suite {suite.name}: two different cards are called {card.name!r}; rename one"
                )
        yield from product(models, tasks, recipes)


def _all_refused(refused: list[Refusal]) -> str:
    shown = [f"  {' × '.join(r.trial.cell)}: {r.reason}" for r in refused[:SHOWN]]
    rest = len(refused) - len(shown)
    more = [f"  and {rest} more"] if rest else []
    return "\n".join(["nothing can be run: every cell was refused", *shown, *more])


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
    if recipe.strategy not in wanted.strategies:
        return f"kind {task.kind!r} has no strategy {recipe.strategy!r}"
    if recipe.strategy == "zero_shot" and wanted.zero_shot_needs not in model.gives:
        return f"zero-shot needs a joint space of inputs and labels; {model.name} has none"
    if wanted.needs not in model.gives:
        return f"kind {task.kind!r} needs {wanted.needs} features; {model.name} gives none"
    return None
