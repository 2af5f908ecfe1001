"""Optimizer, parameter groups and the learning-rate schedule of a recipe."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import nn

from mmbench.cards import Recipe

RATE_FACTOR = "rate_factor"
"""The entry of a parameter group that says which share of the learning rate it learns at."""


def decay_groups(
    parameters: Iterable[nn.Parameter],
    weight_decay: float,
    rate_factors: Mapping[nn.Parameter, float] | None = None,
) -> list[dict[str, object]]:
    """Weight decay for matrices, none for biases and norms (vectors and scalars); a group for each
    of these and each rate factor, 1 unless it is named."""
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {(1.0, True): [], (1.0, False): []}
    for parameter in parameters:
        if parameter.requires_grad:
            factor = (rate_factors or {}).get(parameter, 1.0)
            groups.setdefault((factor, parameter.ndim >= 2), []).append(parameter)
    return [
        {"params": held, "weight_decay": weight_decay if decayed else 0.0, RATE_FACTOR: factor}
        for (factor, decayed), held in groups.items()
    ]


def make_optimizer(
    parameters: Iterable[nn.Parameter],
    recipe: Recipe,
    learning_rate: float,
    rate_factors: Mapping[nn.Parameter, float] | None = None,
) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019, torch's defaults for betas and eps) or SGD.

    Fused: one pass over the weights a step. With short texts the step itself costs as much as
    the forward pass; fused, MiniLM on two cores trains half as fast again.
    """
    groups = decay_groups(parameters, recipe.weight_decay, rate_factors)
    optimizer: torch.optim.Optimizer
    if recipe.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=learning_rate, momentum=recipe.momentum or 0.0)
    else:
        optimizer = torch.optim.AdamW(groups, lr=learning_rate, fused=True)
    set_rate(optimizer, learning_rate)
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """The learning rate of the next step; every group takes its own share."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group[RATE_FACTOR]


def rate_factor(
    step: int,
    steps: int,
    *,
    schedule: Literal["constant", "linear", "cosine"],
    warmup: float,
) -> float:
    """The share of the learning rate used in `step` (from 0) of `steps`.

    Rises linearly over the first `warmup` share of the steps, then stays, or falls to 0 linearly
    or along half a cosine; equal to transformers' get_*_schedule_with_warmup.
    """
    warm = math.ceil(warmup * steps)
    if step < warm:
        return step / max(1, warm)
    if schedule == "constant":
        return 1.0
    done = (step - warm) / max(1, steps - warm)
    return 1.0 - done if schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))
