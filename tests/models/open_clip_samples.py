"""Tiny models of open_clip: a config over a known architecture, and what its card says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import RobertaConfig

from mmbench.cards import (
    FolderModel,
    ImageRules,
    ModelCard,
    RandomModel,
    TextRules,
)
from tests.models.dual_samples import (
    chinese_tokenizer,
    dual_card,
    ending,
    gemma_tokenizer,
    pixel_rules,
    xlm_tokenizer,
)

VISION = {"image_size": 32, "patch_size": 8, "width": 16, "layers": 2, "head_width": 8}
TEXT = {"context_length": 12, "width": 16, "heads": 2, "layers": 2}
PADDED = TextRules(max_tokens=12, pooling="own", padding="max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiny:
    """An architecture, the fields that make it tiny, and a tokenizer if it has none of its own."""

    architecture: str
    config: Mapping[str, Any]
    tokenizer: Any = None
    rules: TextRules = PADDED
    image: ImageRules = field(default_factory=pixel_rules)


def tiny(name: str, folder: Path) -> ModelCard:
    """A random start of one of TINY; the files that it needs are written into `folder`."""
    sample = TINY[name]
    tokenizer, config = None, dict(sample.config)
    if sample.tokenizer is not None:
        sample.tokenizer().save_pretrained(folder / "words")
        tokenizer = FolderModel(via="folder", path=str(folder / "words"))
    if name == "text tower of transformers":
        roberta(len(xlm_tokenizer())).save_pretrained(folder / "roberta")
        config["text_cfg"] = {**config["text_cfg"], "hf_model_name": str(folder / "roberta")}
    return dual_card(
        RandomModel(via="random", config=config, tokenizer=tokenizer),
        sample.rules,
        architecture=sample.architecture,
        image=sample.image,
    )


def roberta(entries: int) -> RobertaConfig:
    return RobertaConfig(
        vocab_size=entries,
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=2,
        max_position_embeddings=22,
        pad_token_id=1,
    )


TINY: Mapping[str, Tiny] = {
    "native": Tiny(
        architecture="ViT-B-32", config={"embed_dim": 12, "vision_cfg": VISION, "text_cfg": TEXT}
    ),
    "quick gelu": Tiny(
        architecture="ViT-B-32-quickgelu",
        config={"embed_dim": 12, "vision_cfg": VISION, "text_cfg": TEXT},
    ),
    "resnet": Tiny(
        architecture="RN50",
        config={
            "embed_dim": 12,
            "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8},
            "text_cfg": TEXT,
        },
    ),
    "tower of timm": Tiny(
        architecture="EVA02-B-16",
        config={
            "embed_dim": 12,
            "vision_cfg": {"timm_model_name": "resnet10t", "timm_pool": "avg", "image_size": 32}
            | {"timm_proj": "linear"},
            "text_cfg": TEXT,
        },
    ),
    "siglip": Tiny(
        architecture="ViT-B-16-SigLIP",
        config={
            "embed_dim": 512,
            "vision_cfg": {"timm_model_name": "resnet10t", "timm_pool": "avg", "image_size": 32},
            "text_cfg": {**TEXT, "vocab_size": 200, "width": 512, "heads": 8},
        },
        tokenizer=gemma_tokenizer,
        image=pixel_rules("crop"),
    ),
    "clipa": Tiny(
        architecture="ViT-L-16",
        config={
            "embed_dim": 12,
            "vision_cfg": VISION,
            "text_cfg": {**TEXT, "vocab_size": 300, "pool_type": "last", "no_causal_mask": True}
            | {"tokenizer_kwargs": {"strip_sep_token": True}},
        },
        tokenizer=chinese_tokenizer,
    ),
    "end by id": Tiny(
        architecture="ViT-B-32",
        config={
            "embed_dim": 12,
            "vision_cfg": VISION,
            "text_cfg": {**TEXT, "vocab_size": 20, "pool_type": "eos", "eos_id": 0},
        },
        tokenizer=lambda: ending(highest=False),
    ),
    "coca": Tiny(
        architecture="coca_ViT-B-32",
        config={
            "embed_dim": 16,
            "vision_cfg": {**VISION, "attn_pooler_heads": 2, "attn_pooler_queries": 4},
            "text_cfg": TEXT,
            "multimodal_cfg": {**TEXT, "attn_pooler_heads": 2},
        },
    ),
    "text tower of transformers": Tiny(
        architecture="roberta-ViT-B-32",
        config={"embed_dim": 12, "vision_cfg": VISION, "text_cfg": {"context_length": 14}},
        tokenizer=xlm_tokenizer,
        rules=TextRules(max_tokens=14, pooling="own"),
    ),
}
