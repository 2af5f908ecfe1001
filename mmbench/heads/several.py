"""Several targets at once: a head for each on the same features, and a weighted sum of losses."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mmbench.heads.classify import ClassifyHead, Standardise, cross_entropy
from mmbench.models.base import Features


class SeveralHeads(nn.Module):
    """Pooled features [B, D] → logits [B, C_1 + … + C_K], target by target.

    Each target has a `ClassifyHead` of its own; the features are standardised once for all, if
    `standardise` is set (frozen backbones).
    """

    def __init__(
        self,
        width: int,
        classes: Sequence[int],
        *,
        layers: Literal["linear", "mlp"] = "linear",
        hidden: int | None = None,
        dropout: float = 0.0,
        standardise: bool = False,
    ) -> None:
        super().__init__()
        self.standardise = Standardise(width) if standardise else None
        self.heads = nn.ModuleList(
            ClassifyHead(width, count, layers=layers, hidden=hidden, dropout=dropout)
            for count in classes
        )

    def forward(self, features: Features) -> Tensor:
        pooled = features.pooled
        if self.standardise is not None:
            pooled = self.standardise(pooled)
        same = Features(pooled=pooled)
        return torch.cat([head(same) for head in self.heads], dim=1)


def weighted_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    *,
    classes: Sequence[int],
    weights: Sequence[float],
    smoothing: float = 0.0,
) -> Tensor:
    """Sum over the rows of Σ_k weight_k × the cross-entropy of target k: a scalar.

    logits: [B, C_1 + … + C_K], targets: [B, K]. The weights are those of the card, and stay.
    """
    pieces = torch.split_with_sizes(logits, list(classes), dim=1)
    each = [
        weight * cross_entropy(own, targets[:, place], smoothing)
        for place, (own, weight) in enumerate(zip(pieces, weights, strict=True))
    ]
    return torch.stack(each).sum()
