"""The counter against products counted by hand and closed forms against published figures."""

from collections.abc import Callable
from typing import Any

import open_clip
import pytest
import timm
import torch
import transformers
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmbench.meters.closed_form import closed_form
from mmbench.meters.flops import flops_checked, flops_of, flops_per_sample, parameters

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}
LAYER = 4 * 32**2 + 2 * 32 * 48  # weights in the matrices of one layer of SMALL


def made(config: Any) -> Any:
    make: Any = transformers.AutoModel.from_config
    return make(config)


def text_encoder(config: Callable[..., Any], **more: Any) -> Any:
    return made(config(vocab_size=50, **(SMALL | more)))


def open_clip_model() -> Any:
    """With the proportions of ViT-B/32: 64 patches, 12 words."""
    return open_clip.model.CLIP(
        embed_dim=16,
        vision_cfg={"image_size": 64, "patch_size": 8, "width": 32, "layers": 3, "head_width": 16},
        text_cfg={"context_length": 12, "vocab_size": 50, "width": 16, "heads": 2, "layers": 2},
    )


def inputs_of_clip() -> tuple[Tensor, Tensor]:
    return torch.randn(2, 3, 64, 64), torch.randint(0, 50, (2, 12))


# ---------------------------------------------------------------------------- the counter


@pytest.mark.parametrize("kind", ["forward", "both"])
def test_a_product_of_known_size_is_counted(kind: str) -> None:
    layer = nn.Linear(8, 16, bias=False)
    inputs = torch.randn(4, 8, requires_grad=True)

    def step() -> None:
        out = layer(inputs)
        if kind == "both":
            out.sum().backward()

    assert flops_of(step) == 2 * 4 * 8 * 16 * (3 if kind == "both" else 1)


def test_a_convolution_of_known_size_is_counted() -> None:
    layer = nn.Conv2d(3, 5, 3, padding=1)
    assert flops_of(lambda: layer(torch.randn(2, 3, 7, 7))) == 2 * 2 * 49 * 5 * 3 * 9


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("backend", ["FLASH_ATTENTION", "MATH"])
def test_attention_backwards_is_twice_forwards_in_every_kernel(backend: str, masked: bool) -> None:
    """Torch counts 2.5 times for a fused kernel, which computes the scores again."""
    query = torch.randn(2, 3, 10, 16, requires_grad=True)
    mask = torch.zeros(2, 1, 10, 10) if masked else None

    def attend() -> Any:
        chosen = getattr(nn.attention.SDPBackend, backend)
        with nn.attention.sdpa_kernel(chosen):
            return nn.functional.scaled_dot_product_attention(query, query, query, attn_mask=mask)

    forward = 4 * 2 * 3 * 10**2 * 16
    assert flops_of(attend) == forward
    assert flops_of(lambda: attend().sum().backward()) == 3 * forward


def test_open_clip_is_counted_whole_without_gradients() -> None:
    """Torch's own counter misses the attention of nn.MultiheadAttention's fast path there."""
    model = open_clip_model().eval()
    images, texts = inputs_of_clip()

    def infer() -> None:
        with torch.inference_mode():
            model(images, texts)

    plain = FlopCounterMode(display=False)
    with plain:
        infer()
    expected = 2 * closed_form(model, tokens=12, image_size=64)  # type: ignore[operator]
    assert plain.get_total_flops() < 0.75 * expected
    assert flops_of(infer) == pytest.approx(expected, rel=1e-9)
    assert flops_of(lambda: model(images, texts)) == pytest.approx(expected, rel=1e-9)


def test_the_fast_path_of_torchs_own_layer_is_counted() -> None:
    layer = nn.TransformerEncoderLayer(32, 2, 48, batch_first=True).eval()

    def infer() -> None:
        with torch.no_grad():
            layer(torch.randn(2, 10, 32))

    assert flops_of(infer) == 2 * (2 * LAYER * 10 + 4 * 10**2 * 32)


def test_gradients_are_on_around_the_step() -> None:
    seen = []
    with torch.no_grad():
        flops_of(lambda: seen.append(torch.is_grad_enabled()))
    assert seen == [True]


# ------------------------------------------------------------------------ closed forms


@pytest.mark.parametrize(
    ("config", "pooler"),
    [
        (transformers.BertConfig, 1),
        (transformers.RobertaConfig, 1),
        (transformers.XLMRobertaConfig, 1),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_a_text_encoder_agrees_with_the_counter(
    config: Callable[..., Any], pooler: int, training: bool
) -> None:
    model = text_encoder(config).train(training)
    expected = closed_form(model, tokens=10, training=training)
    by_hand = 3 * (2 * LAYER * 10 + 4 * 10**2 * 32) + pooler * 2 * 32**2
    assert expected == by_hand * (3 if training else 1)

    def step() -> None:
        out = model(torch.randint(2, 50, (4, 10)))
        if training:
            (out.pooler_output.sum() + out.last_hidden_state.sum()).backward()

    assert flops_of(step) / 4 == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_both_ways_of_attention_count_the_same(attention: str) -> None:
    model = text_encoder(transformers.BertConfig, attn_implementation=attention)
    mask = torch.ones(2, 10, dtype=torch.long)
    mask[1, 6:] = 0
    counted = flops_of(lambda: model(torch.randint(0, 50, (2, 10)), attention_mask=mask)) / 2
    assert counted == pytest.approx(closed_form(model, tokens=10), rel=1e-9)


IMAGE: dict[str, Any] = {"image_size": 64, "patch_size": 16}
IMAGES: dict[str, Callable[[], Any]] = {
    "vit": lambda: made(transformers.ViTConfig(**SMALL, **IMAGE)),
    "dinov2": lambda: made(transformers.Dinov2Config(**SMALL, **IMAGE)),
    "timm": lambda: timm.create_model("vit_tiny_patch16_224", img_size=64, num_classes=5),
}


@pytest.mark.parametrize("make", IMAGES.values(), ids=IMAGES.keys())
@pytest.mark.parametrize("training", [False, True])
def test_an_image_encoder_agrees_with_the_counter(make: Callable[[], Any], training: bool) -> None:
    model = make().train(training)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("mask_token" not in name or training)

    def step() -> None:
        out = model(torch.randn(3, 3, 64, 64))
        out = out if isinstance(out, Tensor) else out.last_hidden_state.sum() + out.pooler_output
        if training:
            out.sum().backward()

    expected = closed_form(model, image_size=64, training=training)
    assert flops_of(step) / 3 == pytest.approx(expected, rel=1e-9)


TWO: dict[str, Any] = {"text_config": {**SMALL, "vocab_size": 50}, "vision_config": SMALL | IMAGE}
DUALS: dict[str, Callable[[], Any]] = {
    "clip": lambda: transformers.CLIPModel(transformers.CLIPConfig(**TWO)),
    "chinese clip": lambda: transformers.ChineseCLIPModel(transformers.ChineseCLIPConfig(**TWO)),
    "siglip": lambda: transformers.SiglipModel(transformers.SiglipConfig(**TWO)),
    "altclip": lambda: transformers.AltCLIPModel(
        transformers.AltCLIPConfig(
            text_config={**TWO["text_config"], "project_dim": 16},
            vision_config=TWO["vision_config"],
        )
    ),
}


@pytest.mark.parametrize("make", DUALS.values(), ids=DUALS.keys())
def test_two_towers_agree_with_the_counter(make: Callable[[], Any]) -> None:
    model = make().eval()
    pixels, words = torch.randn(2, 3, 64, 64), torch.randint(3, 50, (2, 9))
    counted = flops_of(lambda: model(pixel_values=pixels, input_ids=words)) / 2
    expected = closed_form(model, tokens=9, image_size=64)
    assert counted == pytest.approx(expected, rel=0.01)  # all pairs are compared, too


@pytest.mark.parametrize(
    ("name", "size", "published"),
    [
        ("deit_small_patch16_224", 224, 4.6e9),
        ("deit_base_patch16_224", 224, 17.5e9),
        ("deit_base_patch16_384", 384, 55.4e9),
    ],
)
def test_vit_has_the_operations_that_are_published(name: str, size: int, published: float) -> None:
    """Liu et al., Swin Transformer, 2021, table 1: multiply-adds, two FLOPs each."""
    with torch.device("meta"):
        model = timm.create_model(name)
    expected = closed_form(model, image_size=size)
    assert expected == pytest.approx(2 * published, rel=0.01)


def test_a_head_on_top_is_applied_once() -> None:
    model = nn.Sequential(text_encoder(transformers.BertConfig), nn.Linear(32, 7))
    alone = closed_form(model[0], tokens=10)
    assert alone is not None
    assert closed_form(model, tokens=10) == alone + 2 * 32 * 7


@pytest.mark.parametrize(
    "make",
    [
        lambda: timm.create_model("resnet10t"),
        lambda: nn.ModuleList([text_encoder(transformers.BertConfig), nn.Conv2d(3, 4, 3)]),
        lambda: nn.ModuleList([text_encoder(transformers.BertConfig), nn.LSTM(3, 4)]),
        lambda: text_encoder(transformers.DebertaV2Config),
        lambda: nn.Linear(3, 4),
    ],
    ids=["convnet", "with a convolution", "with a recurrence", "other attention", "no encoder"],
)
def test_what_the_formula_does_not_know_has_none(make: Callable[[], nn.Module]) -> None:
    assert closed_form(make(), tokens=10, image_size=64) is None


def test_a_size_that_is_missing_gives_none() -> None:
    model = open_clip_model()
    assert closed_form(model, tokens=12) is None
    assert closed_form(model, image_size=64) is None


def test_a_frozen_part_has_no_closed_form_of_training() -> None:
    model = text_encoder(transformers.BertConfig)
    next(model.parameters()).requires_grad_(False)
    assert closed_form(model, tokens=10, training=True) is None


# ------------------------------------------------------------------------------ the check


def test_the_note_gives_the_ratio() -> None:
    found, warnings = flops_checked("train_flops_per_sample", 1.02e9, 1e9)
    assert (found.value, found.unit) == (1.02e9, "FLOP")
    assert found.note == "counted; 1.020 of the closed form"
    assert warnings == ()


@pytest.mark.parametrize("counted", [0.94e9, 1.06e9])
def test_a_disagreement_is_a_warning_with_advice(counted: float) -> None:
    _, (warning,) = flops_checked("train_flops_per_sample", counted, 1e9)
    assert "do not use the utilisation" in warning


def test_a_model_without_a_closed_form_is_counted_alone() -> None:
    model = timm.create_model("resnet10t").eval()
    images = torch.randn(2, 3, 64, 64)
    found, warnings = flops_per_sample(
        lambda: model(images), model, samples=2, training=False, image_size=64
    )
    assert found.name == "inference_flops_per_sample"
    assert found.value is not None
    assert found.value > 0
    assert "no closed form" in (found.note or "")
    assert warnings == ()


def test_parameters_are_told_with_those_that_are_trained() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5))
    model[0].requires_grad_(False)
    assert [(m.name, m.value) for m in parameters(model)] == [
        ("parameters", 16.0 + 25.0),
        ("trainable_parameters", 25.0),
    ]
