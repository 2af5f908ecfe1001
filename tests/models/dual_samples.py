"""Tiny dual encoders of every family, written by `save_pretrained`, and cards for them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache as once
from pathlib import Path
from typing import Any

import open_clip
import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import (
    AltCLIPConfig,
    AltCLIPModel,
    BertTokenizer,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    GemmaTokenizer,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
    XLMRobertaTokenizer,
)

from mmbench.cards import FolderModel, ImageRules, ModelCard, ModelSource, TextRules
from mmbench.data.examples import Examples
from tests.models.samples import encoded, picture

SIDE = 32
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
TEXTS = (
    "a red dog",
    "A Red DOG!",
    "",
    "红色的狗，坐在垫子上。",
    "🐕 naïve café 🦊",
    "the dog ran on and on and on and on and on and on and on and on",
    "狗" * 40,
    " <b>x</b>\tA.B &amp; c ",
)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!<>/&;红色的狗坐在垫子上，。🐕🦊ïé"

RULES: Mapping[str, TextRules] = {
    "clip": TextRules(max_tokens=16, pooling="own"),
    "chinese_clip": TextRules(max_tokens=12, pooling="own"),
    "altclip": TextRules(max_tokens=14, pooling="own"),
    "siglip": TextRules(max_tokens=16, pooling="own", padding="max", lower_case=True),
}
FAMILIES = tuple(RULES)

_TOWER = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
_VISION = {**_TOWER, "image_size": SIDE, "patch_size": 8}


@once
def clip_tokenizer() -> CLIPTokenizer:
    """CLIP's own 49,408 entries, as transformers spells them, from open_clip's copy."""
    inner: Any = open_clip.SimpleTokenizer()
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(word, word): index for word, index in inner.encoder.items()}
    return CLIPTokenizer(vocab=vocabulary, merges=list(inner.bpe_ranks))


def chinese_tokenizer() -> BertTokenizer:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{c}" for c in LETTERS)]
    return BertTokenizer(vocab={word: index for index, word in enumerate(dict.fromkeys(words))})


def xlm_tokenizer() -> XLMRobertaTokenizer:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS, "▁dog", "▁a", "<mask>"]
    return XLMRobertaTokenizer(vocab=[(piece, -float(i)) for i, piece in enumerate(pieces)])


def gemma_tokenizer() -> GemmaTokenizer:
    """Capitals are other ids than small letters; a text ends by <eos>, padded on its right."""
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *LETTERS]
    found = GemmaTokenizer(
        vocab={piece: index for index, piece in enumerate(dict.fromkeys(pieces))},
        merges=[],
        padding_side="right",
    )
    end = [("<eos>", 1)]
    processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=end)
    found.backend_tokenizer.post_processor = processor
    return found


def ending(highest: bool) -> PreTrainedTokenizerFast:
    """Twelve words; a text ends by the highest id, or by another."""
    words = ["[PAD]", "[UNK]", "a", "red", "dog", "the", "cat", "sat", "[CLS]"]
    words = [*words, "[SEP]"] if highest else ["[SEP]", *words]
    vocabulary = {word: index for index, word in enumerate(words)}
    backend = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = (("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    backend.post_processor = processors.BertProcessing(*ends)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]", sep_token="[SEP]"
    )


def _clip() -> tuple[Any, Any]:
    text = {**_TOWER, "vocab_size": 49408, "max_position_embeddings": 16}
    config = CLIPConfig(text_config=text, vision_config=_VISION, projection_dim=12)
    return CLIPModel(config), clip_tokenizer()


def _chinese_clip() -> tuple[Any, Any]:
    tokenizer = chinese_tokenizer()
    text = {**_TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 20}
    config = ChineseCLIPConfig(text_config=text, vision_config=_VISION, projection_dim=12)
    return ChineseCLIPModel(config), tokenizer


def _altclip() -> tuple[Any, Any]:
    tokenizer = xlm_tokenizer()
    text: dict[str, Any] = {**_TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 16}
    text |= {"project_dim": 10, "initializer_factor": 1.0}
    config = AltCLIPConfig(text_config=text, vision_config=_VISION, projection_dim=12)
    return AltCLIPModel(config), tokenizer


def _siglip() -> tuple[Any, Any]:
    tokenizer = gemma_tokenizer()
    text = {**_TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 16}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=_VISION))
    torch.nn.init.constant_(model.logit_scale, 1.5)
    torch.nn.init.constant_(model.logit_bias, -4.0)
    return model, tokenizer


_MAKE: Mapping[str, Callable[[], tuple[Any, Any]]] = {
    "clip": _clip,
    "chinese_clip": _chinese_clip,
    "altclip": _altclip,
    "siglip": _siglip,
}


def write(family: str, folder: Path) -> Path:
    """A tiny model of the family with its tokenizer, as its own library saves them."""
    with torch.random.fork_rng():
        torch.manual_seed(FAMILIES.index(family))
        model, tokenizer = _MAKE[family]()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def pixel_rules(fit: str = "squash") -> ImageRules:
    return ImageRules(
        size=SIDE,
        fit=fit,  # type: ignore[arg-type]
        interpolation="bicubic",
        mean=CLIP_MEAN,
        std=CLIP_STD,
    )


def dual_card(
    source: ModelSource | Path,
    rules: TextRules,
    *,
    architecture: str | None = None,
    image: ImageRules | None = None,
) -> ModelCard:
    """A card of transformers, or of open_clip if an architecture is given."""
    if isinstance(source, Path):
        source = FolderModel(via="folder", path=str(source))
    return ModelCard(
        name="tiny-dual",
        family="test",
        languages=("en", "zh"),
        modalities=("image", "text"),
        adapter="dual",
        library="open_clip" if architecture else "transformers",
        architecture=architecture,
        source=source,
        gives=("pooled", "paired", "joint"),
        text=rules,
        image=image or pixel_rules(),
    )


def with_text(card: ModelCard, **changes: Any) -> ModelCard:
    assert card.text is not None
    return replace(card, text=replace(card.text, **changes))


def pairs(count: int = len(TEXTS)) -> Examples:
    """Pictures of odd shapes with the texts of TEXTS."""
    shapes = [(40, 30), (30, 40), (33, 31), (64, 64), (20, 50), (47, 90), (7, 5), (100, 32)]
    images = [encoded(picture(seed, *shapes[seed % 8])) for seed in range(count)]
    return Examples(
        ids=tuple(f"p{row}" for row in range(count)),
        inputs={"image": images, "text": [TEXTS[row % len(TEXTS)] for row in range(count)]},
    )
