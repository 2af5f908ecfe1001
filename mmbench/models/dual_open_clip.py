"""Dual encoders of `open_clip`, any architecture of it, with the tokenizer that goes with each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import open_clip
from open_clip.tokenizer import get_clean_fn
from torch import Tensor, nn

from mmbench.cards import (
    HubModel,
    ImageRules,
    ModelCard,
    ModelScopeModel,
    NoTokenizer,
    PackageModel,
    PairModel,
    RandomModel,
)
from mmbench.data.prepared import Inputs
from mmbench.errors import CardError
from mmbench.models import from_open_clip, from_transformers, hub, open_clip_text
from mmbench.models.cutting import FastTokenizer, SlowTokenizer, Tokenizer
from mmbench.models.open_clip_config import FILE, ModelConfig
from mmbench.models.sources import locate
from mmbench.models.towers import Normalisation, TextNeeds, Towers

UNLIMITED = 2**31
BESIDE = "."
"""The hf_tokenizer_name of a tokenizer that open_clip has no name for: it lies in the folder."""


class OpenClipTowers(Towers):
    """`encode_image` and `encode_text` of a model of open_clip.

    Its own text towers take ids alone, padded to the context length. Those of transformers mask
    the padding themselves, so that a batch needs no more of it than its longest text.
    """

    def __init__(
        self,
        model: nn.Module,
        config: ModelConfig,
        architecture: str,
        normalisation: Normalisation | None,
    ) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.architecture = architecture
        self.normalisation = normalisation
        self.similarity: Literal["softmax", "sigmoid"]
        self.similarity = "softmax" if self.bias is None else "sigmoid"
        self.text = text_needs(model, config["text_cfg"])

    @property
    def log_scale(self) -> nn.Parameter:
        return cast(nn.Parameter, self.model.logit_scale)

    @property
    def bias(self) -> nn.Parameter | None:
        return cast("nn.Parameter | None", self.model.logit_bias)

    def encode_image(self, pixels: Tensor) -> Tensor:
        return cast(Tensor, cast(Any, self.model).encode_image(pixels, normalize=False))

    def encode_text(self, inputs: Inputs) -> Tensor:
        return cast(Tensor, cast(Any, self.model).encode_text(inputs["input_ids"], normalize=False))

    def clean(self, text: str) -> str:
        fields = self.config["text_cfg"]
        how = open_clip_text.settings_of(fields, self.architecture, default="whitespace").clean
        return cast(str, get_clean_fn(how)(text))

    def around(self, inner: FastTokenizer | SlowTokenizer) -> Tokenizer:
        separator = cast(Any, inner.inner).sep_token_id
        return open_clip_text.cleaned(inner, separator, self.config["text_cfg"], self.architecture)

    def save(self, folder: Path, tokenizer: Tokenizer | None, rules: ImageRules) -> None:
        with from_transformers.quiet():
            from_open_clip.save(self.model, folder, self.architecture, self.config, rules)
            if tokenizer is not None:
                tokenizer.save(folder)


def load(card: ModelCard) -> tuple[OpenClipTowers, Tokenizer | None]:
    """The card's towers and their tokenizer, None where it is yet to be trained, or never needed.

    TrialError or CardError if its files or its config are of another architecture.
    """
    source, architecture = card.source, card.architecture
    assert architecture is not None  # the card is refused without it
    assert not isinstance(source, PairModel)  # the card is refused with it
    _check_pixels(card.name, card.image)
    if isinstance(source, RandomModel):
        return _random(architecture, source, card.name)
    if isinstance(source, HubModel | ModelScopeModel):
        path = hub.download(source, hub.OPEN_CLIP)
    else:
        path = locate(source)
    if path.is_dir():
        model, stored = from_open_clip.from_folder(path, architecture)
    else:
        order = source.tensors if isinstance(source, PackageModel) else "by_name"
        model, stored = from_open_clip.from_file(path, architecture, tensors=order, where=card.name)
    towers = OpenClipTowers(model, stored.config, architecture, stored.normalisation)
    return towers, _own_tokenizer(towers, path, card.name)


def _random(
    architecture: str, source: RandomModel, where: str
) -> tuple[OpenClipTowers, Tokenizer | None]:
    model, config = from_open_clip.random(architecture, source.config, where)
    if source.tokenizer is None:
        towers = OpenClipTowers(model, config, architecture, None)
        return towers, _own_tokenizer(towers, None, where)
    if isinstance(source.tokenizer, NoTokenizer):
        return OpenClipTowers(model, config, architecture, None), None
    config["text_cfg"]["hf_tokenizer_name"] = BESIDE
    towers = OpenClipTowers(model, config, architecture, None)
    inner = from_transformers.borrowed(source.tokenizer)
    return towers, None if inner is None else towers.around(inner)


def _own_tokenizer(towers: OpenClipTowers, folder: Path | None, where: str) -> Tokenizer | None:
    """CLIP's byte pairs, or the tokenizer of transformers that lies in the folder, if it does."""
    text = towers.config["text_cfg"]
    name = text.get("hf_tokenizer_name")
    if not name:
        return open_clip_text.byte_pairs(text, where)
    if folder is None or not folder.is_dir():
        raise CardError(
            f"{where}: its tokenizer is {name}, whose files are needed: beside {FILE} in a folder, "
            "or as source.tokenizer of a random start"
        )
    inner = from_transformers.cutter_if_any(folder)
    return None if inner is None else towers.around(inner)


def text_needs(model: Any, text_fields: Mapping[str, Any]) -> TextNeeds:
    """What the text tower of a model of such a `text_cfg` takes."""
    text = open_clip.CLIPTextCfg(**text_fields)
    if text.hf_model_name:
        inner = model.text.config
        positions = getattr(inner, "max_position_embeddings", None) or UNLIMITED
        if inner.model_type in ("roberta", "xlm-roberta"):  # counted from behind the padding index
            positions -= inner.pad_token_id + 1
        return TextNeeds(
            positions=positions,
            padding="longest",
            embedded=inner.vocab_size,
            pad=inner.pad_token_id,
        )
    end: int | Literal["highest"] | None = None
    if not text.embed_cls and text.pool_type in ("argmax", "eos"):
        end = "highest" if text.pool_type == "argmax" else int(text.eos_id)
    return TextNeeds(
        positions=text.context_length,
        padding="max",
        embedded=text.vocab_size,
        end=end,
        pad=text.pad_id if text.embed_cls else None,
    )


def _check_pixels(where: str, rules: ImageRules | None) -> None:
    """CardError for what open_clip has no word for: the folder we save could not say it."""
    if rules is None:
        return
    if rules.interpolation == "lanczos":
        raise CardError(f"{where}: open_clip knows image.interpolation: bilinear and bicubic")
    if rules.crop_fraction != 1.0:
        raise CardError(
            f"{where}: open_clip crops from the size itself: remove image.crop_fraction"
        )
