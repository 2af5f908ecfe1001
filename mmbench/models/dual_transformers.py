"""Dual encoders of `transformers`: CLIP, Chinese-CLIP, AltCLIP, SigLIP and fixed-size SigLIP 2."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from mmbench.cards import ImageRules, ModelCard, PairModel, RandomModel
from mmbench.data.prepared import Inputs
from mmbench.errors import CardError, TrialError
from mmbench.models import from_transformers
from mmbench.models.cutting import FastTokenizer, SlowTokenizer, Tokenizer
from mmbench.models.sources import locate
from mmbench.models.towers import Normalisation, TextNeeds, Towers

OLD_CLIP_END = 2
"""CLIP configs that say so are older than the field: the model then takes the highest id."""

PREPROCESSOR = "preprocessor_config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a model_type is made for, and what its text tower takes."""

    similarity: Literal["softmax", "sigmoid"]
    text: Callable[[PretrainedConfig], TextNeeds]


def _clip(text: Any) -> TextNeeds:
    return TextNeeds(
        positions=text.max_position_embeddings,
        padding="longest",
        embedded=text.vocab_size,
        end="highest" if text.eos_token_id == OLD_CLIP_END else int(text.eos_token_id),
    )


def _chinese_clip(text: Any) -> TextNeeds:
    return TextNeeds(
        positions=text.max_position_embeddings, padding="longest", embedded=text.vocab_size
    )


def _altclip(text: Any) -> TextNeeds:
    """XLM-RoBERTa counts positions from behind the padding index, and only where no padding is."""
    return TextNeeds(
        positions=text.max_position_embeddings - text.pad_token_id - 1,
        padding="longest",
        embedded=text.vocab_size,
        pad=text.pad_token_id,
    )


def _siglip(text: Any) -> TextNeeds:
    """The vector stands at the last position, padding or not, and nothing is masked."""
    return TextNeeds(
        positions=text.max_position_embeddings,
        padding="max",
        embedded=text.vocab_size,
        lower_case=True,
    )


FAMILIES: Mapping[str, Family] = {
    "clip": Family(similarity="softmax", text=_clip),
    "chinese_clip": Family(similarity="softmax", text=_chinese_clip),
    "altclip": Family(similarity="softmax", text=_altclip),
    "siglip": Family(similarity="sigmoid", text=_siglip),
}


class TransformersTowers(Towers):
    """`get_image_features` and `get_text_features` of a model of FAMILIES."""

    def __init__(self, model: PreTrainedModel, normalisation: Normalisation | None) -> None:
        super().__init__()
        self.model = model
        family = FAMILIES[model.config.model_type]
        self.similarity = family.similarity
        self.text = family.text(cast(Any, model.config).text_config)
        self.normalisation = normalisation

    @property
    def log_scale(self) -> nn.Parameter:
        return cast(nn.Parameter, self.model.logit_scale)

    @property
    def bias(self) -> nn.Parameter | None:
        return cast("nn.Parameter | None", getattr(self.model, "logit_bias", None))

    def encode_image(self, pixels: Tensor) -> Tensor:
        output = cast(Any, self.model).get_image_features(pixel_values=pixels)
        return cast(Tensor, output.pooler_output)

    def encode_text(self, inputs: Inputs) -> Tensor:
        masked = self.text.padding == "longest"
        output = cast(Any, self.model).get_text_features(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"] if masked else None,
        )
        return cast(Tensor, output.pooler_output)

    def clean(self, text: str) -> str:
        return text

    def around(self, inner: FastTokenizer | SlowTokenizer) -> Tokenizer:
        return inner

    def save(self, folder: Path, tokenizer: Tokenizer | None, rules: ImageRules) -> None:
        with from_transformers.quiet():
            self.model.save_pretrained(folder)
            if tokenizer is not None:
                tokenizer.save(folder)


def load(card: ModelCard) -> tuple[TransformersTowers, Tokenizer | None]:
    """The card's towers and their tokenizer, None where it is yet to be trained.

    TrialError or CardError if its files or its config are of another kind of model.
    """
    source = card.source
    assert not isinstance(source, PairModel)  # the card is refused with it
    if isinstance(source, RandomModel):
        model = from_transformers.random(source.config, card.name)
        if model.config.model_type not in FAMILIES:
            raise CardError(f"{card.name}: {_refusal(model.config.model_type)}")
        if source.tokenizer is None:
            raise CardError(f"{card.name}: a random start needs source.tokenizer")
        return TransformersTowers(model, None), from_transformers.borrowed(source.tokenizer)
    folder = locate(source)
    model = from_transformers.pretrained(folder)
    if model.config.model_type not in FAMILIES:
        raise TrialError(f"{folder}: {_refusal(model.config.model_type)}")
    towers = TransformersTowers(model, _stated_normalisation(folder))
    return towers, from_transformers.cutter_if_any(folder)


def _refusal(model_type: str) -> str:
    if model_type == "siglip2":
        return (
            "SigLIP 2 NaFlex takes patches of a grid of its own for each image, which is not "
            "supported; take a checkpoint of one size, e.g. google/siglip2-base-patch16-224"
        )
    return f"{model_type} is no dual encoder that is known here ({', '.join(FAMILIES)})"


def _stated_normalisation(folder: Path) -> Normalisation | None:
    path = folder / PREPROCESSOR
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_bytes())
        return tuple(map(float, said["image_mean"])), tuple(map(float, said["image_std"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrialError(f"{path}: names no image_mean and image_std: {error}") from error
