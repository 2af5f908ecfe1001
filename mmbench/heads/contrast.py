"""Images and texts in one space: projections, and the losses that pull pairs together."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmbench.cards import Side
from mmbench.heads.classify import Standardise

Similarity = Literal["softmax", "sigmoid"]

LARGEST_SCALE = math.log(100.0)
"""Cosines are multiplied by 100 at most (Radford et al. 2021, arXiv:2103.00020, section 2.5)."""

START: Mapping[Similarity, tuple[float, float]] = {
    "softmax": (math.log(1 / 0.07), 0.0),  # CLIP
    "sigmoid": (math.log(10.0), -10.0),  # SigLIP: Zhai et al. 2023, arXiv:2303.15343, section 3.2
}
"""Logarithm of the scale, and the bias, that training from nothing begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """A batch of pairs in one space, not normalised: image and text, [B, D] each."""

    image: Tensor
    text: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionShape:
    """`linear`: dropout, linear. `mlp`: dropout, linear, GELU, dropout, linear, with `hidden` units
    between.

    `width`: of the common space; None keeps the space that a dual encoder has, and learns what to
    add to it.
    """

    layers: Literal["linear", "mlp"]
    width: int | None
    hidden: int | None
    dropout: float
    standardise: bool


class Projection(nn.Module):
    """Features of one side [B, D] → [B, width].

    Without a width, x + layers(x): the last layer starts at zero, so that training starts from
    what the model could do before (a residual adapter, as in CLIP-Adapter, arXiv:2110.04544).
    """

    def __init__(self, features: int, shape: ProjectionShape) -> None:
        super().__init__()
        self.residual = shape.width is None
        standardise = shape.standardise and not self.residual
        self.standardise = Standardise(features) if standardise else None
        width = shape.width or features
        last = nn.Linear(shape.hidden or features, width)
        if self.residual:
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        if shape.layers == "linear":
            self.layers = nn.Sequential(nn.Dropout(shape.dropout), last)
        else:
            assert shape.hidden is not None, "the recipe is checked to name head_width with mlp"
            first = nn.Linear(features, shape.hidden)
            drop = nn.Dropout(shape.dropout)
            self.layers = nn.Sequential(drop, first, nn.GELU(), drop, last)

    def forward(self, features: Tensor) -> Tensor:
        if self.standardise is not None:
            features = self.standardise(features)
        projected: Tensor = self.layers(features)
        return features + projected if self.residual else projected


class ContrastHead(nn.Module):
    """Two projections into a common space (none: the features are in one), scale and bias.

    scale and bias: parameters [] of the head, unless the backbone trains its own.
    """

    def __init__(
        self,
        widths: Mapping[Side, int],
        shape: ProjectionShape | None,
        *,
        start: tuple[float, float] | None,
    ) -> None:
        super().__init__()
        self.projections = nn.ModuleDict(
            {} if shape is None else {side: Projection(widths[side], shape) for side in widths}
        )
        scale, bias = start or (None, None)
        self.log_scale = None if scale is None else nn.Parameter(torch.tensor(scale))
        self.bias = None if bias is None else nn.Parameter(torch.tensor(bias))

    def project(self, side: Side, features: Tensor) -> Tensor:
        """[B, D] → [B, width], not normalised."""
        if not len(self.projections):
            return features
        projected: Tensor = self.projections[side](features)
        return projected


def cosine_logits(embeddings: Embeddings, log_scale: Tensor, bias: Tensor | None) -> Tensor:
    """[B, B] float32: row i is image i against every text."""
    images = functional.normalize(embeddings.image.float(), dim=1)
    texts = functional.normalize(embeddings.text.float(), dim=1)
    logits = log_scale.float().exp() * images @ texts.T
    return logits if bias is None else logits + bias.float()


def same_but_not_own(keys: Tensor) -> Tensor:
    """[B] keys → [B, B] bool: pairs of different rows that belong together.

    Another picture of the same concept is no negative, and no positive that was asked for either.
    """
    same = keys[:, None] == keys[None, :]
    return same & ~torch.eye(len(keys), dtype=torch.bool, device=keys.device)


def softmax_contrast(logits: Tensor, masked: Tensor) -> Tensor:
    """Sum over the rows of CLIP's symmetric cross-entropy: logits, masked [B, B].

    Mean of the image-to-text and the text-to-image direction (Radford et al. 2021, figure 3);
    masked pairs are taken out of both, where CLIP would hold them to be negatives.
    """
    logits = logits.masked_fill(masked, -torch.inf)
    own = torch.arange(len(logits), device=logits.device)
    forth = functional.cross_entropy(logits, own, reduction="sum")
    back = functional.cross_entropy(logits.T, own, reduction="sum")
    return (forth + back) / 2


def sigmoid_contrast(logits: Tensor, masked: Tensor) -> Tensor:
    """Sum over all pairs of SigLIP's −log σ(±logit): logits, masked [B, B].

    Divided by the number of rows it is the loss of Zhai et al. 2023 (algorithm 1); masked pairs
    count as neither positive nor negative.
    """
    signs = 2 * torch.eye(len(logits), device=logits.device) - 1
    each = -functional.logsigmoid(signs * logits)
    return each.masked_fill(masked, 0.0).sum()


def in_batch_hits(logits: Tensor, masked: Tensor) -> Tensor:
    """Sum over the rows of the share of both directions in which the own partner is on top.

    A tie is no hit. It depends on the batch size: it is no recall.
    """
    logits = logits.detach().masked_fill(masked, -torch.inf)
    own = logits.diagonal()
    rivals = logits.masked_fill(
        torch.eye(len(logits), dtype=torch.bool, device=own.device), -torch.inf
    )
    forth, back = own > rivals.amax(1), own > rivals.amax(0)
    return (forth.float() + back.float()).sum() / 2
