"""What a fusion's card may say, and the bundled ones."""

from dataclasses import replace
from typing import Any

import pytest

from mmbench.cards import FusionModel, ModelCard, RandomModel
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.errors import CardError, TrialError
from mmbench.models.loading import load
from tests.models.fusion_samples import CAPTIONS, fusion_card, loaded
from tests.models.samples import texts


def test_one_input_alone_is_refused(parts: tuple[ModelCard, ModelCard], cache: Cache) -> None:
    with pytest.raises(TrialError, match=r"tiny-fusion fuses image \+ text; there is no image"):
        loaded(fusion_card(*parts, "gated")).prepare(texts(*CAPTIONS), cache)


def test_the_adapter_and_the_source_go_together(parts: tuple[ModelCard, ModelCard]) -> None:
    with pytest.raises(CardError, match=r"adapter fusion needs source: \{via: fusion"):
        load(replace(parts[1], adapter="fusion"))
    with pytest.raises(CardError, match="no cards of an image and a text encoder"):
        load(replace(fusion_card(*parts, "gated"), parts={}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"by": "concatenation", "width": 8}, r"source\.width: a concatenation has none"),
        ({"by": "concatenation", "weights": "w"}, r"source\.weights: a concatenation has none"),
        ({"by": "gated"}, r"by: gated needs source\.width"),
        ({"by": "gated", "width": 0}, r"by: gated needs source\.width"),
        ({"by": "cross_attention", "width": 6}, "has 4 heads, which must divide it"),
    ],
)
def test_a_block_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(CardError, match=said):
        FusionModel(via="fusion", image="i", text="t", **changes)


def test_a_card_of_a_fusion_claims_nothing_of_its_own(parts: tuple[ModelCard, ModelCard]) -> None:
    card = fusion_card(*parts, "gated")
    with pytest.raises(CardError, match=r"a fusion has modalities: .* and gives: \[fused\]"):
        replace(card, gives=("pooled",))
    with pytest.raises(CardError, match="country of a fusion follows from its parts"):
        replace(card, country="CN")
    blank = replace(parts[0], source=RandomModel(via="random"))
    assert fusion_card(blank, parts[1], "concatenation").start == "scratch"


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("minilm-efficientnet-concat", 1664),
        ("minilm-efficientnet-gated", 256),
        ("minilm-efficientnet-cross", 256),
        ("bert-zh-efficientnet-gated", 256),
    ],
)
def test_the_bundled_fusions_are_their_parts_and_a_block(name: str, width: int) -> None:
    card = Catalog.standard().model(name)
    adapter = loaded(card)
    assert adapter.width == width
    assert card.parameters == sum(p.numel() for p in adapter.parameters())
    block = sum(p.numel() for p in adapter.block.parameters())
    assert card.parameters == block + sum(p.parameters or 0 for p in card.parts.values())
    assert card.start == ("scratch" if name.startswith("bert") else "pretrained")
