"""A search for a recipe's setting: so many trials, on the validation split alone.

The first tries the recipe's own setting; the others are drawn by TPE (Bergstra et al. 2011). One
whose best validation so far lies below the median of those before it, at the same share of its
steps, is pruned. Seeds are fixed, so a search that was killed draws the same settings again: those
that it had ended are read from its journal, not trained.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mmbench.atomic import write_atomically
from mmbench.cards import Recipe, Span, Tuning
from mmbench.codec import dump_json, load_json
from mmbench.errors import Diverged, TrialError
from mmbench.meters.memory import free_memory
from mmbench.progress import Watcher
from mmbench.records import CurvePoint, Tried
from mmbench.train.device import seed_for
from mmbench.train.stopping import Scored, goodness

if TYPE_CHECKING:
    import optuna

JOURNAL = "search.json"
DRAWN_AT_RANDOM = 4  # settings before the sampler, and the pruner, go by what they have seen

Attempt = Callable[[Recipe, Scored], None]
"""Trains with this recipe from pristine weights, and tells every validation."""


class Pruned(Exception):
    """The setting is not worth training to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What a search has tried so far, and `of` which it is: its key, its machine, its library."""

    of: str
    tried: tuple[Tried, ...] = ()


def search(
    recipe: Recipe, attempt: Attempt, *, rows: int, seed: int, watcher: Watcher, journal: "Kept"
) -> tuple[Tried, ...]:
    """Every setting that was tried, one of them chosen: the best on validation.

    Of equals the first is chosen. `rows`: of the training split. Diverged if every setting did,
    TrialError if none finished.
    """
    tuning = recipe.tune
    assert tuning is not None, "a search belongs to a recipe with tune"
    study, spaces = _study(tuning, seed)
    study.enqueue_trial({name: recipe.default_of(name) for name in tuning.space})
    earlier = journal.read(tuning.trials)
    tried: list[Tried] = []
    for number in range(tuning.trials):
        drawn = study.ask(spaces)
        known = earlier[number] if number < len(earlier) else None
        if known is not None and dict(known.setting) == drawn.params:
            for place, point in enumerate(known.curve):
                drawn.report(_value(point), place)
        else:
            earlier = ()  # what comes after another setting is another search
            watcher.phase(f"tuning: setting {number + 1} of {tuning.trials}")
            known = _try(recipe, attempt, drawn, rows)
        _tell(study, drawn, known)
        tried.append(known)
        journal.write(tried)
    return _chosen(tried)


def _try(recipe: Recipe, attempt: Attempt, drawn: "optuna.Trial", rows: int) -> Tried:
    curve: list[CurvePoint] = []

    def scored(point: CurvePoint) -> None:
        curve.append(point)
        drawn.report(_value(point), len(curve) - 1)
        if drawn.should_prune():
            raise Pruned(f"below the median after {len(curve)} of {recipe.evaluations} validations")

    began = time.perf_counter()
    found = Tried(
        number=drawn.number,
        setting=dict(drawn.params),
        outcome="finished",
        validation=None,
        curve=(),
        samples=0,
        seconds=0.0,
    )
    try:
        attempt(recipe.with_setting(drawn.params), scored)
    except Pruned as reason:
        found = replace(found, outcome="pruned", reason=str(reason))
    except Diverged as reason:
        found = replace(found, outcome="diverged", reason=str(reason))
    except torch.OutOfMemoryError as reason:
        found = replace(found, outcome="out_of_memory", reason=str(reason).partition("\n")[0])
    if found.outcome == "out_of_memory":  # here the frames that held the tensors are gone
        free_memory()
    best = max(curve, key=goodness, default=None)
    return replace(
        found,
        validation=None if best is None else next(iter(best.validation.values()), None),
        curve=tuple(curve),
        samples=round(curve[-1].epoch * rows) if curve else 0,
        seconds=time.perf_counter() - began,
    )


def _chosen(tried: list[Tried]) -> tuple[Tried, ...]:
    finished = [each for each in tried if each.outcome == "finished"]
    if all(each.outcome == "diverged" for each in tried):
        raise Diverged(f"all {len(tried)} settings diverged; the first: {tried[0].reason}")
    if not finished:
        raise TrialError(
            f"none of {len(tried)} settings finished; the first: {tried[0].outcome}: "
            f"{tried[0].reason}"
        )
    best = max(finished, key=lambda each: max(goodness(point) for point in each.curve))
    return tuple(replace(each, chosen=each is best) for each in tried)


def _value(point: CurvePoint) -> float:
    """Greater is better: the primary metric, or, of a task without one, the loss."""
    first, second = goodness(point)
    return first if point.validation else second


# ------------------------------------------------------------------------------- optuna


def _study(
    tuning: Tuning, seed: int
) -> tuple["optuna.Study", dict[str, "optuna.distributions.BaseDistribution"]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # else it prints a line a setting
    sampler = optuna.samplers.TPESampler(
        seed=seed_for(seed, "search") % 2**32, n_startup_trials=DRAWN_AT_RANDOM
    )
    pruner = optuna.pruners.MedianPruner(n_startup_trials=DRAWN_AT_RANDOM)
    spaces: dict[str, optuna.distributions.BaseDistribution] = {}
    for name, values in sorted(tuning.space.items()):
        if isinstance(values, Span):
            spaces[name] = optuna.distributions.FloatDistribution(
                values.low, values.high, log=values.log
            )
        else:
            spaces[name] = optuna.distributions.CategoricalDistribution(values)
    return optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner), spaces


def _tell(study: "optuna.Study", drawn: "optuna.Trial", tried: Tried) -> None:
    """One that diverged, or that memory did not suffice for, counts as pruned before its first
    validation: the worst there is."""
    import optuna

    if tried.outcome == "finished":
        study.tell(drawn, max(_value(point) for point in tried.curve))
    else:
        study.tell(drawn, state=optuna.trial.TrialState.PRUNED)


# ------------------------------------------------------------------------------ journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A search's journal in a file; `of` as in `Journal`."""

    file: Path
    of: str

    def read(self, trials: int) -> tuple[Tried, ...]:
        """What a killed search had tried; nothing where it had ended, or was another one."""
        with suppress(OSError, ValueError):  # none there, or one of another form of records
            found = load_json(Journal, self.file.read_bytes())
            if found.of == self.of and len(found.tried) < trials:
                return found.tried
        return ()

    def write(self, tried: list[Tried]) -> None:
        write_atomically(self.file, dump_json(Journal(of=self.of, tried=tuple(tried))))
