"""Every learning rate of a recipe, from the same start, and the best of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from mmbench.data.prepared import Prepared
from mmbench.errors import Diverged
from mmbench.records import GridPoint
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Learner
from mmbench.train.loop import Fit, TrainingRows, fit
from mmbench.train.objectives import Objective, SplitRows
from mmbench.train.stopping import goodness, load_state, trained_state

AfterRate = Callable[[Objective, Learner, float], None]
"""Told of the learner with the best weights of each learning rate, for as long as it has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergedFit:
    """A learning rate whose loss was not finite."""

    learning_rate: float
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every learning rate that was tried, in the order of the recipe, and the best of them."""

    fits: tuple[Fit, ...]
    diverged: tuple[DivergedFit, ...]
    chosen: Fit


def train_grid(
    learner: Learner,
    objective: Objective,
    inputs: Mapping[str, Prepared],
    after_rate: AfterRate | None = None,
) -> Grid:
    """Every learning rate from the same start; the learner ends with the best one's weights.

    A rate that diverges is told and left out; Diverged if every one of them does.
    """
    setting, splits = objective.setting, objective.data.splits
    recipe = setting.recipe
    rows = TrainingRows(
        prepared=inputs["train"],
        targets=objective.targets(splits["train"]),
        by_length=objective.kind.decomposable,
    )
    held_out = SplitRows(
        name="validation", examples=splits["validation"], rows=inputs["validation"]
    )

    def validate() -> Validation:
        return objective.validation(learner, held_out)

    start = trained_state(learner)
    fits: list[Fit] = []
    diverged: list[DivergedFit] = []
    best: tuple[Fit, dict[str, torch.Tensor]] | None = None
    for rate in recipe.learning_rates:
        setting.watcher.phase(f"learning rate {rate:g}")
        load_state(learner, start)
        began = time.perf_counter()
        try:
            found = fit(
                learner,
                rows,
                recipe,
                learning_rate=rate,
                seed=setting.seed,
                device=setting.device,
                validate=validate,
                watcher=setting.watcher,
                scored=setting.scored,
            )
        except Diverged as error:
            if rate == recipe.learning_rates[-1] and not fits:
                raise  # none is left to choose from
            seconds = time.perf_counter() - began
            diverged.append(DivergedFit(learning_rate=rate, seconds=seconds, reason=str(error)))
            continue
        fits.append(found)
        if after_rate is not None:
            after_rate(objective, learner, rate)
        if best is None or goodness(found.best) > goodness(best[0].best):
            best = (found, trained_state(learner))
    assert best is not None, "the last rate raises if all have diverged"
    load_state(learner, best[1])
    return Grid(fits=tuple(fits), diverged=tuple(diverged), chosen=best[0])


def grid_points(grid: Grid, primary: str) -> tuple[GridPoint, ...]:
    """Every learning rate, those that diverged last."""
    ended = [
        GridPoint(
            learning_rate=fit.learning_rate,
            validation=fit.best.validation[primary],
            best_step=fit.best.step,
            steps=fit.steps,
            seconds=fit.seconds,
            stopped_early=fit.stopped_early,
            chosen=fit is grid.chosen,
        )
        for fit in grid.fits
    ]
    diverged = [
        GridPoint(
            learning_rate=fit.learning_rate,
            validation=None,
            diverged=fit.reason,
            best_step=0,
            steps=0,
            seconds=fit.seconds,
            stopped_early=False,
            chosen=False,
        )
        for fit in grid.diverged
    ]
    return (*ended, *diverged)
