"""Image encoders of `timm` and `transformers`: pixels in, one vector an image out."""

from pathlib import Path
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from mmbench.cards import ImageRules, ModelCard, PackageModel, RandomModel
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import images_once
from mmbench.data.prepared import Inputs, Prepared
from mmbench.errors import CardError
from mmbench.models.base import Adapter, Features, has_batch_statistics
from mmbench.models.pixels import PixelRows, decode, normalised, per_channel
from mmbench.models.sources import locate
from mmbench.models.synthetic import random_pixels


class ImageAdapter(Adapter):
    """A vision backbone without its classifier.

    pooled is what the library itself hands to a classifier: timm's `forward_head(pre_logits=True)`;
    in transformers the `pooler_output`, or, of models that have none, the class token, or, without
    one, the mean over all positions. Pixels are normalised here, on the model's device.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, card: ModelCard, backbone: nn.Module) -> None:
        super().__init__()
        self.card = card
        self.rules = _rules(card)
        # convolutions run half as fast again with the channels innermost; numbers are the same
        self.backbone = cast(Any, backbone.eval()).to(memory_format=torch.channels_last)
        self.batch_statistics = has_batch_statistics(backbone)
        self.register_buffer("mean", per_channel(self.rules.mean), persistent=False)
        self.register_buffer("std", per_channel(self.rules.std), persistent=False)
        self.width = self._measured_width()

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        if card.library == "timm":
            return cls(card, _timm_backbone(card))
        return cls(card, _transformers_backbone(card))

    def prepare(self, examples: Examples, cache: Cache) -> Prepared:
        return images_once(examples, lambda images: decode(self.rules, images, cache))

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> PixelRows:
        assert tokens is None, "there is no text in an image"
        return random_pixels(self.rules, count, seed=seed)

    def forward(self, inputs: Inputs) -> Features:
        """pixels: [B, 3, H, W] uint8. pooled: [B, D]. tokens: [B, S, D] of its patches or the
        places of its last feature map, where these have D features too; all are real."""
        pixels = normalised(inputs["pixels"], self.mean, self.std)
        if self.card.library == "timm":
            backbone = cast(Any, self.backbone)
            found = backbone.forward_features(pixels)
            pooled = backbone.forward_head(found, pre_logits=True)
        else:
            pooled, found = _of_transformers(self.backbone, pixels)
        pooled = pooled.flatten(1)
        return Features(pooled=pooled, tokens=_tokens(found, pooled.shape[1]))

    def save(self, folder: Path) -> None:
        # safetensors holds plain layouts only
        cast(Any, self.backbone).to(memory_format=torch.contiguous_format)
        try:
            self._save(folder)
        finally:
            cast(Any, self.backbone).to(memory_format=torch.channels_last)

    def _save(self, folder: Path) -> None:
        if self.card.library == "timm":
            from mmbench.models import from_timm

            from_timm.save(self.backbone, folder, self.rules)
        else:
            from mmbench.models.from_transformers import quiet

            with quiet():
                cast(Any, self.backbone).save_pretrained(folder)

    def _measured_width(self) -> int:
        """D, by a forward of one black image: libraries name it differently, if at all."""
        size = self.rules.size
        black = torch.zeros(1, 3, size, size, dtype=torch.uint8)
        try:
            with torch.no_grad():
                return self.forward({"pixels": black}).pooled.shape[1]
        except (AssertionError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise CardError(
                f"{self.card.name}: the model takes no image of {size} × {size} pixels: {error}"
            ) from error


def _timm_backbone(card: ModelCard) -> nn.Module:
    from mmbench.models import from_timm  # seconds of import: only where it is used

    architecture = card.architecture
    assert architecture is not None  # the card is refused without it
    if isinstance(card.source, RandomModel):
        return from_timm.random(architecture, card.source.config, card.name)
    path = locate(card.source)
    if path.is_dir():
        return from_timm.from_folder(path, architecture)
    tensors = card.source.tensors if isinstance(card.source, PackageModel) else "by_name"
    return from_timm.from_file(path, architecture, tensors=tensors)


def _transformers_backbone(card: ModelCard) -> nn.Module:
    from mmbench.models import from_transformers

    if isinstance(card.source, RandomModel):
        return from_transformers.random(card.source.config, card.name)
    return from_transformers.pretrained(locate(card.source))


def _of_transformers(backbone: nn.Module, pixels: Tensor) -> tuple[Tensor, Tensor | None]:
    """Pooled, and the last hidden state where there is one."""
    output = backbone(pixel_values=pixels)
    pooled: Tensor | None = getattr(output, "pooler_output", None)
    if pooled is not None:
        return pooled, getattr(output, "last_hidden_state", None)
    hidden: Tensor = output.last_hidden_state
    if hidden.ndim == 4:  # a feature map [B, C, H, W]
        return hidden.mean(dim=(2, 3)), hidden
    has_class_token = any(name.endswith("cls_token") for name, _ in backbone.named_parameters())
    return (hidden[:, 0] if has_class_token else hidden.mean(dim=1)), hidden


def _tokens(found: object, width: int) -> Tensor | None:
    """[B, S, D], [B, D, H, W] or [B, H, W, D] → [B, S, D]; None where D is not that of pooled."""
    if not isinstance(found, Tensor):  # of what a library returns in several pieces
        return None
    if found.ndim == 4 and found.shape[1] == width:
        return found.flatten(2).transpose(1, 2)
    if found.ndim == 4:  # Swin and its kin have the features last
        found = found.flatten(1, 2)
    return found if found.ndim == 3 and found.shape[2] == width else None


def _rules(card: ModelCard) -> ImageRules:
    if card.image is None:
        raise CardError(f"{card.name}: adapter image needs modality image and rules under image")
    return card.image
