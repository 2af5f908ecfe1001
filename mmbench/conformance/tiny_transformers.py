"""Configs of `transformers`, shrunk field by field: the classes stay, the numbers become small."""

from collections.abc import Mapping
from typing import Any

ENTRIES = 400
"""Of the vocabulary that is trained on the sentences that the contract is tried on."""

EMBEDDED = ENTRIES + 16
"""Ids that the model has a vector for: those, and what stands for images and the like."""

WIDTH, LAYERS, HEADS = 32, 2, 2

NUMBERS: Mapping[str, int | float] = {
    **dict.fromkeys(
        (
            *("hidden_size", "d_model", "n_embd", "projection_dim", "project_dim"),
            *("projection_size", "encoder_hidden_size", "out_hidden_size", "embedding_size"),
            *("output_hidden_size", "mm_hidden_size", "pooler_hidden_size"),
        ),
        WIDTH,
    ),
    **dict.fromkeys(
        ("intermediate_size", "encoder_ffn_dim", "decoder_ffn_dim", "n_inner", "ffn_dim"), 2 * WIDTH
    ),
    **dict.fromkeys(
        ("num_hidden_layers", "encoder_layers", "decoder_layers", "n_layer", "depth"), LAYERS
    ),
    **dict.fromkeys(
        (
            *("num_attention_heads", "encoder_attention_heads", "decoder_attention_heads"),
            *("n_head", "num_heads"),
        ),
        HEADS,
    ),
    "head_dim": WIDTH // HEADS,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "num_experts": 2,
    "initializer_range": 0.2,  # rows then differ by more than rounding
    "init_std": 0.2,
}
LISTS: Mapping[str, int] = {"conv_dim": 16}
"""Fields that are a list of widths: every one of them becomes this."""

GROWING: Mapping[str, int] = {"hidden_sizes": 8, "embed_dim": 8}
"""Fields that are a list of widths, of which the first becomes this, the others twice the last."""

IDS: Mapping[str, int] = {
    "pad_token_id": 0,
    "unk_token_id": 1,
    "bos_token_id": 2,
    "cls_token_id": 2,
    "decoder_start_token_id": 2,
    "eos_token_id": 3,
    "sep_token_id": 3,
    "mask_token_id": 4,
}
"""Those of the tokenizer that is trained: [PAD], [UNK], [CLS], [SEP], [MASK]."""

SIDES = ("encoder", "decoder")
"""Configs within that of a vision-encoder-decoder."""

ABOUT_TEXT = ("vocab_size", *IDS)
MROPE = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10_000.0}


def shrunk(config: Mapping[str, Any], *, writes: bool, reads: bool) -> dict[str, Any]:
    """The same config with small numbers; fields that its class does not have are not added.

    writes, reads: whether the model has anything to do with text; its ids are then those of the
    tokenizer that the contract trains.
    """
    model_type = str(config.get("model_type"))
    text = writes or reads
    if model_type == "vision-encoder-decoder":
        inner = {side: _of(config[side], {}, text=side == "decoder") for side in SIDES}
        ids = {name: IDS[name] for name in IDS if name in config}
        return {**config, **inner, **ids}
    return (
        _with_special_tokens(_of(config, {}, text=text), known(model_type))
        if text
        else _of(config, {}, text=False)
    )


def known(model_type: str) -> Mapping[str, Any]:
    """All fields of a config class with its defaults; {} for one that is not known."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if model_type not in CONFIG_MAPPING:
        return {}
    found: dict[str, Any] = CONFIG_MAPPING[model_type]().to_dict()
    return found


def _of(config: Mapping[str, Any], default: Mapping[str, Any], *, text: bool) -> dict[str, Any]:
    """default: what a composite config has in the place of this one."""
    model_type = str(config.get("model_type") or default.get("model_type"))
    own = {**default, **known(model_type)}
    full = {**own, **config}
    small = dict(config)
    for name, value in full.items():
        # a field that is only in the class of its own is unknown to the composite's default
        if name not in config and default and name not in default:
            continue
        new = _small(name, value, full, text=text)
        if new is not None:
            small[name] = new
    for name, usual in own.items():
        said = config.get(name) or {}
        if (
            name.endswith("_config")
            and isinstance(usual, Mapping)
            and "model_type" in {**usual, **said}
        ):
            small[name] = _of(said, known(str(usual.get("model_type"))), text=text)
            if not said:  # so that the library knows what it is a config of
                small[name]["model_type"] = usual["model_type"]
    if model_type.startswith(("qwen2_vl", "qwen2_5_vl", "qwen3_vl")) and "_text" in model_type:
        small["rope_parameters"] = MROPE
    return small


def _small(name: str, value: Any, full: Mapping[str, Any], *, text: bool) -> Any:
    """The small value of a field; None where it stays as it is."""
    if isinstance(value, list | tuple):
        return _shorter(name, list(value), full)
    if name in ("vocab_size", *IDS):
        if not text:
            return None
        return EMBEDDED if name == "vocab_size" else IDS[name]
    if name == "num_key_value_heads":
        return HEADS if value in (None, full.get("num_attention_heads")) else 1
    if name not in NUMBERS or value is None or isinstance(value, str):
        return None
    return NUMBERS[name]


def _shorter(name: str, values: list[Any], full: Mapping[str, Any]) -> list[Any] | None:
    if name in LISTS:
        return [LISTS[name]] * len(values)
    if name in GROWING:
        return [GROWING[name] * 2**place for place in range(len(values))]
    if name == "depths":
        return [1] * len(values)
    if name == "num_heads":  # Swin's, a stage each
        return [2**place for place in range(len(values))]
    if name in ("deepstack_visual_indexes", "fullatt_block_indexes"):
        return [LAYERS - 1]
    if name == "layer_types" and len(values) == full.get("num_hidden_layers"):
        return _kinds_of_layers(values)
    return None


def _kinds_of_layers(values: list[Any]) -> list[Any]:
    """As many kinds as there is room for, in their order."""
    kinds = list(dict.fromkeys(values))[:LAYERS]
    return (kinds * LAYERS)[:LAYERS]


def _with_special_tokens(config: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for an image and the like lies behind the trained vocabulary."""
    places = [
        name
        for name in {**own, **config}
        if name.endswith(("_token_id", "_token_index")) and name not in IDS
    ]
    config |= {name: ENTRIES + place for place, name in enumerate(places)}
    return config
