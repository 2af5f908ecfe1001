"""Optimizer, parameter groups and the learning-rate schedule of a recipe."""

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import nn

from mmbench.cards import Recipe


def decay_groups(
    parameters: Iterable[nn.Parameter], weight_decay: float
) -> list[dict[str, object]]:
    """Weight decay for matrices, none for biases and norms (vectors and scalars)."""
    trainable = [p for p in parameters if p.requires_grad]
    return [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]


def make_optimizer(
    parameters: Iterable[nn.Parameter], recipe: Recipe, learning_rate: float
) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019, torch's defaults for betas and eps) or SGD.

    Fused: one pass over the weights a step. With short texts the step itself costs as much as
    the forward pass; fused, MiniLM on two cores trains half as fast again.
    """
    groups = decay_groups(parameters, recipe.weight_decay)
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=learning_rate, momentum=recipe.momentum or 0.0)
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


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
