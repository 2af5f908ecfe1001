"""Two encoders' features become one vector: late concatenation, a gated unit, cross-attention.

Shapes: B rows, T tokens of a text, S of an image (patches or places of a feature map), D features,
W the width of what a block gives.
"""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from mmbench.cards import FusionModel
from mmbench.cards.sources import ATTENTION_HEADS
from mmbench.models.base import Features


class FusionBlock(nn.Module):
    """width: of the fused features. reads_tokens: one vector a side does not do."""

    width: int
    reads_tokens: bool = False

    @abstractmethod
    def forward(self, image: Features, text: Features) -> Tensor:
        """[B, width] of B images and their texts."""

    def summary(self, features: Features) -> Tensor:
        """[B, D]: the one vector that may stand for a side, whatever the block reads of it."""
        return features.pooled.float()


class Concatenation(FusionBlock):
    """One beside the other, the image's features first; no weights. W = D_image + D_text."""

    def __init__(self, image: int, text: int) -> None:
        super().__init__()
        self.width = image + text

    def forward(self, image: Features, text: Features) -> Tensor:
        return torch.cat([image.pooled.float(), text.pooled.float()], dim=1)


class GatedUnit(FusionBlock):
    """A gated multimodal unit: each of W features is taken from the image or the text, by a gate.

    h = z ∗ tanh(A i) + (1 − z) ∗ tanh(B t), z = σ(C [i, t]), of the encoders' features i and t:
    Arevalo et al. 2017 (arXiv:1702.01992), the bimodal case. Ours are layer-normalised first, since
    the scales of two encoders may differ by orders of magnitude.
    """

    def __init__(self, image: int, text: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.image_norm = nn.LayerNorm(image)
        self.text_norm = nn.LayerNorm(text)
        self.image = nn.Linear(image, width, bias=False)
        self.text = nn.Linear(text, width, bias=False)
        self.gate = nn.Linear(image + text, width, bias=False)

    def forward(self, image: Features, text: Features) -> Tensor:
        seen = self.image_norm(image.pooled.float())
        read = self.text_norm(text.pooled.float())
        share = torch.sigmoid(self.gate(torch.cat([seen, read], dim=1)))
        fused: Tensor = share * self.image(seen).tanh() + (1 - share) * self.text(read).tanh()
        return fused


class CrossAttention(FusionBlock):
    """The text's tokens attend to the image's, once; their mean is the fused vector.

    x = LN(t + attention(t, i, i)); LN(x + mlp(x)): the text stream of one co-attention block of
    ViLBERT (Lu et al. 2019, arXiv:1908.02265, figure 2), on layer-normalised and projected tokens,
    with an MLP of 2 W. An image without tokens is one: its pooled vector.
    """

    reads_tokens = True

    def __init__(self, image: int, text: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.image = nn.Sequential(nn.LayerNorm(image), nn.Linear(image, width))
        self.text = nn.Sequential(nn.LayerNorm(text), nn.Linear(text, width))
        self.attention = nn.MultiheadAttention(width, ATTENTION_HEADS, batch_first=True)
        self.attended = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, image: Features, text: Features) -> Tensor:
        seen, shown = tokens_of(image)
        read, real = tokens_of(text)
        seen, read = self.image(seen.float()), self.text(read.float())
        found, _ = self.attention(read, seen, seen, key_padding_mask=~shown, need_weights=False)
        found = self.attended(read + found)
        return mean_of(self.norm(found + self.mlp(found)), real)

    def summary(self, features: Features) -> Tensor:
        """The mean of the tokens."""
        return mean_of(*tokens_of(features))


def tokens_of(features: Features) -> tuple[Tensor, Tensor]:
    """Tokens [B, T, D] and which are real [B, T]; the pooled vector where there are none."""
    tokens = features.tokens if features.tokens is not None else features.pooled.unsqueeze(1)
    if features.tokens is not None and features.mask is not None:
        return tokens, features.mask
    return tokens, torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)


def mean_of(tokens: Tensor, mask: Tensor) -> Tensor:
    """[B, T, D], [B, T] bool → [B, D] float32."""
    weights = mask.unsqueeze(-1).to(torch.float32)
    return (tokens.float() * weights).sum(dim=1) / weights.sum(dim=1)


def block_for(source: FusionModel, image: int, text: int) -> FusionBlock:
    """The block that a card asks for, between features of these widths, with fresh weights."""
    if source.by == "concatenation":
        return Concatenation(image, text)
    assert source.width is not None, "the card is refused without it"
    make = GatedUnit if source.by == "gated" else CrossAttention
    return make(image, text, source.width)
