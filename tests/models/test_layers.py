"""Which parts of a backbone are blocks, and what stands below and above them."""

from typing import Any

import open_clip
import pytest
import timm
from timm.models import group_parameters
from torch import nn
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPModel,
    ViTConfig,
    ViTModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
)

from mmbench.models.layers import Layers, layers_of

TOWER: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
}
PATCHES: dict[str, Any] = {"image_size": 32, "patch_size": 8}


def at(layers: Layers, depth: int) -> set[str]:
    return {name for name, found in layers.depths.items() if found == depth}


def test_a_bert_has_its_layers_between_embeddings_and_pooler() -> None:
    model = BertModel(BertConfig(**TOWER, vocab_size=20))
    layers = layers_of(model)
    assert layers.stacks == (tuple(model.encoder.layer),)
    assert layers.above == (model.pooler,)
    assert at(layers, 0) == {"pooler.dense.weight", "pooler.dense.bias"}
    assert at(layers, 4) == {f"embeddings.{n}" for n, _ in model.embeddings.named_parameters()}
    for depth in (1, 2, 3):
        prefix = f"encoder.layer.{3 - depth}."
        assert {name.startswith(prefix) for name in at(layers, depth)} == {True}


def test_every_parameter_has_a_depth_and_no_other() -> None:
    model = ViTModel(ViTConfig(**TOWER, **PATCHES))
    assert set(layers_of(model).depths) == {name for name, _ in model.named_parameters()}


def test_a_dual_encoder_has_two_towers_of_their_own_depth() -> None:
    text = {**TOWER, "num_hidden_layers": 2, "vocab_size": 20}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config={**TOWER, **PATCHES}))
    layers = layers_of(model, towers=2)
    assert [len(stack) for stack in layers.stacks] == [2, 3]
    assert layers.depths["text_model.embeddings.token_embedding.weight"] == 3
    assert layers.depths["vision_model.embeddings.class_embedding"] == 4
    for name in ("logit_scale", "text_projection.weight", "vision_model.post_layernorm.bias"):
        assert layers.depths[name] == 0
    assert layers.depths["vision_model.pre_layrnorm.weight"] == 4


def test_projections_that_open_clip_holds_as_parameters_stand_above() -> None:
    model = open_clip.create_model("ViT-B-32")
    layers = layers_of(model, towers=2)
    assert [len(stack) for stack in layers.stacks] == [12, 12]
    assert {"visual.proj", "text_projection", "logit_scale", "ln_final.weight"} <= at(layers, 0)
    below = {"token_embedding.weight", "positional_embedding", "visual.class_embedding"}
    assert below <= at(layers, 13)


def test_the_stages_of_a_resnet_are_one_stack_of_blocks() -> None:
    model: Any = timm.create_model("resnet10t", num_classes=0)
    layers = layers_of(model)
    assert layers.stacks == ((model.layer1[0], model.layer2[0], model.layer3[0], model.layer4[0]),)
    assert layers.depths["conv1.0.weight"] == 5


def test_convolutions_under_a_transformer_are_its_stem() -> None:
    model = Wav2Vec2Model(Wav2Vec2Config(**TOWER, feat_extract_norm="layer"))
    layers = layers_of(model)
    assert layers.stacks == (tuple(model.encoder.layers),)
    assert layers.depths["feature_extractor.conv_layers.6.conv.weight"] == 4


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "convnext_atto"])
def test_depths_are_those_that_timm_decays_rates_by(name: str) -> None:
    """timm's own grouping, coarse where its blocks are stages. It counts a ViT's last norm to the
    last block; BEiT, and we, to what stands above."""
    model: Any = timm.create_model(name, num_classes=3)
    coarse = name.startswith("convnext")
    groups = group_parameters(model, model.group_matcher(coarse=coarse), reverse=True)
    ours = layers_of(model).depths
    last = max(groups.values())
    theirs = {n: last - group for n, group in groups.items() if not n.startswith("norm.")}
    assert {n: ours[n] for n in theirs} == theirs
    assert {ours[n] for n in set(groups) - set(theirs)} <= {0}


def test_a_model_without_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="0 stacks of blocks were found; 1 are needed"):
        layers_of(nn.Sequential(nn.Linear(2, 2), nn.GELU()))
