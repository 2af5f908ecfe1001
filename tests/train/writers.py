"""Models that write on the flags of `words`, their recipes, and a score of their records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mmbench.cards import (
    FolderModel,
    GenerationRules,
    ModelCard,
    PairModel,
    RandomModel,
    Recipe,
    TextRules,
    TrainedTokenizer,
)
from mmbench.records import Record, Score
from tests.models.samples import image_card, squash

FULL = Recipe(
    name="all",
    strategy="full",
    learning_rates=(3e-3,),
    epochs=30,
    weight_decay=0.0,
    batch_size=8,
    evaluations=3,
)
PROBE = replace(FULL, name="decoder", strategy="probe", learning_rates=(1e-2,))
ZERO = Recipe(name="zero", strategy="zero_shot")
EYE: dict[str, Any] = {
    "model_type": "vit",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": 16,
    "patch_size": 8,
}
DECODER = {
    "model_type": "blip_text_model",
    "vocab_size": 200,
    "hidden_size": 32,
    "encoder_hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 24,
    "bos_token_id": 2,
    "sep_token_id": 3,
    "eos_token_id": 3,
    "pad_token_id": 0,
    "initializer_range": 0.1,
}
OWN_WORDS = TrainedTokenizer(via="trained", vocabulary=200, pieces="bpe")


def captioner_card(folder: Path) -> ModelCard:
    """A saved image encoder, as if it were pretrained, and a decoder from a random start."""
    from transformers import ViTConfig, ViTModel

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = ViTConfig(**{k: v for k, v in EYE.items() if k != "model_type"})
        ViTModel(config).save_pretrained(folder)
    decoder = ModelCard(
        name="tiny-decoder",
        family="scratch",
        languages=("en",),
        modalities=("text",),
        adapter="generative",
        library="transformers",
        source=RandomModel(via="random", config=DECODER, tokenizer=OWN_WORDS),
        gives=("generates",),
        text=TextRules(max_tokens=12, pooling="own"),
        generation=GenerationRules(max_new_tokens=12),
    )
    eye = image_card(FolderModel(via="folder", path=str(folder)), rules=squash(16))
    return ModelCard(
        name="tiny-captioner",
        family="scratch",
        languages=("en",),
        modalities=("image", "text"),
        adapter="generative",
        source=PairModel(via="pair", image=eye.name, text=decoder.name),
        gives=("generates",),
        generation=GenerationRules(max_new_tokens=12),
        parts={"image": eye, "text": decoder},
    )


def score(record: Record, stage: str, split: str, metric: str) -> Score:
    (found,) = (s for s in record.scores if (s.stage, s.split, s.metric) == (stage, split, metric))
    return found
