"""Cards of hub models build without a download, and have as many parameters as they say."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from mmbench.cards import HubModel, ModelCard, RandomModel, as_random
from mmbench.catalog import Catalog
from mmbench.errors import CardError
from mmbench.records import model_behaviour

CATALOG = Catalog.standard()
HUB = [
    name for name in CATALOG.names(ModelCard) if isinstance(CATALOG.model(name).source, HubModel)
]
PUBLISHED_MILLIONS = {
    "bert-base-uncased": 110,  # Devlin et al. 2019, section 3
    "bert-base-chinese": 102,
    "chinese-roberta-wwm-ext": 102,
    "chinese-roberta-wwm-ext-large": 325,
    "clip-vit-base-patch32": 151,
    "chinese-clip-vit-base-patch16": 188,  # Yang et al. 2022, table 1
    "vit-base-patch16-224-in21k": 86,  # Dosovitskiy et al. 2021, table 1
    "openclip-vit-b-16-laion2b": 150,
    "siglip-base-patch16-224": 203,
    "siglip2-base-patch16-224": 375,
    "blip-image-captioning-base": 224,
    "vit-gpt2-image-captioning": 239,
    "whisper-tiny-asr": 37.8,  # these three as the hub counts; Radford et al. 2022 has 39, 74, 244
    "whisper-base-asr": 72.6,
    "whisper-small-asr": 241.7,
    "smolvlm-256m-instruct": 256,
    "qwen2.5-vl-3b-instruct": 3755,
    "qwen3-vl-2b-instruct": 2128,
    "wav2vec2-base": 95,  # Baevski et al. 2020, section 4.2
    "hubert-base": 95,  # Hsu et al. 2021, table 1
    "resnet50": 25.6 - 2.049,  # He et al. 2016, without the classifier
}


def architecture(card: ModelCard) -> nn.Module:
    """The model of the scratch card, its weights nowhere."""
    source = as_random(card).source
    assert isinstance(source, RandomModel)
    with torch.device("meta"):
        if card.adapter == "generative":
            from mmbench.models import generative_loading

            return generative_loading.random(source.config, card.name)
        if card.adapter == "audio":
            from mmbench.models import speech

            return speech.random(as_random(card))
        if card.library == "transformers":
            from mmbench.models import from_transformers

            return from_transformers.random(source.config, card.name)
        assert card.architecture is not None
        if card.library == "timm":
            from mmbench.models import from_timm

            return from_timm.random(card.architecture, source.config, card.name)
        from mmbench.models import from_open_clip

        return from_open_clip.random(card.architecture, source.config, card.name)[0]


@pytest.mark.parametrize("name", HUB)
def test_a_hub_card_builds_from_its_config_with_the_parameters_that_it_states(name: str) -> None:
    card = CATALOG.model(name)
    counted = sum(p.numel() for p in architecture(card).parameters())
    assert counted == card.parameters


@pytest.mark.parametrize("name", sorted(PUBLISHED_MILLIONS))
def test_the_parameters_are_those_that_were_published(name: str) -> None:
    counted = sum(p.numel() for p in architecture(CATALOG.model(name)).parameters())
    assert counted / 1e6 == pytest.approx(PUBLISHED_MILLIONS[name], rel=0.015)


@pytest.mark.parametrize("name", HUB)
def test_a_random_start_claims_nothing_of_the_models_origin(name: str) -> None:
    card = as_random(CATALOG.model(name))
    assert card.name == name
    assert card.start == "scratch"
    assert (card.organisation, card.country, card.region, card.licence) == (None,) * 4
    assert card.published == ()


def test_a_card_without_a_config_says_what_to_do() -> None:
    with pytest.raises(CardError, match=r"minilm-l6: no config .* source\.config .* pretrained"):
        as_random(CATALOG.model("minilm-l6"))


def test_the_config_of_a_hub_card_changes_no_trial() -> None:
    """Its weights say what it is; a config that is added for timing makes no record old."""
    card = CATALOG.model("bert-base-chinese")
    assert isinstance(card.source, HubModel)
    without = replace(card, source=replace(card.source, config={}))
    assert model_behaviour(card) == model_behaviour(without)
    assert model_behaviour(as_random(card)) != model_behaviour(card)
