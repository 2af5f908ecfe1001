"""A fusion is its two encoders and one block, each equal to what it is by itself."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer, BertModel, ViTModel

from mmbench.cards import FusionModel, ModelCard, RandomModel
from mmbench.catalog import Catalog
from mmbench.codec import dump_json, load_json
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.errors import CardError, TrialError
from mmbench.models.base import Features
from mmbench.models.fusion import FusionAdapter
from mmbench.models.fusion_blocks import CrossAttention, GatedUnit, block_for
from mmbench.models.identity import weights_digest
from mmbench.models.image import ImageAdapter
from mmbench.models.loading import load
from mmbench.models.sources import relocated
from mmbench.records import model_behaviour
from tests.models.samples import (
    encoded,
    image_card,
    images,
    picture,
    text_card,
    texts,
    timm_transform,
)

By = Literal["concatenation", "gated", "cross_attention"]
BLOCKS: tuple[By, ...] = ("concatenation", "gated", "cross_attention")
PICTURES = [picture(n) for n in range(3)]
CAPTIONS = ("a big red dog ran", "the cat", "a mat on a mat")
ROWS = ((0, 0), (1, 1), (0, 2), (2, 1))
"""The picture and the caption of each of four rows."""


def fusion_card(image: ModelCard, text: ModelCard, by: By, width: int = 8) -> ModelCard:
    """As the catalog makes it of the two cards it looked up."""
    own = None if by == "concatenation" else width
    return ModelCard(
        name="tiny-fusion",
        family="fusion",
        languages=text.languages,
        modalities=("image", "text"),
        adapter="fusion",
        source=FusionModel(via="fusion", image=image.name, text=text.name, by=by, width=own),
        gives=("fused",),
        parts={"image": image, "text": text},
    )


@pytest.fixture
def parts(vit_folder: Path, bert_folder: Path) -> tuple[ModelCard, ModelCard]:
    return image_card(vit_folder), text_card(bert_folder)


def loaded(card: ModelCard, *, seed: int = 0) -> FusionAdapter:
    adapter = load(card, seed=seed)
    assert isinstance(adapter, FusionAdapter)
    return adapter


def captioned() -> Examples:
    columns = {
        "image": [encoded(PICTURES[i]) for i, _ in ROWS],
        "text": [CAPTIONS[t] for _, t in ROWS],
    }
    return Examples(ids=("a", "b", "c", "d"), inputs=columns)  # type: ignore[arg-type]


@torch.no_grad()
def fused(adapter: FusionAdapter, cache: Cache, *, batch: int = 4) -> Tensor:
    rows = adapter.prepare(captioned(), cache)
    found = [adapter(rows.collate(range(i, min(i + batch, 4)))).pooled for i in range(0, 4, batch)]
    return torch.cat(found)


@pytest.fixture
def upstream(vit_folder: Path, bert_folder: Path) -> Mapping[str, Tensor]:
    """What transformers itself makes of every row, one at a time: both sides, tokens and pooled."""
    eye: Any = cast(Any, ViTModel.from_pretrained(vit_folder)).eval()
    reader: Any = cast(Any, BertModel.from_pretrained(bert_folder)).eval()
    cut = AutoTokenizer.from_pretrained(bert_folder)
    rules = image_card(vit_folder).image
    assert rules is not None
    see = timm_transform(rules)
    found: dict[str, list[Tensor]] = {"image": [], "text": [], "image_tokens": [], "read": []}
    with torch.no_grad():
        for picture_, caption in ROWS:
            seen = eye(pixel_values=see(PICTURES[picture_])[None])
            ids = cut(CAPTIONS[caption], truncation=True, max_length=8, return_tensors="pt")
            read = reader(**ids).last_hidden_state
            found["image"].append(seen.pooler_output)
            found["image_tokens"].append(seen.last_hidden_state)
            found["text"].append(read.mean(1))
            found["read"].append(functional.pad(read, (0, 0, 0, 8 - read.shape[1])))
    lengths = [len(cut(CAPTIONS[t])["input_ids"]) for _, t in ROWS]
    cat = {name: torch.cat(rows) for name, rows in found.items()}
    return {**cat, "lengths": torch.tensor(lengths).clamp(max=8)}


def test_a_concatenation_is_both_encoders_side_by_side(
    parts: tuple[ModelCard, ModelCard], upstream: Mapping[str, Tensor], cache: Cache
) -> None:
    adapter = loaded(fusion_card(*parts, "concatenation"))
    expected = torch.cat([upstream["image"], upstream["text"]], dim=1)
    assert adapter.width == expected.shape[1] == 32
    assert (fused(adapter, cache) - expected).abs().max() <= 1e-5


def test_a_gated_unit_is_that_of_the_paper_on_both_encoders(
    parts: tuple[ModelCard, ModelCard], upstream: Mapping[str, Tensor], cache: Cache
) -> None:
    adapter = loaded(fusion_card(*parts, "gated"))
    block = adapter.block
    assert isinstance(block, GatedUnit)
    _disturb(block)
    with torch.no_grad():
        norms = block.image_norm, block.text_norm
        i, t = (
            functional.layer_norm(upstream[side], (16,), norm.weight, norm.bias)
            for side, norm in zip(("image", "text"), norms, strict=True)
        )
        z = 1 / (1 + torch.exp(-torch.cat([i, t], 1) @ block.gate.weight.T))
        expected = z * torch.tanh(i @ block.image.weight.T)
        expected += (1 - z) * torch.tanh(t @ block.text.weight.T)
    assert (fused(adapter, cache) - expected).abs().max() <= 1e-5


def test_cross_attention_is_softmax_over_the_images_tokens(
    parts: tuple[ModelCard, ModelCard], upstream: Mapping[str, Tensor], cache: Cache
) -> None:
    """Written out head by head, text by text, with nothing but the block's own weights."""
    adapter = loaded(fusion_card(*parts, "cross_attention"))
    block = adapter.block
    assert isinstance(block, CrossAttention)
    _disturb(block)
    expected = []
    with torch.no_grad():
        for row, length in enumerate(upstream["lengths"].tolist()):
            keys = block.image(upstream["image_tokens"][row])
            read = block.text(upstream["read"][row, :length])
            q, k, v = (
                x @ w.T + b
                for x, w, b in zip(
                    (read, keys, keys),
                    block.attention.in_proj_weight.chunk(3),
                    block.attention.in_proj_bias.chunk(3),
                    strict=True,
                )
            )
            heads = []
            for head in range(4):
                own = slice(2 * head, 2 * head + 2)
                shares = torch.softmax(q[:, own] @ k[:, own].T / 2**0.5, dim=1)
                heads.append(shares @ v[:, own])
            x = block.attended(read + block.attention.out_proj(torch.cat(heads, 1)))
            expected.append(block.norm(x + block.mlp(x)).mean(0))
    assert (fused(adapter, cache) - torch.stack(expected)).abs().max() <= 1e-5


@torch.no_grad()
def _disturb(block: torch.nn.Module) -> None:
    """Norms and biases away from the ones and zeros they start at, so that they show."""
    torch.manual_seed(3)
    for parameter in block.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))


@pytest.mark.parametrize("by", BLOCKS)
def test_batches_and_padding_change_nothing(
    by: By, parts: tuple[ModelCard, ModelCard], cache: Cache
) -> None:
    adapter = loaded(fusion_card(*parts, by))
    assert (fused(adapter, cache, batch=1) - fused(adapter, cache)).abs().max() <= 1e-5


@pytest.mark.parametrize("by", BLOCKS)
def test_each_distinct_image_and_text_is_prepared_once(
    by: By, parts: tuple[ModelCard, ModelCard], cache: Cache
) -> None:
    card = fusion_card(*parts, by)
    rows = loaded(card).prepare(captioned(), cache)
    assert (len(rows), len(rows.image), len(rows.text)) == (4, 3, 3)
    alone = load(card.parts["image"]).prepare(images([encoded(p) for p in PICTURES]), cache)
    assert rows.image.digest == alone.digest


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_an_images_tokens_are_those_of_its_last_layer(
    kind: str, request: pytest.FixtureRequest, cache: Cache
) -> None:
    adapter = load(image_card(request.getfixturevalue(f"{kind}_folder")))
    assert isinstance(adapter, ImageAdapter)
    rows = adapter.prepare(images([encoded(p) for p in PICTURES]), cache)
    with torch.no_grad():
        found = adapter(rows.collate(range(3)))
    assert found.tokens is not None
    assert found.tokens.shape == ((3, 17, 16) if kind == "vit" else (3, 16, 12))
    if kind == "resnet":  # its pooled vector is the mean over the places of the map
        assert (found.tokens.mean(1) - found.pooled).abs().max() <= 1e-6


@pytest.mark.parametrize("by", BLOCKS)
def test_what_stands_for_a_side_is_one_vector_of_it(by: By) -> None:
    """Replacing every token by their mean gives what the summary gives."""
    block = block_for(fusion_card(MINIMAL_IMAGE, MINIMAL_TEXT, by).source, 6, 4).eval()  # type: ignore[arg-type]
    torch.manual_seed(0)
    image = Features(pooled=torch.randn(2, 6), tokens=torch.randn(2, 5, 6))
    text = Features(
        pooled=torch.randn(2, 4),
        tokens=torch.randn(2, 3, 4),
        mask=torch.tensor([[True, True, False], [True, True, True]]),
    )
    assert image.tokens is not None
    assert text.tokens is not None
    summary = block.summary(image)
    if by == "cross_attention":
        assert torch.allclose(summary, image.tokens.mean(1))
        assert torch.allclose(block.summary(text)[0], text.tokens[0, :2].mean(0))
        same = Features(pooled=image.pooled, tokens=summary[:, None].expand(-1, 5, -1))
    else:
        assert torch.equal(summary, image.pooled)
        same = image
    one = block(Features(pooled=summary), text)
    assert (one - block(same, text)).abs().max() <= 1e-6


MINIMAL_IMAGE, MINIMAL_TEXT = image_card(Path("i")), text_card(Path("t"))


def test_the_block_alone_is_fresh_and_follows_the_seed(
    parts: tuple[ModelCard, ModelCard],
) -> None:
    card = fusion_card(*parts, "gated")
    first, again, other = (loaded(card, seed=n) for n in (1, 1, 2))
    assert list(first.fresh()) == [first.block]
    assert sum(p.numel() for m in first.fresh() for p in m.parameters()) == (
        2 * 16 * 8 + 32 * 8 + 4 * 16
    )
    weights = [a.state_dict() for a in (first, again, other)]
    for name in weights[0]:
        assert torch.equal(weights[0][name], weights[1][name])
        drawn = name.startswith("block.") and "norm" not in name
        assert torch.equal(weights[0][name], weights[2][name]) != drawn
    assert card.draws_weights
    assert not fusion_card(*parts, "concatenation").draws_weights


@pytest.mark.parametrize("by", BLOCKS)
def test_a_saved_fusion_loads_again_with_the_same_features(
    by: By, parts: tuple[ModelCard, ModelCard], tmp_path: Path, cache: Cache
) -> None:
    adapter = loaded(fusion_card(*parts, by))
    with torch.no_grad():  # as training would
        for parameter in adapter.parameters():
            parameter.mul_(1.1)
    before = fused(adapter, cache)
    adapter.save(tmp_path / "kept")
    kept = load_json(ModelCard, dump_json(adapter.card))  # as it stands beside a kept model
    again = loaded(relocated(kept, tmp_path / "kept"), seed=5)
    assert torch.equal(fused(again, cache), before)
    assert not relocated(kept, tmp_path / "kept").draws_weights
    assert (tmp_path / "kept" / "fusion.safetensors").is_file() == (by != "concatenation")


def test_weights_of_another_block_are_refused(
    parts: tuple[ModelCard, ModelCard], tmp_path: Path
) -> None:
    card = fusion_card(*parts, "gated")
    loaded(card).save(tmp_path)
    here = relocated(card, tmp_path)
    assert isinstance(here.source, FusionModel)
    with pytest.raises(TrialError, match=r"fusion\.safetensors: not the weights of this block"):
        load(replace(here, source=replace(here.source, width=12)))
    (tmp_path / "fusion.safetensors").write_bytes(b"no tensors")
    with pytest.raises(TrialError, match="not the weights of this block"):
        load(here)
    (tmp_path / "fusion.safetensors").unlink()
    for read in (load, weights_digest):
        with pytest.raises(TrialError, match=r"no such file; source\.weights names the fusion"):
            read(here)


def test_the_block_and_its_weights_are_part_of_the_identity(
    parts: tuple[ModelCard, ModelCard], tmp_path: Path
) -> None:
    cards = [fusion_card(*parts, by) for by in BLOCKS] + [fusion_card(*parts, "gated", width=12)]
    assert len({str(model_behaviour(card)) for card in cards}) == 4
    assert len({weights_digest(card) for card in cards}) == 1  # the same two encoders
    loaded(cards[1]).save(tmp_path)
    assert isinstance(cards[1].source, FusionModel)
    kept = replace(cards[1].source, weights=str(tmp_path / "fusion.safetensors"))
    assert weights_digest(replace(cards[1], source=kept)) != weights_digest(cards[1])


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
