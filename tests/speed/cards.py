"""Tiny models without files, to be timed, and a speed record of known numbers."""

from dataclasses import replace
from typing import Any

from mmbench.cards import (
    HubModel,
    ImageRules,
    ModelCard,
    RandomModel,
    TextRules,
    as_random,
)
from mmbench.records import Measurement
from mmbench.speed_record import SpeedCase, SpeedRecord
from tests.specimens import ENVIRONMENT, FINGERPRINT

HALF = (0.5, 0.5, 0.5)
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
}
BERT_CONFIG = {"model_type": "bert", "vocab_size": 50, "max_position_embeddings": 32, **SMALL}
CLIP_CONFIG = {
    "model_type": "clip",
    "projection_dim": 16,
    "vision_config": {"image_size": 32, "patch_size": 16, **SMALL},
    "text_config": {
        "vocab_size": 60,
        "max_position_embeddings": 12,
        "bos_token_id": 58,
        "eos_token_id": 59,
        **SMALL,
    },
}


def text_card(config: dict[str, Any] | None = None) -> ModelCard:
    """A hub card that nobody can download: only its config can be used."""
    source = HubModel(via="hub", repo="nobody/tiny", config=config or BERT_CONFIG)
    return ModelCard(
        name="tiny-bert",
        family="BERT",
        languages=("en",),
        modalities=("text",),
        adapter="text",
        library="transformers",
        source=source,
        gives=("pooled", "tokens"),
        country="CN",
        organisation="Nobody",
        text=TextRules(max_tokens=32, pooling="mean"),
    )


def image_card(architecture: str = "test_resnet") -> ModelCard:
    return ModelCard(
        name="tiny-net",
        family="ResNet",
        languages=(),
        modalities=("image",),
        adapter="image",
        library="timm",
        architecture=architecture,
        source=RandomModel(via="random"),
        gives=("pooled",),
        image=ImageRules(size=32, fit="squash", interpolation="bicubic", mean=HALF, std=HALF),
    )


def dual_card() -> ModelCard:
    return ModelCard(
        name="tiny-clip",
        family="CLIP",
        languages=("en",),
        modalities=("image", "text"),
        adapter="dual",
        library="transformers",
        source=HubModel(via="hub", repo="nobody/clip", config=CLIP_CONFIG),
        gives=("pooled", "paired", "joint"),
        text=TextRules(max_tokens=12, pooling="own"),
        image=ImageRules(size=32, fit="squash", interpolation="bicubic", mean=HALF, std=HALF),
    )


def case(card: ModelCard | None = None, **changes: Any) -> SpeedCase:
    """Four texts of eight tokens through tiny-bert, or what is asked for; from a random start."""
    model = as_random(card or text_card())
    tokens = 8 if model.text is not None else None
    plain = SpeedCase(model=model, mode="train", batch_size=4, precision="fp32", tokens=tokens)
    return replace(plain, **changes)


def measured(name: str, value: float | None, *span: float) -> Measurement:
    low, high = span or (None, None)
    return Measurement(name=name, unit="x", value=value, low=low, high=high)


def speed_record(of: SpeedCase | None = None, **changes: Any) -> SpeedRecord:
    of = of or case()
    plain = SpeedRecord(
        key=of.key,
        case=of,
        fingerprint=FINGERPRINT,
        environment=ENVIRONMENT,
        status="ok",
        started_at="2026-11-25T12:00:00+00:00",
        seconds=12.5,
        measurements=(
            measured("train_samples_per_second", 1234.5, 1200.0, 1260.0),
            measured("train_tokens_per_second", 9876.0),
            measured("peak_rss_bytes", 1.5 * 2**30),
            measured("parameters", 21_000.0),
        ),
    )
    return replace(plain, **changes)
