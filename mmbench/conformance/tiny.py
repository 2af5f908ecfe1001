"""A model card → the same architecture, so small that its contract is tried in a second or two.

Its real config class, shrunk: few layers of a small width, a vocabulary of a few hundred entries.
What decides how inputs are read stays as the card says, except that sounds are short and images of
an architecture that cannot be shrunk are small.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmbench.cards import (
    FolderModel,
    FusionModel,
    ModelCard,
    PackageModel,
    PairModel,
    RandomModel,
    Side,
    TrainedTokenizer,
)
from mmbench.conformance.tiny_timm import CONVOLUTIONS_SIZE, small_arguments
from mmbench.conformance.tiny_transformers import ENTRIES, shrunk
from mmbench.errors import CardError

SECONDS = 1.0
"""Of the clips of a model that pads all to one length."""

WHISPER_FRAMES = 50  # a second, of its encoder


def tiny(card: ModelCard, folder: Path) -> ModelCard:
    """The card of the shrunk model, a random start. folder: for files that a library wants.

    CardError where the card does not tell its architecture: a model of transformers on a hub has it
    under `source.config`.
    """
    if isinstance(card.source, PairModel | FusionModel):
        return _joined(card, card.source, folder)
    if card.library == "timm":
        return _of_timm(card)
    if card.library == "open_clip":
        from mmbench.conformance.tiny_open_clip import of_open_clip

        own = card.source if isinstance(card.source, RandomModel) else None
        scratch = as_scratch(card, {} if own is None else own.config)
        return of_open_clip(scratch, folder, trained=own is not None and own.tokenizer is not None)
    return _of_transformers(card)


def as_scratch(card: ModelCard, config: Mapping[str, Any]) -> ModelCard:
    """The card as a random start of `config`, which claims nothing of the model's origin."""
    tokenizer = None
    if card.text is not None or card.generation is not None:
        pieces: Any = "bpe" if card.generation is not None else "wordpiece"
        tokenizer = TrainedTokenizer(via="trained", vocabulary=ENTRIES, pieces=pieces)
    return replace(
        card,
        family="scratch",
        source=RandomModel(via="random", config=dict(config), tokenizer=tokenizer),
        organisation=None,
        country=None,
        published=(),
    )


def config_of(card: ModelCard) -> Mapping[str, Any]:
    """The config of a model of transformers, from the card or from the folder with its weights."""
    source = card.source
    said: Mapping[str, Any] = getattr(source, "config", {})  # of whatever is downloaded, or random
    if said:
        return said
    if isinstance(source, FolderModel | PackageModel):
        from mmbench.models.sources import locate

        path = locate(source) / "config.json"
        try:
            said = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CardError(f"{card.name}: no config to shrink: {path}: {error}") from None
        return _known_fields(said)
    raise CardError(
        f"{card.name}: no config to shrink; write its config.json's fields under source.config, "
        "or check it with its weights: --full"
    )


def _known_fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the architecture has: a config.json names its versions and classes as well."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    model_type = said.get("model_type")
    if model_type not in CONFIG_MAPPING:
        raise CardError(f"config.json: model_type {model_type!r} is unknown to transformers")
    known = CONFIG_MAPPING[str(model_type)]().to_dict()
    versions = ("transformers_version", "_name_or_path", "torch_dtype", "dtype")
    return {
        k: v for k, v in said.items() if k == "model_type" or (k in known and k not in versions)
    }


def _of_transformers(card: ModelCard) -> ModelCard:
    config = shrunk(
        config_of(card), writes=card.generation is not None, reads=card.text is not None
    )
    found = as_scratch(card, config)
    if config.get("model_type") == "siglip" and found.text is not None:
        # its own tokenizer knows no capitals; the one that is trained here does
        found = replace(found, text=replace(found.text, lower_case=True))
    audio = card.audio
    if audio is not None and audio.features == "log_mel":
        frames = round(SECONDS * WHISPER_FRAMES)
        found = as_scratch(card, {**config, "max_source_positions": frames})
        return replace(found, audio=replace(audio, max_seconds=SECONDS))
    return found


def _of_timm(card: ModelCard) -> ModelCard:
    assert card.architecture is not None, "a card of timm names it"
    assert card.image is not None, "a card of timm reads images"
    own = card.source.config if isinstance(card.source, RandomModel) else {}
    small = small_arguments(card.architecture)
    image = card.image
    if small is None:
        image = replace(image, size=min(image.size, CONVOLUTIONS_SIZE))
    return replace(as_scratch(card, {**own, **(small or {})}), image=image)


def _joined(card: ModelCard, source: PairModel | FusionModel, folder: Path) -> ModelCard:
    sides: tuple[Side, Side] = ("image", "text")
    parts = {side: tiny(card.parts[side], folder / side) for side in sides}
    if "generates" in card.gives:
        parts["text"] = _attending(parts["text"], to=parts["image"])
    if isinstance(source, FusionModel):
        source = replace(source, weights=None)
    return replace(card, source=source, parts=parts, published=())


def _attending(decoder: ModelCard, *, to: ModelCard) -> ModelCard:
    """The decoder of a captioner, made for the features of the shrunk encoder."""
    from mmbench.models.loading import load

    assert isinstance(decoder.source, RandomModel), "it was shrunk"
    config = {**decoder.source.config, "encoder_hidden_size": load(to).width}
    return replace(decoder, source=replace(decoder.source, config=config))
