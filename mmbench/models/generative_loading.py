"""Which model of transformers a card means that generates, and how it is asked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from mmbench.cards import ModelCard, NoTokenizer, PairModel, RandomModel, TrainedTokenizer
from mmbench.errors import CardError, TrialError
from mmbench.models import from_transformers
from mmbench.models.captioner import captioner
from mmbench.models.encoder_decoder import Blip, EncoderDecoder
from mmbench.models.florence import Florence
from mmbench.models.generators import Generator
from mmbench.models.sources import locate, parts_of
from mmbench.models.vision_language import LAYOUTS, VisionLanguage

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TWO_CONFIGS = "vision-encoder-decoder"
"""The config of this one is made of an encoder's and a decoder's."""


def load(card: ModelCard) -> tuple[Generator, "PreTrainedTokenizerFast | None"]:
    """The model, and its tokenizer; None where `learn_vocabulary` will train one, or where nothing
    is read or written. CardError where the card describes no model that generates."""
    if isinstance(card.source, PairModel):
        text = parts_of(card)["text"]
        return captioner(parts_of(card), card.name), _tokenizer(text)
    if card.library != "transformers":
        raise CardError(f"{card.name}: adapter generative needs library: transformers")
    if isinstance(card.source, RandomModel):
        model = random(card.source.config, card.name)
    else:
        folder = locate(card.source)
        model = from_transformers.pretrained(folder, of_class=class_of(_type_in(folder), card.name))
    return generator_of(card, model), _tokenizer(card)


def generator_of(card: ModelCard, model: nn.Module) -> Generator:
    model_type = str(cast(Any, model).config.model_type)
    if model_type == "blip":
        return Blip(model)
    if model_type == "florence2":
        return Florence(model, card.name)
    if model_type in LAYOUTS:
        if card.image is None:
            raise CardError(f"{card.name}: a {model_type} needs modality image, and rules")
        return VisionLanguage(model, card.image.size)
    return EncoderDecoder(model, card.name)


def random(config: Mapping[str, Any], where: str) -> "PreTrainedModel":
    """A model of this config with weights drawn from torch's default generator, in float32."""
    model_type = config.get("model_type")
    if model_type != TWO_CONFIGS:
        return from_transformers.random(config, where, of_class=class_of(model_type, where))
    from transformers import AutoConfig, VisionEncoderDecoderConfig, VisionEncoderDecoderModel

    fields = {name: value for name, value in config.items() if name != "model_type"}
    sides = {}
    for side in ("encoder", "decoder"):
        inner = fields.pop(side, None)
        if not isinstance(inner, Mapping):
            raise CardError(f"{where}: source.config.{side} is missing; it is a config of its own")
        inner = from_transformers.checked_fields(inner, f"{where}: source.config.{side}")
        if side == "decoder":
            inner |= {"is_decoder": True, "add_cross_attention": True}
        sides[side] = AutoConfig.for_model(**inner).to_dict()
    known = ("decoder_start_token_id", "eos_token_id", "pad_token_id", "tie_word_embeddings")
    for name in fields:
        if name not in known:
            raise CardError(f"{where}: source.config.{name} is unknown; {', '.join(known)} are not")
    with from_transformers.quiet():
        built = cast(Any, VisionEncoderDecoderConfig)(**sides, **fields)
        model = cast(Any, VisionEncoderDecoderModel)._from_config(built, dtype=torch.float32)
    return cast("PreTrainedModel", model)


def class_of(model_type: object, where: str) -> "type[PreTrainedModel]":
    """Of those that see and of those that hear, the one that generates; CardError if none does."""
    from transformers import CONFIG_MAPPING, AutoModelForImageTextToText, AutoModelForSpeechSeq2Seq

    if model_type in CONFIG_MAPPING:
        wanted = CONFIG_MAPPING[cast(str, model_type)]
        for auto in (AutoModelForImageTextToText, AutoModelForSpeechSeq2Seq):
            mapping = cast(Any, auto)._model_mapping
            if wanted in mapping:
                return cast("type[PreTrainedModel]", mapping[wanted])
    known = ", ".join(["whisper", "blip", "florence2", TWO_CONFIGS, *LAYOUTS])
    raise CardError(f"{where}: a {model_type} generates no text here; these do: {known}")


def _type_in(folder: Path) -> object:
    try:
        return json.loads((folder / "config.json").read_text()).get("model_type")
    except (OSError, ValueError) as error:
        raise TrialError(f"{folder}: no config.json of transformers: {error}") from error


def _tokenizer(card: ModelCard) -> "PreTrainedTokenizerFast | None":
    source = card.source
    if not isinstance(source, RandomModel):
        return from_transformers.tokenizer(locate(cast(Any, source)))
    if source.tokenizer is None:
        raise CardError(f"{card.name}: a random start needs source.tokenizer")
    if isinstance(source.tokenizer, TrainedTokenizer):
        if source.tokenizer.pieces != "bpe":
            raise CardError(
                f"{card.name}: a model that writes needs source.tokenizer.pieces: bpe, whose texts "
                "come back as they were"
            )
        return None
    if isinstance(source.tokenizer, NoTokenizer):
        return None
    return from_transformers.tokenizer(locate(source.tokenizer))
