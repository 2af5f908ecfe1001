"""A fusion is its two encoders and one block, each equal to what it is by itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer, BertModel, ViTModel

from mmbench.cards import ModelCard
from mmbench.data.cache import Cache
from mmbench.models.base import Features
from mmbench.models.fusion_blocks import CrossAttention, GatedUnit, block_for
from mmbench.models.image import ImageAdapter
from mmbench.models.loading import load
from tests.models.fusion_samples import (
    BLOCKS,
    CAPTIONS,
    PICTURES,
    ROWS,
    By,
    captioned,
    fused,
    fusion_card,
    loaded,
)
from tests.models.samples import encoded, image_card, images, text_card, timm_transform


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
