"""The registry's dual encoders: their rules fit their families, their facts their architectures."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import open_clip
import pytest
import torch
from transformers import AutoConfig, AutoModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from mmbench.cards import FolderModel, HubModel, ModelCard, RandomModel
from mmbench.catalog import Catalog
from mmbench.errors import CardError
from mmbench.models.dual_transformers import FAMILIES
from mmbench.models.from_open_clip import _network
from mmbench.models.loading import load
from mmbench.models.open_clip_config import of_architecture
from mmbench.models.towers import check_text
from tests.models.dual_samples import RULES, with_text, write

VIT_L = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "patch_size": 14,
}
VIT_H = {**VIT_L, "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32}
CHINESE = {"vocab_size": 21128}
CHINESE_LARGE = {
    **CHINESE,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
}
HUB: dict[str, tuple[str, dict[str, Any]]] = {
    "clip-vit-base-patch32": ("clip", {}),
    "chinese-clip-vit-base-patch16": (
        "chinese_clip",
        {"text_config": CHINESE, "vision_config": {"patch_size": 16}},
    ),
    "chinese-clip-vit-large-patch14": (
        "chinese_clip",
        {"text_config": CHINESE, "vision_config": VIT_L, "projection_dim": 768},
    ),
    "chinese-clip-vit-large-patch14-336px": (
        "chinese_clip",
        {
            "text_config": CHINESE,
            "vision_config": {**VIT_L, "image_size": 336},
            "projection_dim": 768,
        },
    ),
    "chinese-clip-vit-huge-patch14": (
        "chinese_clip",
        {"text_config": CHINESE_LARGE, "vision_config": VIT_H, "projection_dim": 1024},
    ),
    "clip-vit-base-patch16": ("clip", {"vision_config": {"patch_size": 16}}),
    "clip-vit-large-patch14": (
        "clip",
        {
            "text_config": {
                "hidden_size": 768,
                "intermediate_size": 3072,
                "num_attention_heads": 12,
                "projection_dim": 768,
            },
            "vision_config": {**VIT_L, "projection_dim": 768},
            "projection_dim": 768,
        },
    ),
    "altclip": ("altclip", {"vision_config": VIT_L}),
    "siglip-base-patch16-224": ("siglip", {}),
    "siglip-base-patch16-256-multilingual": (
        "siglip",
        {"text_config": {"vocab_size": 250000}, "vision_config": {"image_size": 256}},
    ),
    "siglip2-base-patch16-224": ("siglip", {"text_config": {"vocab_size": 256000}}),
}
"""What is known of each architecture besides its family's default config."""

OPEN_CLIP = {
    "openclip-vit-b-16-laion2b": ("ViT-B-16", "laion2b_s34b_b88k"),
    "openclip-vit-b-16-datacomp": ("ViT-B-16", "datacomp_xl_s13b_b90k"),
    "openclip-vit-b-32-laion2b": ("ViT-B-32", "laion2b_s34b_b79k"),
    "openclip-xlm-roberta-base-vit-b-32": ("xlm-roberta-base-ViT-B-32", "laion5b_s13b_b90k"),
    "eva02-clip-b-16": ("EVA02-B-16", "merged2b_s8b_b131k"),
    "eva02-clip-l-14": ("EVA02-L-14", "merged2b_s4b_b131k"),
}
"""Architecture, and the tag of the weights among those that open_clip knows."""


def card_of(name: str) -> ModelCard:
    return Catalog.standard().model(name)


def duals() -> list[str]:
    catalog = Catalog.standard()
    return [n for n in catalog.names(ModelCard) if catalog.model(n).adapter == "dual"]


def test_every_dual_card_is_looked_at_here() -> None:
    assert set(duals()) == {*HUB, *OPEN_CLIP, *SCRATCH}


@pytest.mark.parametrize("name", HUB)
def test_the_parameters_are_those_of_the_architecture(name: str) -> None:
    family, fields = HUB[name]
    with torch.device("meta"):
        model = cast(Any, AutoModel).from_config(AutoConfig.for_model(family, **fields))
    assert sum(p.numel() for p in model.parameters()) == card_of(name).parameters


@pytest.mark.parametrize("name", HUB)
def test_a_hub_cards_rules_are_those_of_its_family(name: str, tmp_path: Path) -> None:
    """A tiny model of the family takes the card as it is, but for its sizes, and no other rules."""
    family, fields = HUB[name]
    card = card_of(name)
    assert isinstance(card.source, HubModel)
    assert card.source.revision is None  # shown as unpinned
    assert card.text is not None
    text = CONFIG_MAPPING[family](**fields).text_config
    check_text(name, card.text, FAMILIES[family].text(text))
    tiny = replace(
        with_text(card, max_tokens=RULES[family].max_tokens),
        source=FolderModel(via="folder", path=str(write(family, tmp_path))),
        image=replace(card.image, size=32),  # type: ignore[type-var]
    )
    if name.startswith("siglip-"):  # the tiny tokenizer keeps capitals, SigLIP's does not
        with pytest.raises(CardError, match=r"set text\.lower_case: true"):
            load(tiny)
        tiny = with_text(tiny, lower_case=True)
    assert load(tiny).card.gives == ("pooled", "paired", "joint")
    other = "longest" if card.text.padding == "max" else "max"
    with pytest.raises(CardError, match="set padding"):
        load(with_text(tiny, padding=other))


@pytest.mark.parametrize("name", OPEN_CLIP)
def test_an_open_clip_card_is_its_architecture_as_open_clip_knows_it(name: str) -> None:
    architecture, tag = OPEN_CLIP[name]
    card = card_of(name)
    assert isinstance(card.source, HubModel)
    assert card.architecture == architecture
    assert card.image is not None
    assert card.text is not None
    told = open_clip.get_pretrained_cfg(architecture, tag)
    assert told["hf_hub"].strip("/") == card.source.repo
    assert (tuple(told["mean"]), tuple(told["std"])) == (card.image.mean, card.image.std)
    assert (told["interpolation"], told["resize_mode"]) == ("bicubic", "shortest")
    assert (card.image.interpolation, card.image.fit) == ("bicubic", "crop")
    config = of_architecture(architecture, {}, "here")
    usual = open_clip.model.CLIPTextCfg().context_length
    assert card.text.max_tokens == config["text_cfg"].get("context_length", usual)
    with torch.device("meta"):
        model = _network(config, None)
    assert sum(p.numel() for p in model.parameters()) == card.parameters


SCRATCH = ("clip-scratch", "chinese-clip-scratch")


@pytest.mark.parametrize("name", SCRATCH)
def test_a_scratch_card_loads_as_it_says(name: str) -> None:
    card = card_of(name)
    assert isinstance(card.source, RandomModel)
    adapter = load(card)
    assert sum(p.numel() for p in adapter.parameters()) == card.parameters
    assert (card.start, card.region) == ("scratch", None)
    assert not adapter.batch_statistics
