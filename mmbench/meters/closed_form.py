"""FLOPs of a forward pass by the formula of a transformer encoder, from the shapes of its weights.

Of T tokens, a layer with W weights in its matrices (4 D² + 2 D F, as a rule) takes 2·W·T FLOP in
products with weights and 4·T²·D in attention (Kaplan et al., 2020, table 1, without its factor of
one half for causal masks). A stem of patches takes 2 FLOP a weight and patch. What stands outside
the layers (pooler, projections, heads) is applied once a sample.

It knows the encoders whose layers are in LAYERS, and gives None for any other: convnets, windows,
attention of linear cost, layers that are not all alike.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

LAYERS = (
    "transformers.models.bert.modeling_bert.BertLayer",
    "transformers.models.roberta.modeling_roberta.RobertaLayer",
    "transformers.models.xlm_roberta.modeling_xlm_roberta.XLMRobertaLayer",
    "transformers.models.distilbert.modeling_distilbert.TransformerBlock",
    "transformers.models.vit.modeling_vit.ViTLayer",
    "transformers.models.deit.modeling_deit.DeiTLayer",
    "transformers.models.dinov2.modeling_dinov2.Dinov2Layer",
    "transformers.models.clip.modeling_clip.CLIPEncoderLayer",
    "transformers.models.chinese_clip.modeling_chinese_clip.ChineseCLIPTextLayer",
    "transformers.models.chinese_clip.modeling_chinese_clip.ChineseCLIPVisionLayer",
    "transformers.models.altclip.modeling_altclip.AltRobertaLayer",
    "transformers.models.altclip.modeling_altclip.AltCLIPEncoderLayer",
    "transformers.models.siglip.modeling_siglip.SiglipEncoderLayer",
    "timm.models.vision_transformer.Block",
    "open_clip.transformer.ResidualAttentionBlock",
)
CLASS_TOKENS = ("cls_token", "class_embedding", "distillation_token", "dist_token", "reg_token")
PROJECTIONS = ("proj", "text_projection")
"""Matrices that open_clip keeps as bare parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """A stack of equal layers. stem: the convolution that makes patches, None where words are
    embedded. pools: one query attends to all tokens at the end (SigLIP's image tower)."""

    layers: int
    matrix_weights: int
    width: int
    stem: nn.Conv2d | None
    class_tokens: int
    pools: bool

    def patches(self, image_size: int) -> int:
        assert self.stem is not None, "texts have none"
        return math.prod(image_size // size for size in self.stem.kernel_size)

    def of_tokens(self, tokens: int) -> int:
        """Forward FLOPs of the layers, and of keys and values of the pooling."""
        flops = self.layers * (2 * self.matrix_weights * tokens + 4 * tokens**2 * self.width)
        if self.pools:
            flops += 2 * self.width**2 * (2 * tokens + 1) + 4 * tokens * self.width
        return flops

    def of_stem(self, image_size: int) -> int:
        assert self.stem is not None, "texts have none"
        return 2 * self.stem.weight.numel() * self.patches(image_size)


def closed_form(
    module: nn.Module,
    *,
    tokens: int | None = None,
    image_size: int | None = None,
    training: bool = False,
) -> float | None:
    """FLOPs of one sample: a text of `tokens` tokens, padding included, an image of `image_size`
    pixels a side, or both. None if the formula does not hold for the module.

    training: forward and backward, three times the forward pass but for the stem, whose input needs
    no gradient; None unless every parameter is trained.
    """
    encoders = _encoders(module)
    if not encoders or _has_other_products(module, encoders):
        return None
    if training and not all(p.requires_grad for p in module.parameters()):
        return None
    rest, stems = _once(module), 0
    for encoder in encoders:
        if encoder.stem is None and tokens is not None:
            rest += encoder.of_tokens(tokens)
        elif encoder.stem is not None and image_size is not None:
            rest += encoder.of_tokens(encoder.patches(image_size) + encoder.class_tokens)
            stems += encoder.of_stem(image_size)
        else:
            return None
    return float(3 * rest + 2 * stems if training else rest + stems)


# ------------------------------------------------------------------- what the module is made of


def _encoders(module: nn.Module) -> list[Encoder]:
    return [_encoder(module, name) for name, part in module.named_modules() if _is_stack(part)]


def _is_stack(module: nn.Module) -> bool:
    if not isinstance(module, nn.ModuleList | nn.Sequential):
        return False
    kinds = {f"{type(layer).__module__}.{type(layer).__name__}" for layer in module.children()}
    return len(kinds) == 1 and kinds <= set(LAYERS)


def _encoder(module: nn.Module, name: str) -> Encoder:
    layers = list(module.get_submodule(name).children())
    width = next(m.normalized_shape[-1] for m in layers[0].modules() if isinstance(m, nn.LayerNorm))
    around = _surroundings(module, name)
    parts = [part for top in around for part in (top.modules() if top is not around[0] else [top])]
    class_tokens = sum(
        p.numel()
        for part in parts
        for own, p in part.named_parameters(recurse=False)
        if own in CLASS_TOKENS
    )
    return Encoder(
        layers=len(layers),
        matrix_weights=_matrix_weights(layers[0]),
        width=width,
        stem=next((m for m in parts if isinstance(m, nn.Conv2d)), None),
        class_tokens=class_tokens // width,
        pools=any(isinstance(m, nn.MultiheadAttention) for m in parts),
    )


def _surroundings(module: nn.Module, stack: str) -> list[nn.Module]:
    """The nearest part around a stack that embeds words or patches, and its children that hold no
    stack."""
    path = stack.split(".")
    for depth in reversed(range(len(path))):
        scope = module.get_submodule(".".join(path[:depth]))
        own = [c for c in scope.children() if not any(_is_stack(m) for m in c.modules())]
        if any(isinstance(m, nn.Conv2d | nn.Embedding) for c in own for m in c.modules()):
            return [scope, *own]
    return [module]


def _matrix_weights(layer: nn.Module) -> int:
    linear = sum(m.weight.numel() for m in layer.modules() if isinstance(m, nn.Linear))
    joint = [m.in_proj_weight for m in layer.modules() if isinstance(m, nn.MultiheadAttention)]
    return linear + sum(weight.numel() for weight in joint)


def _outside(module: nn.Module) -> Iterator[nn.Module]:
    """Every part that lies in no stack of layers."""
    if _is_stack(module):
        return
    yield module
    for child in module.children():
        yield from _outside(child)


def _once(module: nn.Module) -> int:
    """Of what is applied once a sample."""
    weights = 0
    for part in _outside(module):
        if isinstance(part, nn.Linear):
            weights += part.weight.numel()
        weights += sum(
            p.numel()
            for name, p in part.named_parameters(recurse=False)
            if name in PROJECTIONS and p.dim() == 2
        )
    return 2 * weights


def _has_other_products(module: nn.Module, encoders: list[Encoder]) -> bool:
    """Something that multiplies matrices in a way that the formula does not know."""
    stems = [encoder.stem for encoder in encoders]
    for part in _outside(module):
        known = any(part is stem for stem in stems)
        if isinstance(part, nn.modules.conv._ConvNd | nn.RNNBase) and not known:
            return True
        name = type(part).__name__
        pools = isinstance(part, nn.MultiheadAttention) or name.endswith("PoolingHead")
        if "Attention" in name and not pools:
            return True
    return False
