"""Optimizer and schedule against torch's and transformers' own."""

import pytest
import torch
from torch import nn
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

from mmbench.cards import Recipe
from mmbench.train.optim import decay_groups, make_optimizer, rate_factor


def recipe(**changes: object) -> Recipe:
    values: dict[str, object] = {
        "name": "r",
        "strategy": "full",
        "learning_rates": (1e-3,),
        "epochs": 1,
    }
    return Recipe(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
@pytest.mark.parametrize(("steps", "warmup"), [(20, 0.1), (7, 0.5), (10, 0.0), (1, 0.1)])
def test_schedules_equal_those_of_transformers(schedule: str, steps: int, warmup: float) -> None:
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    warm = -int(-(warmup * steps) // 1)
    theirs = {
        "constant": lambda: get_constant_schedule_with_warmup(optimizer, warm),
        "linear": lambda: get_linear_schedule_with_warmup(  # type: ignore[no-untyped-call]
            optimizer, warm, steps
        ),
        "cosine": lambda: get_cosine_schedule_with_warmup(optimizer, warm, steps),
    }[schedule]()
    for step in range(steps):
        ours = rate_factor(step, steps, schedule=schedule, warmup=warmup)  # type: ignore[arg-type]
        assert ours == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()


def test_weight_decay_spares_norms_and_biases() -> None:
    layers = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 4), nn.LayerNorm(4))
    decayed, spared = decay_groups(layers.parameters(), 0.01)
    shapes = sorted(tuple(p.shape) for p in decayed["params"])  # type: ignore[attr-defined]
    assert shapes == [(4, 4), (5, 4)]
    assert decayed["weight_decay"] == 0.01
    assert all(p.ndim == 1 for p in spared["params"])  # type: ignore[attr-defined]
    assert len(spared["params"]) == 3  # type: ignore[arg-type]
    assert spared["weight_decay"] == 0.0


def test_frozen_parameters_are_not_in_the_optimizer() -> None:
    layer = nn.Linear(3, 3)
    layer.weight.requires_grad_(False)
    optimizer = make_optimizer(layer.parameters(), recipe(), 1e-3)
    held = [p for group in optimizer.param_groups for p in group["params"]]
    assert len(held) == 1
    assert held[0] is layer.bias


def test_sgd_takes_its_momentum_from_the_recipe() -> None:
    layer = nn.Linear(3, 3)
    optimizer = make_optimizer(
        layer.parameters(), recipe(optimizer="sgd", momentum=0.9), learning_rate=0.5
    )
    assert isinstance(optimizer, torch.optim.SGD)
    assert {group["momentum"] for group in optimizer.param_groups} == {0.9}
    assert {group["lr"] for group in optimizer.param_groups} == {0.5}
