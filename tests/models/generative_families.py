"""Tiny models that answer in words, one of every family, as `save_pretrained` writes them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import (
    BertConfig,
    BlipConfig,
    BlipForConditionalGeneration,
    Florence2Config,
    Florence2ForConditionalGeneration,
    GPT2Config,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

WORDS = (
    *("a", "the", "red", "blue", "cat", "dog", "sat", "on", "mat"),
    *("what", "is", "this", "?", "which", "colour", "Name", "it", "."),
)
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>", "<image>", "<turn>", "<fake_token_around_image>")
PAD, START, END, IMAGE = 0, 2, 3, 4
TEMPLATE = (
    "{% for m in messages %}<turn>{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>{% else %} {{ c['text'] }}{% endif %}{% endfor %}</s>"
    "{% endfor %}{% if add_generation_prompt %}<turn>{% endif %}"
)
_SMALL: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
_HEADS: dict[str, Any] = {"num_attention_heads": 2}
_IDS: dict[str, Any] = {"bos_token_id": START, "eos_token_id": END, "pad_token_id": PAD}
# weights are drawn larger than a trained model's: rows then differ by more than rounding
_WIDE: dict[str, Any] = {"initializer_range": 0.3}


def tokenizer(template: str | None = None) -> PreTrainedTokenizerFast:
    """One token a word; a chat template where one is given."""
    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *WORDS))}
    backend = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.decoder = decoders.Fuse()
    found = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="</s>",
        additional_special_tokens=[AddedToken(t, special=True) for t in SPECIAL[4:]],
    )
    found.backend_tokenizer.decoder = None
    found.chat_template = template
    return found


def _size() -> int:
    return len(SPECIAL) + len(WORDS)


def _bert() -> Any:
    vision = ViTConfig(**_SMALL, **_HEADS, image_size=32, patch_size=16)
    decoder = BertConfig(
        **_SMALL,
        **_HEADS,
        **_WIDE,
        vocab_size=_size(),
        max_position_embeddings=24,
        is_decoder=True,
        add_cross_attention=True,
    )
    return _pair(vision, decoder)


def _gpt2() -> Any:
    vision = ViTConfig(**{**_SMALL, "hidden_size": 24}, **_HEADS, image_size=32, patch_size=16)
    decoder = GPT2Config(
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=24,
        vocab_size=_size(),
        add_cross_attention=True,
        bos_token_id=START,
        eos_token_id=END,
        **_WIDE,
    )
    return _pair(vision, decoder)


def _pair(vision: Any, decoder: Any) -> Any:
    sides: dict[str, Any] = {"encoder": vision.to_dict(), "decoder": decoder.to_dict()}
    config: Any = VisionEncoderDecoderConfig(**sides)
    config.decoder_start_token_id, config.eos_token_id, config.pad_token_id = START, END, PAD
    config.decoder.pad_token_id = PAD
    return VisionEncoderDecoderModel(config)


def _blip() -> Any:
    text = {**_SMALL, **_HEADS, **_IDS, **_WIDE, "encoder_hidden_size": 16, "sep_token_id": END}
    text |= {"vocab_size": _size(), "max_position_embeddings": 24, "projection_dim": 16}
    vision = {**_SMALL, **_HEADS, "image_size": 32, "patch_size": 16, "initializer_range": 0.1}
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision))


def _text(model_type: str) -> dict[str, Any]:
    return {
        **_SMALL,
        **_HEADS,
        **_IDS,
        **_WIDE,
        "model_type": model_type,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "vocab_size": _size(),
        "max_position_embeddings": 128,
    }


def _llava() -> Any:
    vision = {**_SMALL, **_HEADS, "model_type": "clip_vision_model", "image_size": 32}
    vision |= {"patch_size": 8, "projection_dim": 16}
    config = LlavaConfig(text_config=_text("llama"), vision_config=vision, image_token_index=IMAGE)
    return LlavaForConditionalGeneration(config)


def _smolvlm() -> Any:
    vision = {**_SMALL, **_HEADS, "image_size": 32, "patch_size": 8}
    config = SmolVLMConfig(
        text_config=_text("llama"),
        vision_config=vision,
        image_token_id=IMAGE,
        scale_factor=2,
    )
    return SmolVLMForConditionalGeneration(config)


_QWEN: dict[str, Any] = {"image_token_id": IMAGE, "video_token_id": 5, "vision_start_token_id": 6}


def _qwen25() -> Any:
    text = _text("qwen2_5_vl_text")
    text["rope_parameters"] = {
        "rope_type": "default",
        "mrope_section": [1, 1, 2],
        "rope_theta": 1e4,
    }
    vision: dict[str, Any] = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
    }
    vision |= {"patch_size": 4, "out_hidden_size": 16, "window_size": 16}
    vision |= {"fullatt_block_indexes": [1]}
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(text_config=text, vision_config=vision, **_QWEN)
    )


def _qwen3() -> Any:
    text = _text("qwen3_vl_text")
    text["rope_parameters"] = {
        "rope_type": "default",
        "mrope_section": [1, 1, 2],
        "rope_theta": 1e4,
    }
    vision: dict[str, Any] = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
    }
    vision |= {"patch_size": 4, "out_hidden_size": 16, "num_position_embeddings": 64}
    vision |= {"deepstack_visual_indexes": [0]}
    return Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(text_config=text, vision_config=vision, **_QWEN)
    )


def _whisper() -> Any:
    config = WhisperConfig(
        vocab_size=_size(),
        num_mel_bins=80,
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_source_positions=50,
        max_target_positions=24,
        decoder_start_token_id=START,
        init_std=0.3,
        **_IDS,
    )
    return WhisperForConditionalGeneration(config)


def _florence() -> Any:
    text: dict[str, Any] = {"model_type": "bart", "vocab_size": _size(), "d_model": 16}
    text |= {"encoder_layers": 2, "decoder_layers": 2, "max_position_embeddings": 64}
    text |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "init_std": 0.8}
    text |= {"encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "decoder_start_token_id": END, **_IDS}
    vision: dict[str, Any] = {"embed_dim": [8, 16], "depths": [1, 1], "num_heads": [1, 2]}
    vision |= {"num_groups": [1, 2], "patch_size": [7, 3], "patch_stride": [4, 2]}
    vision |= {"patch_padding": [3, 1], "patch_prenorm": [False, True], "window_size": 4}
    vision |= {"projection_dim": 16, "initializer_range": 1.0}
    config = Florence2Config(text_config=text, vision_config=vision, image_token_id=IMAGE)
    return Florence2ForConditionalGeneration(config)


_MAKE: Mapping[str, Callable[[], Any]] = {
    "bert-decoder": _bert,
    "gpt2-decoder": _gpt2,
    "blip": _blip,
    "llava": _llava,
    "smolvlm": _smolvlm,
    "qwen2_5_vl": _qwen25,
    "qwen3_vl": _qwen3,
    "whisper": _whisper,
    "florence2": _florence,
}
FAMILIES = tuple(_MAKE)
SEEING = tuple(family for family in FAMILIES if family != "whisper")
READING = ("llava", "smolvlm", "qwen2_5_vl", "qwen3_vl")
TALKING = ("smolvlm", "qwen2_5_vl", "qwen3_vl")
"""Those with a chat template."""


def write(family: str, folder: Path) -> Path:
    """A tiny model of the family with its tokenizer, as its own library saves them."""
    with torch.random.fork_rng():
        torch.manual_seed(FAMILIES.index(family))
        model = _MAKE[family]()
    model.save_pretrained(folder)
    tokenizer(TEMPLATE if family in TALKING else None).save_pretrained(folder)
    return folder
