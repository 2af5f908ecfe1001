"""One label out of C: a linear layer, or two layers, on pooled features; cross-entropy."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmbench.models.base import Features


class Standardise(nn.Module):
    """(x − mean) / std per dimension, fixed before training.

    Features of different backbones differ in scale by orders of magnitude; with this, one grid of
    learning rates means the same for all of them.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def fit(self, features: Tensor) -> None:
        """Take mean and standard deviation from `features` [N, D]; constant dimensions keep 1."""
        self.mean.copy_(features.mean(0))
        std = features.std(0, correction=0)
        self.std.copy_(torch.where(std > 1e-6, std, torch.ones_like(std)))

    def forward(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.std


class ClassifyHead(nn.Module):
    """Pooled features [B, D] → logits [B, C].

    `linear`: dropout, linear. `mlp`: linear, GELU, dropout, linear, with `hidden` units between.
    The features are standardised first if `standardise` is set (frozen backbones).
    """

    def __init__(
        self,
        width: int,
        classes: int,
        *,
        layers: Literal["linear", "mlp"] = "linear",
        hidden: int | None = None,
        dropout: float = 0.0,
        standardise: bool = False,
    ) -> None:
        super().__init__()
        self.standardise = Standardise(width) if standardise else None
        if layers == "linear":
            self.layers = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))
        else:
            assert hidden is not None, "the recipe is checked to name head_width with mlp"
            self.layers = nn.Sequential(
                nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
            )

    def forward(self, features: Features) -> Tensor:
        pooled = features.pooled
        if self.standardise is not None:
            pooled = self.standardise(pooled)
        logits: Tensor = self.layers(pooled)
        return logits


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Sum over the rows of −log softmax(logits)[target], in float32: logits [B, C], targets [B].

    `smoothing` spreads that share of the target mass evenly over all classes (Szegedy et al.
    2016, arXiv:1512.00567), as torch's label_smoothing does.
    """
    return functional.cross_entropy(
        logits.float(), targets, reduction="sum", label_smoothing=smoothing
    )
