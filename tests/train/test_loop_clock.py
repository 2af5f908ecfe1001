"""Where the time of a fit goes, by sleeps of known length put into the loop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest
import torch

from mmbench.cards import Recipe
from mmbench.data.batches import Batch
from mmbench.progress import Silent
from mmbench.train import loop as module
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Headed
from mmbench.train.loop import Fit, TrainingRows, fit
from mmbench.train.optim import rate_factor

MakeLearner = Callable[[], Headed]
Steps = Callable[[TrainingRows, Recipe, int], Iterator[list[Batch]]]
NAP = 0.01


class Slow:
    """The steps of the loop, each of which takes a nap to make; `seconds` by the stopwatch, of the
    naps and of the little that the steps themselves take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(
        self, make: Steps, rows: TrainingRows, recipe: Recipe, seed: int
    ) -> Iterator[list[Batch]]:
        steps = make(rows, recipe, seed)
        while True:
            began = time.perf_counter()
            time.sleep(NAP)
            step = next(steps, None)
            if step is None:
                return
            self.seconds += time.perf_counter() - began
            yield step


@pytest.fixture
def recipe(full_recipe: Recipe) -> Recipe:
    return replace(full_recipe, epochs=3, evaluations=3)


def train(
    learner: Headed,
    rows: TrainingRows,
    recipe: Recipe,
    validate: Callable[[], None] = lambda: None,
) -> Fit:
    def validation() -> Validation:
        validate()
        return Validation(scores={"accuracy": 0.0}, loss=1.0)

    return fit(
        learner,
        rows,
        recipe,
        learning_rate=1e-3,
        seed=0,
        device=torch.device("cpu"),
        validate=validation,
        watcher=Silent(),
    )


def unaccounted(found: Fit) -> float:
    return found.account.unaccounted_seconds / found.account.seconds


def test_a_sleep_in_the_data_path_is_data_wait(
    make_learner: MakeLearner,
    text_rows: TrainingRows,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner, slow = make_learner(), Slow()
    steps = partial(slow, module._all_steps)
    monkeypatch.setattr(module, "_all_steps", steps)
    found = train(learner, text_rows, recipe)
    waited = sum(window.data_wait_seconds for window in found.windows)
    assert slow.seconds >= 60 * NAP
    assert waited == pytest.approx(slow.seconds, rel=0.05)
    assert unaccounted(found) < 0.05


def test_the_time_of_an_ordinary_fit_is_accounted_for(
    make_learner: MakeLearner, text_rows: TrainingRows, recipe: Recipe
) -> None:
    learner = make_learner()
    began = time.perf_counter()
    found = train(learner, text_rows, recipe)
    wall = time.perf_counter() - began
    account = found.account
    assert account.seconds == pytest.approx(wall, rel=0.05)
    inside = sum(window.seconds for window in found.windows)
    whole = inside + account.setup_seconds + account.paused_seconds
    assert whole == pytest.approx(account.seconds, rel=0.02)
    assert unaccounted(found) < 0.05
    assert sum(window.samples for window in found.windows) == 3 * 640


def test_a_sleep_that_no_meter_sees_is_unaccounted(
    make_learner: MakeLearner,
    text_rows: TrainingRows,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factor = rate_factor
    slept = 0.0

    def slow_factor(step: int, steps: int, *, schedule: str, warmup: float) -> float:
        nonlocal slept
        began = time.perf_counter()
        time.sleep(NAP)
        slept += time.perf_counter() - began
        return factor(step, steps, schedule=schedule, warmup=warmup)  # type: ignore[arg-type]

    monkeypatch.setattr("mmbench.train.loop.rate_factor", slow_factor)
    found = train(make_learner(), text_rows, recipe)
    assert found.account.unaccounted_seconds >= slept
    assert found.account.unaccounted_seconds == pytest.approx(
        slept, abs=0.05 * found.account.seconds
    )


def test_validation_is_a_pause(
    make_learner: MakeLearner, text_rows: TrainingRows, recipe: Recipe
) -> None:
    found = train(make_learner(), text_rows, recipe, validate=lambda: time.sleep(0.1))
    assert found.account.paused_seconds >= 0.3
    inside = sum(window.seconds for window in found.windows)
    assert inside <= found.seconds - 0.3
