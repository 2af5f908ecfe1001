"""A model card from a look at a model's own files: config, preprocessing, tokenizer, README.

What the files say is taken, what can be counted is counted, and every guess is told, so that a
wrong one is seen. Who made the model, and where, no file says in a form to rely on: it stays null.
"""

import json
from dataclasses import replace
from typing import Any

import yaml
from torch import nn

from mmbench.cards import HubModel, ModelCard
from mmbench.cards.names import check_name
from mmbench.codec import dump_json
from mmbench.drafting.draft import Draft, name_from
from mmbench.drafting.look import Look
from mmbench.drafting.places import Place, place_of
from mmbench.drafting.vocabularies import languages_of
from mmbench.errors import CardError
from mmbench.models.counting import architecture, parameters_of
from mmbench.models.text import positions_of

ATTENTION = ("query", "value", "q_proj", "v_proj", "q_lin", "v_lin", "c_attn", "qkv", "Wqkv")
OTHERS = (("c_fc", "c_proj"), ("fc1", "fc2"), ("conv_pw", "conv_pwl"), ("conv1", "conv2", "conv3"))
"""What strategy lora usually adds to: layers of attention, else of what there is."""

NOWHERE = "drafted/config"
"""The repository of the card while its architecture is counted, which its config alone decides."""

UNKNOWN = ("organisation", "country", "licence", "parameters")
"""Facts that a draft shows as null where they are not known, to be filled in by a person."""


def draft_model(source: str, *, name: str | None = None) -> Draft:
    """CardError for files of a model that no adapter takes; TrialError if a hub does not answer."""
    place = place_of(source)
    found = name or name_from(place.called)
    check_name(found)
    seen = look_at(place)
    languages, why = languages_of(place, reads="text" in seen.modalities or seen.audio is not None)
    card = ModelCard(
        name=found,
        family=seen.family,
        languages=languages,
        modalities=seen.modalities,
        adapter=seen.adapter,
        library=seen.library,
        architecture=seen.architecture,
        source=HubModel(via="hub", repo=NOWHERE, config=seen.config),
        gives=seen.gives,
        licence=_licence(place),
        homepage=place.homepage,
        text=seen.text,
        image=seen.image,
        audio=seen.audio,
        generation=seen.generation,
    )
    model = architecture(card)
    card = replace(card, parameters=parameters_of(model), lora_targets=_lora_targets(model))
    if card.adapter == "text" and card.text is not None:
        most = min(card.text.max_tokens, positions_of(model))
        card = replace(card, text=replace(card.text, max_tokens=most))
    card = replace(card, source=_source(place, seen))
    guesses = [f"adapter is {seen.adapter}: {_what(seen)}", *seen.guesses, *why]
    if not card.lora_targets:
        guesses.append("no lora_targets: no layer has a name by which strategy lora usually goes")
    unknown = [field for field in UNKNOWN if getattr(card, field) is None]
    guesses.append(f"unknown, and null: {', '.join(unknown)}")
    return Draft(name=found, text=_yaml(card), guesses=tuple(guesses))


def look_at(place: Place) -> Look:
    """By the library that the files are of. CardError if they are of none."""
    from mmbench.models.open_clip_config import FILE

    config = place.said("config.json")
    if "model_type" in config:
        from mmbench.drafting.of_transformers import look as of_transformers

        return of_transformers(place)
    if (place.folder / FILE).is_file():
        from mmbench.drafting.of_open_clip import look as of_open_clip

        return of_open_clip(place)
    if "architecture" in config:
        from mmbench.drafting.of_timm import look as of_timm

        return of_timm(place)
    raise CardError(
        f"{place.folder}: neither a config.json of transformers or timm nor {FILE} is here; a "
        "model of another library needs a class of your own: docs/add-a-model.md"
    )


def _what(seen: Look) -> str:
    named = seen.architecture or seen.config["model_type"]
    return f"{named} of {seen.library}, which gives {', '.join(seen.gives)}"


def _source(place: Place, seen: Look) -> Any:
    if isinstance(place.source, HubModel) and seen.library == "transformers":
        return replace(place.source, config=seen.config)
    return place.source


def _licence(place: Place) -> str | None:
    found = place.readme().get("license")
    return found if isinstance(found, str) else None


def _lora_targets(model: nn.Module) -> tuple[str, ...]:
    ends = {
        name.rpartition(".")[2] for name, layer in model.named_modules() if hasattr(layer, "weight")
    }
    attending = tuple(end for end in ATTENTION if end in ends)
    if attending:
        return attending
    return next((group for group in OTHERS if ends.issuperset(group)), ())


def _yaml(card: ModelCard) -> str:
    """The fields that say something, and those that somebody should fill in."""
    whole = json.loads(dump_json(card))
    kept = {
        name: value
        for name, value in whole.items()
        if name in UNKNOWN or name == "languages" or value not in (None, [], {})
    }
    source = {k: v for k, v in kept["source"].items() if v not in (None, {})}
    return yaml.safe_dump(
        {**kept, "source": source}, allow_unicode=True, sort_keys=False, width=100
    )
