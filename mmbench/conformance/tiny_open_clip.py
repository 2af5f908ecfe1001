"""Architectures of `open_clip`, shrunk by the fields of their config."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmbench.cards import ModelCard, RandomModel
from mmbench.conformance.tiny_transformers import ENTRIES, shrunk
from mmbench.models.from_open_clip import KNOWN_TEXTS
from mmbench.models.open_clip_config import of_architecture

WIDTH, HEADS, LAYERS = 32, 2, 2
END_ID = 3  # [SEP] of the tokenizer that the contract trains
TEXT = {"width": WIDTH, "heads": HEADS, "layers": LAYERS}


def of_open_clip(card: ModelCard, folder: Path, *, trained: bool) -> ModelCard:
    """card: a random start of its own config. trained: it has a vocabulary of the task's texts, in
    place of the byte pairs that open_clip brings along. Towers of timm are made small by
    `tiny_timm.small_towers` alone.
    """
    assert isinstance(card.source, RandomModel), "as_scratch has made it one"
    assert card.architecture is not None, "a card of open_clip names it"
    said = card.source.config
    own = of_architecture(card.architecture, said, card.name)
    text = own["text_cfg"]
    config: dict[str, Any] = {
        **said,
        "embed_dim": WIDTH,
        "vision_cfg": {**said.get("vision_cfg", {}), **_vision(own["vision_cfg"])},
        "text_cfg": {**said.get("text_cfg", {}), **_text(text, folder, trained=trained)},
    }
    if "multimodal_cfg" in own:
        config["multimodal_cfg"] = TEXT
    source = replace(card.source, config=config)
    if not trained and not text.get("hf_tokenizer_name"):
        source = replace(source, tokenizer=None)
    return replace(card, source=source)


def _vision(own: Mapping[str, Any]) -> dict[str, Any]:
    if own.get("timm_model_name"):
        return {}
    if isinstance(own.get("layers"), list):  # a ResNet
        return {"layers": [1] * len(own["layers"]), "width": 8}
    return {"layers": LAYERS, "width": WIDTH, "head_width": WIDTH // HEADS}


def _text(own: Mapping[str, Any], folder: Path, *, trained: bool) -> dict[str, Any]:
    if own.get("hf_model_name"):
        known = KNOWN_TEXTS[own["hf_model_name"]]
        folder.mkdir(parents=True, exist_ok=True)
        said = json.dumps(shrunk(known, writes=False, reads=True))
        (folder / "config.json").write_text(said)
        return {"hf_model_name": str(folder)}
    if not trained and not own.get("hf_tokenizer_name"):
        return dict(TEXT)
    small: dict[str, Any] = {**TEXT, "vocab_size": ENTRIES}
    if own.get("pool_type", "argmax") in ("argmax", "eos"):
        small |= {"pool_type": "eos", "eos_id": END_ID}
    return small
