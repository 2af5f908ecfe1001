"""The loop against a plain one, and its promises."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import get_linear_schedule_with_warmup

from mmbench.cards import Recipe
from mmbench.data.batches import Batch, training_batches
from mmbench.errors import TrialError
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Adapter, Features
from mmbench.progress import Silent
from mmbench.train.device import seed_for
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Headed
from mmbench.train.loop import Fit, TrainingRows, fit, mean_loss

CPU = torch.device("cpu")
MakeLearner = Callable[[], Headed]


def train(
    learner: Headed,
    rows: TrainingRows,
    recipe: Recipe,
    scores: list[float] | None = None,
    after_validation: Callable[[], None] = lambda: None,
) -> Fit:
    """Run the loop; validation gives the scores in turn, so that a test can steer it."""
    stream = itertools.chain(scores or [], itertools.repeat(0.0))

    def validate() -> Validation:
        after_validation()
        return Validation(scores={"accuracy": next(stream)}, loss=1.0)

    return fit(
        learner,
        rows,
        recipe,
        learning_rate=recipe.learning_rates[0],
        seed=3,
        device=CPU,
        validate=validate,
        watcher=Silent(),
    )


def largest_difference(one: nn.Module, other: nn.Module) -> float:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def test_twenty_steps_give_the_weights_of_a_plain_pytorch_loop(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    ours = make_learner()
    train(ours, text_rows, full_recipe)

    plain = make_learner().train()
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in plain.parameters() if p.ndim >= 2], "weight_decay": 0.01},
            {"params": [p for p in plain.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ],
        lr=1e-3,
    )
    scheduler = get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
        optimizer, 2, 20
    )
    order = training_batches(
        text_rows.prepared,
        text_rows.targets,
        batch_size=32,
        micro_batch=None,
        seed=seed_for(3, "order"),
        epoch=0,
    )
    assert isinstance(text_rows.targets, np.ndarray)
    for (batch,) in order:
        targets = torch.tensor(text_rows.targets[batch.indices])
        loss = functional.cross_entropy(plain.predict(batch.inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()

    assert scheduler.last_epoch == 20
    assert largest_difference(make_learner(), plain) > 1e-3
    assert largest_difference(ours, plain) <= 1e-6


def test_accumulating_unequal_micro_batches_gives_the_full_batch(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    whole, four, uneven = make_learner(), make_learner(), make_learner()
    sgd = replace(full_recipe, optimizer="sgd", momentum=0.9, learning_rates=(0.05,))
    train(whole, text_rows, sgd)
    train(four, text_rows, replace(sgd, micro_batch=8))
    train(uneven, text_rows, replace(sgd, micro_batch=9))
    assert largest_difference(make_learner(), whole) > 1e-3
    assert largest_difference(whole, four) <= 1e-6
    assert largest_difference(whole, uneven) <= 1e-6


class Normed(ClassifyHead):
    """With a BatchNorm before it."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__(width, classes)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, features: Features) -> torch.Tensor:
        assert features.pooled is not None
        return super().forward(replace(features, pooled=self.norm(features.pooled)))


def test_the_look_at_the_memory_leaves_the_statistics_of_the_best_point(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    learner = make_learner()
    assert isinstance(learner.backbone, Adapter)
    learner.head = head = Normed(learner.backbone.width, 3)
    means: list[torch.Tensor] = []
    counts: list[int] = []

    def note() -> None:
        assert head.norm.running_mean is not None
        assert head.norm.num_batches_tracked is not None
        means.append(head.norm.running_mean.clone())
        counts.append(int(head.norm.num_batches_tracked))

    found = train(learner, text_rows, full_recipe, after_validation=note)
    assert {m.name for m in found.memory} >= {"model_bytes", "activation_bytes"}
    assert counts == [20]
    assert head.norm.running_mean is not None
    assert torch.equal(head.norm.running_mean, means[0])
    assert head.norm.num_batches_tracked == 20


def test_a_look_at_the_memory_that_does_not_fit_loses_nothing(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    plain, learner = make_learner(), make_learner()
    train(plain, text_rows, full_recipe)
    loss, steps = learner.loss, 0

    def full_at_last(batch: Batch) -> torch.Tensor:
        nonlocal steps
        steps += 1
        if steps > 20:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss(batch)

    learner.loss = full_at_last  # type: ignore[method-assign]
    found = {m.name: m for m in train(learner, text_rows, full_recipe).memory}
    assert steps == 21
    assert largest_difference(plain, learner) == 0
    assert found["optimizer_bytes"].value
    assert found["activation_bytes"].value is None
    assert "unavailable" in (found["activation_bytes"].note or "")


def test_a_loss_that_is_not_finite_names_its_step(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    learner = make_learner()
    steps = 0
    cross_entropy = learner.loss

    def poisoned(batch: object) -> torch.Tensor:
        nonlocal steps
        steps += 1
        loss = cross_entropy(batch)  # type: ignore[arg-type]
        return loss * float("nan") if steps == 13 else loss

    learner.loss = poisoned  # type: ignore[method-assign]
    with pytest.raises(TrialError, match="nan at step 13;"):
        train(learner, text_rows, full_recipe)


def test_the_first_bad_step_of_several_is_named() -> None:
    losses = [torch.tensor(v) for v in (1.0, 2.0, float("inf"), float("nan"))]
    with pytest.raises(TrialError, match="inf at step 9;"):
        mean_loss(losses, step=10)


def test_the_best_weights_come_back(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    learner = make_learner()
    seen: list[torch.Tensor] = []
    found = train(
        learner,
        text_rows,
        replace(full_recipe, evaluations=5),
        scores=[0.1, 0.7, 0.3, 0.2, 0.6],
        after_validation=lambda: seen.append(next(learner.parameters()).detach().clone()),
    )
    assert found.best.step == 8
    assert [point.step for point in found.curve] == [4, 8, 12, 16, 20]
    assert torch.equal(next(learner.parameters()), seen[1])
    assert not torch.equal(seen[1], seen[4])
    assert not learner.training


def test_patience_ends_the_run(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    recipe = replace(full_recipe, evaluations=10, patience=2)
    found = train(make_learner(), text_rows, recipe, scores=[0.5, 0.6, 0.1, 0.6, 0.9])
    assert found.stopped_early
    assert found.steps == 8
    assert found.best.step == 4


def test_a_frozen_backbone_stays_bit_identical_and_in_eval_mode(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    from mmbench.train.strategy import freeze

    learner, recipe = make_learner(), replace(full_recipe, strategy="head")
    freeze(learner, recipe)
    before = {n: p.detach().clone() for n, p in learner.named_parameters()}
    modes: list[bool] = []
    learner.backbone.register_forward_hook(lambda module, *_: modes.append(module.training))
    train(learner, text_rows, recipe)
    changed = {n for n, p in learner.named_parameters() if not torch.equal(p, before[n])}
    assert changed == {"head.layers.1.weight", "head.layers.1.bias"}
    assert modes
    assert not any(modes)


def test_rows_are_seen_once_an_epoch_and_throughput_counts_them_all(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    found = train(make_learner(), text_rows, replace(full_recipe, epochs=2))
    assert found.steps == 40
    assert sum(window.samples for window in found.windows) == 2 * 640
    real = int(np.sum(text_rows.prepared.lengths))
    assert sum(window.tokens for window in found.windows) == 2 * real


@pytest.mark.gpu
def test_bf16_autocast_trains_on_the_gpu(
    make_learner: MakeLearner, text_rows: TrainingRows, full_recipe: Recipe
) -> None:
    device = torch.device("cuda")
    learner = make_learner().to(device)
    dtypes: list[torch.dtype] = []
    assert isinstance(learner.head, ClassifyHead)
    learner.head.layers[1].register_forward_hook(lambda *args: dtypes.append(args[2].dtype))
    found = fit(
        learner,
        text_rows,
        replace(full_recipe, precision="bf16", epochs=3),
        learning_rate=1e-3,
        seed=0,
        device=device,
        validate=lambda: Validation(scores={"accuracy": 0.0}, loss=1.0),
        watcher=Silent(),
    )
    assert set(dtypes) == {torch.bfloat16}
    assert all(p.dtype == torch.float32 for p in learner.parameters())
    assert found.steps == 60
