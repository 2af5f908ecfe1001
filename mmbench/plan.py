"""A suite → its trials. What cannot be run is refused here, with a reason, nothing loaded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from mmbench.cards import (
    FusionModel,
    Gives,
    Modality,
    ModelCard,
    Recipe,
    Suite,
    TaskCard,
    modality_of,
    prompt_language,
)
from mmbench.catalog import Catalog
from mmbench.digests import set_fields
from mmbench.errors import CardError, PlanError
from mmbench.kinds import TWO_CLASSES, Kind, kind
from mmbench.parents import Place, going_on, with_parents
from mmbench.records import Record, Trial
from mmbench.ways import not_this_way

SHOWN = 5  # refusals that an error message spells out
LABELLED = ("class", "labels", "tags")  # forms of a target whose labels a card may list

Cell = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A cell of the matrix that cannot be run; `trial` stands for all its seeds."""

    trial: Trial
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """trials: each behind the one it starts from, whose place `parents` gives by its own."""

    suite: Suite
    trials: tuple[Trial, ...]
    refused: tuple[Refusal, ...]
    parents: Mapping[Place, Place] = field(default_factory=dict)


def plan(suite: Suite, catalog: Catalog) -> Plan:
    """Every cell × seed of the suite, or the reason why not; PlanError if nothing is left.

    Trials of one model come together, and of these the ones of one task, so that weights are
    loaded and features computed once. A trial that starts from another's model comes behind it.
    """
    if not suite.blocks:
        raise PlanError(
            f"{suite.name} is a suite of mmbench bench: it times models and has no tasks. "
            f"Run: mmbench bench {suite.name}"
        )
    trials: dict[str, dict[str, dict[tuple[str, int], Trial]]] = {}  # each in its own order
    refused: dict[Cell, Refusal] = {}
    for model, task, recipe, limit in _cells(suite, catalog):
        reason = mismatch(model, task, recipe)
        for seed in suite.seeds:
            trial = Trial(model=model, task=task, recipe=recipe, seed=seed, limit=limit)
            if reason is not None:
                refused.setdefault(trial.cell, Refusal(trial=trial, reason=reason))
            else:
                tasks = trials.setdefault(model.name, {})
                tasks.setdefault(task.name, {})[recipe.name, seed] = trial
    family = with_parents(
        (trial for tasks in trials.values() for task in tasks.values() for trial in task.values()),
        catalog,
        mismatch,
    )
    for trial, reason in family.orphans:
        refused.setdefault(trial.cell, Refusal(trial=trial, reason=reason))
    if not family.trials:
        raise PlanError(_all_refused(list(refused.values())))
    return Plan(
        suite=suite,
        trials=family.trials,
        refused=tuple(refused.values()),
        parents=family.parents,
    )


def continued(planned: Plan, record: Record, folder: Path) -> Plan:
    """The plan's trials, each starting from the record's kept model in `folder`.

    PlanError where one of them cannot; StoreError where the model was not kept.
    """
    trials = tuple(going_on(trial, record, folder) for trial in planned.trials)
    return replace(planned, trials=trials)


def _cells(
    suite: Suite, catalog: Catalog
) -> Iterator[tuple[ModelCard, TaskCard, Recipe, int | None]]:
    """Every cell of every block with its limit; PlanError if two different cards go by one name,
    or one cell stands in two blocks with different limits."""
    known: dict[tuple[type, str], ModelCard | TaskCard | Recipe] = {}
    limits: dict[Cell, int | None] = {}
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
        limit = min(filter(None, (block.limit, suite.limit)), default=None)
        for model, task, recipe in product(models, tasks, recipes):
            cell = (model.name, task.name, recipe.name)
            if limits.setdefault(cell, limit) != limit:
                raise PlanError(
                    f"suite {suite.name}: {' × '.join(cell)} stands in two blocks with different "
                    "limits; leave it in one"
                )
            yield model, task, recipe, limit


def _all_refused(refused: list[Refusal]) -> str:
    shown = [f"  {' × '.join(r.trial.cell)}: {r.reason}" for r in refused[:SHOWN]]
    rest = len(refused) - len(shown)
    more = [f"  and {rest} more"] if rest else []
    return "\n".join(["nothing can be run: every cell was refused", *shown, *more])


def mismatch(model: ModelCard, task: TaskCard, recipe: Recipe) -> str | None:
    """Why this model cannot do this task in this way, or None.

    CardError if the task card itself is wrong (unknown kind, a metric that its kind lacks).
    """
    wanted = checked_kind(task)
    read = list(dict.fromkeys(modality_of(slot) for slot in task.inputs))
    missing = [modality for modality in read if modality not in model.modalities]
    if missing:
        return (
            f"the task's input is {' + '.join(read)}; "
            f"{model.name} reads {' + '.join(model.modalities)}"
        )
    if "text_pair" in task.inputs and model.modalities != ("text",):
        return f"{model.name} reads one text at a time; a pair of texts needs a model of text alone"
    reason = not_this_way(model, task, recipe, wanted)
    if reason is not None:
        return reason
    tuned = () if recipe.tune is None else recipe.tune.space
    meaningless = [name for name in (*set_fields(recipe), *tuned) if name in wanted.ignores]
    if meaningless:
        return f"recipe {recipe.name} sets {meaningless[0]}, which kind {task.kind!r} does not use"
    if recipe.strategy == "zero_shot" or recipe.head == "zero_shot":
        return _no_zero_shot(model, task, recipe, wanted)
    needed = _needed(wanted, read)
    if not set(needed) & set(model.gives):
        return f"kind {task.kind!r} needs {' or '.join(needed)} features; {model.name} gives none"
    if _reads_tokens(model) and (recipe.strategy == "probe" or recipe.probe_first is not None):
        return (
            f"{model.name} fuses by cross-attention, which reads every token; a probe keeps one "
            "vector a side. Use strategy: head"
        )
    if "paired" in needed and "joint" not in model.gives and recipe.projection_width is None:
        return f"{model.name} has no common space; recipe {recipe.name} must set projection_width"
    return None


def checked_kind(task: TaskCard) -> Kind:
    """The task's kind; CardError where the card's inputs, target or metrics are not of it."""
    wanted = kind(task.kind)
    if wanted.inputs is not None and set(task.inputs) != set(wanted.inputs):
        raise CardError(
            f"task {task.name}: kind {task.kind!r} has the inputs {' and '.join(wanted.inputs)}"
        )
    _check_target(task, wanted)
    for name in task.metrics:
        if name not in wanted.metrics:
            raise CardError(
                f"task {task.name}: metric {name!r} does not belong to kind {task.kind!r}; "
                f"it has {', '.join(wanted.metrics)}"
            )
        labels = task.target.labels
        if name in TWO_CLASSES and labels is not None and len(labels) != 2:
            raise CardError(
                f"task {task.name}: metric {name!r} is of two classes; there are {len(labels)}"
            )
    return wanted


def _check_target(task: TaskCard, wanted: Kind) -> None:
    """CardError where the card's target is not of the kind's form."""
    where = f"task {task.name}: kind {task.kind!r}"
    target = task.target
    if bool(target.parts) != (wanted.target == "classes"):
        raise CardError(
            f"{where} has {'several targets: set' if not target.parts else 'one target, not'} "
            "target.parts"
        )
    if target.labels is not None and wanted.target not in LABELLED:
        said = "target.column says which images and texts belong together"
        raise CardError(f"{where} has no labels" + (f"; {said}" if wanted.target == "key" else ""))
    if target.separator is not None and wanted.target != "labels":
        raise CardError(f"{where} does not use target.separator; remove it")
    if target.normalise and wanted.target != "text":
        raise CardError(f"{where} does not use target.normalise; remove it")


def _needed(wanted: Kind, read: Sequence[Modality]) -> tuple[Gives, ...]:
    """One vector of several inputs together is another thing than one of any of them."""
    if len(read) < 2:
        return wanted.needs
    return tuple("fused" if given == "pooled" else given for given in wanted.needs)


def _reads_tokens(model: ModelCard) -> bool:
    return isinstance(model.source, FusionModel) and model.source.by == "cross_attention"


def _no_zero_shot(model: ModelCard, task: TaskCard, recipe: Recipe, wanted: Kind) -> str | None:
    """Why the model cannot answer before training, or start from such answers."""
    if wanted.target == "text":
        return _says_nothing(model, recipe)
    if "zero_shot" not in wanted.strategies:
        return f"kind {wanted.name!r} does not start from class names: remove head: zero_shot"
    if "joint" not in model.gives:
        return f"zero-shot needs one space for images and texts; {model.name} has none"
    if wanted.target == "key":
        return None if recipe.head != "zero_shot" else "head: zero_shot is for classes alone"
    if not task.prompts:
        return f"zero-shot needs prompts; task {task.name} has none"
    if prompt_language(model, task, recipe) is None:
        return (
            f"no prompts in a language of {model.name}: it reads "
            f"{', '.join(model.languages) or 'none'}, {task.name} has {', '.join(task.prompts)}; "
            "set prompts in the recipe"
        )
    return None


def _says_nothing(model: ModelCard, recipe: Recipe) -> str | None:
    """Why the model writes no answers before training."""
    if recipe.head == "zero_shot":
        return "head: zero_shot is for classes alone"
    if "generates" not in model.gives:
        return f"zero-shot needs a model that answers in words; {model.name} does not"
    if model.start == "scratch":
        return f"{model.name} starts at random: it says nothing before training"
    return None
