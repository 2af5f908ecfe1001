"""The training loop.

One effective batch a step, in one or more micro-batches, whose gradient is that of the whole;
validation at even distances; the best weights come back at the end.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from mmbench.cards import Recipe
from mmbench.data.batches import (
    Batch,
    RowTargets,
    steps_per_epoch,
    to_device,
    training_batches,
)
from mmbench.data.prepared import Prepared
from mmbench.errors import Diverged
from mmbench.meters.clock import Account, StepClock, Window
from mmbench.meters.memory import memory_parts
from mmbench.progress import Watcher
from mmbench.records import CurvePoint, Measurement
from mmbench.train.device import autocast, seed_everything, seed_for
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Learner, Place
from mmbench.train.optim import make_optimizer, rate_factor, set_rate
from mmbench.train.stopping import BestKeeper, Scored
from mmbench.train.strategy import rate_factors, training_mode


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """prepared: N rows of model inputs. targets: one a row, None where they are among the inputs.
    by_length: rows of similar length may share a
    batch; not where the loss depends on which rows do."""

    prepared: Prepared
    targets: RowTargets
    by_length: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One run of the loop. `best` names the point of the curve whose weights were restored.

    `account` says where the `seconds` went, which are those of the whole. `memory`: what a step's
    memory is made of, of its widest micro-batch.
    """

    learning_rate: float
    curve: tuple[CurvePoint, ...]
    best: CurvePoint
    steps: int
    seconds: float
    stopped_early: bool
    windows: tuple[Window, ...]
    account: Account
    memory: tuple[Measurement, ...] = ()


def fit(
    learner: Learner,
    rows: TrainingRows,
    recipe: Recipe,
    *,
    learning_rate: float,
    seed: int,
    device: torch.device,
    validate: Callable[[], Validation],
    watcher: Watcher,
    scored: Scored | None = None,
) -> Fit:
    """Train `learner` in place and leave it with its best weights on validation, in eval mode.

    Best is the highest primary metric, and among equals the lowest validation loss. Diverged
    names the step at which a loss was not finite. `scored` is told of each validation, and ends
    the fit by raising.
    """
    assert recipe.epochs is not None, "a recipe that trains has epochs"
    per_epoch = steps_per_epoch(len(rows.prepared), recipe.batch_size)
    steps = per_epoch * recipe.epochs
    check_after = {round(steps * i / recipe.evaluations) for i in range(1, recipe.evaluations + 1)}
    losses: list[Tensor] = []
    step = 0
    widest: Batch | None = None
    with StepClock(device) as clock:
        seed_everything(seed, "training")
        optimizer = make_optimizer(
            learner.parameters(), recipe, learning_rate, rate_factors(learner, recipe)
        )
        keeper = BestKeeper(learner, recipe.patience)
        place = _place(device, recipe, clock)
        training_mode(learner, recipe)
        clock.resume()
        for micro_batches, waited in fetched(_all_steps(rows, recipe, seed)):
            factor = rate_factor(step, steps, schedule=recipe.schedule, warmup=recipe.warmup)
            began = time.perf_counter()
            losses.append(
                _update(learner, optimizer, micro_batches, place, recipe, learning_rate * factor)
            )
            computed = time.perf_counter() - began
            step += 1
            widest = _wider(widest, micro_batches)
            if count(clock, micro_batches, waited=waited, computed=computed):
                with clock.paused():  # the device is synchronised now, reading costs nothing
                    watcher.training(step, steps, mean_loss(losses, step), _rate(clock))
            if step not in check_after:
                continue
            clock.pause()
            validation = validate()
            keeper.see(
                CurvePoint(
                    learning_rate=learning_rate,
                    step=step,
                    epoch=step / per_epoch,
                    train_loss=mean_loss(losses, step),
                    validation_loss=validation.loss,
                    validation=validation.scores,
                    in_batch=learner.take_in_batch(),
                )
            )
            for primary, value in list(validation.scores.items())[:1]:
                watcher.validated(step, primary, value)
            if scored is not None:
                scored(keeper.curve[-1])
            losses.clear()
            if keeper.exhausted:
                break
            training_mode(learner, recipe)
            clock.resume()
        clock.pause()
        memory = _memory(learner, optimizer, widest, place, recipe)
        keeper.restore()  # the look at the memory may have moved the statistics of a BatchNorm
        learner.eval()
    return Fit(
        learning_rate=learning_rate,
        curve=tuple(keeper.curve),
        best=keeper.best,
        steps=step,
        seconds=clock.account().seconds,
        stopped_early=step < steps,
        windows=tuple(clock.windows),
        account=clock.account(),
        memory=memory,
    )


def _wider(widest: Batch | None, micro_batches: list[Batch]) -> Batch:
    """The one of most padded tokens; of those without, the first, which is as large as any."""
    wider = micro_batches[0] if widest is None else widest
    for batch in micro_batches:
        if batch.padded_tokens > wider.padded_tokens:
            wider = batch
    return wider


def _memory(
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    widest: Batch | None,
    place: Place,
    recipe: Recipe,
) -> tuple[Measurement, ...]:
    """By one more forward pass of that micro-batch, after the last step. If the memory that
    sufficed for the steps does not any more, activations are not known: no model is lost for it."""
    assert widest is not None, "a fit has steps"
    moved = place.move(widest)

    def forward() -> Tensor:
        with place.autocast():
            return learner.loss(moved)

    training_mode(learner, recipe)
    try:
        found = memory_parts(learner, optimizer, forward)
    except torch.OutOfMemoryError:
        found = memory_parts(learner, optimizer, None)
    learner.take_in_batch()  # it belongs to no point of the curve
    return found


def _update(
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    micro_batches: list[Batch],
    place: Place,
    recipe: Recipe,
    learning_rate: float,
) -> Tensor:
    """One step of the optimizer; its loss, left on the device."""
    set_rate(optimizer, learning_rate)
    loss = learner.backward(micro_batches, place)
    if recipe.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(learner.parameters(), recipe.clip_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    learner.after_step()
    return loss


def _place(device: torch.device, recipe: Recipe, clock: StepClock) -> Place:
    def copy(batch: Batch) -> Batch:
        with clock.transferring():
            return to_device(batch, device)

    move = copy if device.type == "cuda" else partial(to_device, device=device)
    return Place(device=device, move=move, autocast=lambda: autocast(device, recipe.precision))


def _all_steps(rows: TrainingRows, recipe: Recipe, seed: int) -> Iterator[list[Batch]]:
    """The micro-batches of every step, epoch after epoch."""
    assert recipe.epochs is not None
    for epoch in range(recipe.epochs):
        yield from training_batches(
            rows.prepared,
            rows.targets,
            batch_size=recipe.batch_size,
            micro_batch=recipe.micro_batch,
            seed=seed_for(seed, "order"),
            epoch=epoch,
            by_length=rows.by_length,
        )


def count(clock: StepClock, micro_batches: list[Batch], *, waited: float, computed: float) -> bool:
    """Tell the clock of a step; True if a window ended with it."""
    samples = tokens = padded = 0
    for batch in micro_batches:
        samples += batch.samples
        tokens += batch.tokens
        padded += batch.padded_tokens
    return clock.step(
        samples=samples, tokens=tokens, padded_tokens=padded, waited=waited, computed=computed
    )


def mean_loss(losses: list[Tensor], step: int) -> float:
    """Mean of the losses of the last steps, read from the device at once.

    Diverged if one is not finite; `step` is the number of the last of them.
    """
    values = torch.stack(losses).tolist()
    for place, value in enumerate(values):
        if not math.isfinite(value):
            at = step - len(values) + place + 1
            raise Diverged(
                f"the training loss was {value} at step {at}; lower the learning rate, raise "
                "warmup, or set clip_norm"
            )
    return float(sum(values) / len(values))


def fetched(steps: Iterator[list[Batch]]) -> Iterator[tuple[list[Batch], float]]:
    """The same steps, each with the seconds that were spent making it or waiting for it."""
    while True:
        asked = time.perf_counter()
        step = next(steps, None)
        if step is None:
            return
        yield step, time.perf_counter() - asked


def _rate(clock: StepClock) -> float:
    """Samples per second of all windows so far, for the eye alone."""
    seconds = sum(window.seconds for window in clock.windows)
    return sum(window.samples for window in clock.windows) / seconds if seconds else 0.0
