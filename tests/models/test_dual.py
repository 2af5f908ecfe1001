"""Dual encoders of transformers: features, logits and ids equal upstream's, whatever the batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from mmbench.data.cache import Cache
from mmbench.data.joint import JointRows, inputs_of
from mmbench.models.base import PairedAdapter
from mmbench.models.loading import load
from mmbench.models.pixels import PixelRows, pixels_of
from mmbench.models.tokens import TokenRows
from tests.models.dual_samples import (
    CLIP_MEAN,
    CLIP_STD,
    FAMILIES,
    RULES,
    TEXTS,
    dual_card,
    pairs,
    pixel_rules,
    write,
)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: write(family, tmp_path_factory.mktemp(family)) for family in FAMILIES}


def adapter_of(family: str, folders: dict[str, Path]) -> PairedAdapter:
    adapter = load(dual_card(folders[family], RULES[family]))
    assert isinstance(adapter, PairedAdapter)
    return adapter


def upstream_inputs(family: str, folder: Path) -> dict[str, Tensor]:
    """By the family's own tokenizer, padded as its model card says, and plain pixels."""
    rules = RULES[family]
    texts = [text.lower() for text in TEXTS] if rules.lower_case else list(TEXTS)
    tokens = AutoTokenizer.from_pretrained(folder)(
        texts,
        padding="max_length" if rules.padding == "max" else True,
        truncation=True,
        max_length=rules.max_tokens,
        return_tensors="pt",
    )
    if rules.padding == "max":
        tokens.pop("attention_mask")  # as SigLIP's own example does without one
    images = pairs().inputs["image"]
    pixels = torch.stack(
        [torch.tensor(pixels_of(image, pixel_rules())) for image in images]  # type: ignore[arg-type]
    )
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))
    return {**tokens, "pixel_values": (pixels / 255 - mean) / std}


def in_batches(adapter: PairedAdapter, size: int, cache: Cache) -> tuple[Tensor, Tensor]:
    rows = adapter.prepare(pairs(), cache)
    images, texts = [], []
    with torch.no_grad():
        for start in range(0, len(rows), size):
            batch = rows.collate(range(start, min(start + size, len(rows))))
            images.append(adapter.encode("image", inputs_of("image", batch)))
            texts.append(adapter.encode("text", inputs_of("text", batch)))
    return torch.cat(images), torch.cat(texts)


@pytest.mark.parametrize("family", FAMILIES)
def test_features_and_logits_equal_transformers(
    family: str, folders: dict[str, Path], cache: Cache
) -> None:
    adapter = adapter_of(family, folders)
    theirs: Any = AutoModel.from_pretrained(folders[family]).eval()
    given = upstream_inputs(family, folders[family])
    pixels = given.pop("pixel_values")
    with torch.no_grad():
        image = theirs.get_image_features(pixel_values=pixels).pooler_output
        text = theirs.get_text_features(**given).pooler_output
        logits = theirs(pixel_values=pixels, **given).logits_per_image
    for size in (1, 8):
        our_image, our_text = in_batches(adapter, size, cache)
        assert (our_image - image).abs().max() <= 1e-5
        assert (our_text - text).abs().max() <= 1e-5
        cosines = normalize(our_image) @ normalize(our_text).T
        bias = adapter.bias if adapter.bias is not None else torch.zeros(())
        assert adapter.log_scale is not None
        ours = (cosines * adapter.log_scale.exp() + bias).detach()
        assert (ours - logits).abs().max() <= 1e-4


@pytest.mark.parametrize("family", FAMILIES)
def test_ids_equal_those_of_the_familys_tokenizer(
    family: str, folders: dict[str, Path], cache: Cache
) -> None:
    rows = adapter_of(family, folders).prepare(pairs(), cache)
    assert isinstance(rows, JointRows)
    ours = rows.collate(range(len(rows)))
    theirs = upstream_inputs(family, folders[family])
    assert torch.equal(ours["text.input_ids"], theirs["input_ids"])
    if RULES[family].padding == "longest":
        assert torch.equal(ours["text.attention_mask"], theirs["attention_mask"])
    untruncated = AutoTokenizer.from_pretrained(folders[family])(list(TEXTS))["input_ids"]
    assert rows.facts.truncated == sum(len(row) > RULES[family].max_tokens for row in untruncated)
    assert rows.facts.truncated >= 2
    ends = ours["text.input_ids"].gather(1, ours["text.attention_mask"].sum(1, keepdim=True) - 1)
    assert len(torch.unique(ends)) == 1


def test_what_a_family_is_made_for(folders: dict[str, Path]) -> None:
    for family in FAMILIES:
        adapter = adapter_of(family, folders)
        assert adapter.joint
        assert adapter.similarity == ("sigmoid" if family == "siglip" else "softmax")
        assert (adapter.bias is not None) == (family == "siglip")
        assert adapter.widths == {"image": adapter.width, "text": adapter.width}
        assert adapter.width == (16 if family == "siglip" else 12)
        assert not adapter.batch_statistics
        assert adapter.encoder_card("text") is adapter.card


def test_scale_and_bias_are_the_models_own_parameters(folders: dict[str, Path]) -> None:
    adapter = adapter_of("siglip", folders)
    names = {name for name, _ in adapter.named_parameters()}
    assert {"towers.model.logit_scale", "towers.model.logit_bias"} <= names
    assert adapter.log_scale is adapter.get_parameter("towers.model.logit_scale")
    moved = adapter.to("meta")
    assert moved.bias is moved.get_parameter("towers.model.logit_bias")


def test_one_input_gives_plain_rows_and_its_vector(folders: dict[str, Path], cache: Cache) -> None:
    adapter = adapter_of("clip", folders)
    both = pairs()
    for side, kind in (("image", PixelRows), ("text", TokenRows)):
        alone = type(both)(ids=both.ids, inputs={side: both.inputs[side]})  # type: ignore[dict-item,index]
        rows = adapter.prepare(alone, cache)
        assert isinstance(rows, kind)
        inputs = rows.collate([0, 3])
        with torch.no_grad():
            pooled = adapter(inputs).pooled
            assert torch.equal(pooled, adapter.encode(side, inputs))  # type: ignore[arg-type]
        assert pooled.shape == (2, adapter.width)


def test_a_pair_is_prepared_once_for_each_distinct_input(
    folders: dict[str, Path], cache: Cache
) -> None:
    rows = adapter_of("siglip", folders).prepare(pairs(12), cache)
    assert isinstance(rows, JointRows)
    assert (len(rows), len(rows.image), len(rows.text)) == (12, 12, len(TEXTS))
    assert rows.padded_to == 16


@pytest.mark.parametrize("family", ["clip", "chinese_clip", "altclip"])
def test_more_padding_changes_no_masked_feature(
    family: str, folders: dict[str, Path], cache: Cache
) -> None:
    adapter = adapter_of(family, folders)
    rows = adapter.prepare(pairs(), cache)
    assert isinstance(rows, JointRows)
    alone = dict(rows.text.collate([0]))
    beside = {name: value[:1] for name, value in rows.text.collate([0, 5]).items()}
    assert beside["input_ids"].shape[1] > alone["input_ids"].shape[1]
    with torch.no_grad():
        difference = adapter.encode("text", alone) - adapter.encode("text", beside)
    assert difference.abs().max() <= 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_loads_again_to_the_last_bit(
    family: str, folders: dict[str, Path], cache: Cache, tmp_path: Path
) -> None:
    adapter = adapter_of(family, folders)
    with torch.no_grad():  # as training would: the saved weights are not those of the source
        for parameter in adapter.parameters():
            parameter.mul_(1.1)
    before = in_batches(adapter, 8, cache)
    adapter.save(tmp_path / "saved")
    again = load(dual_card(tmp_path / "saved", RULES[family]))
    assert isinstance(again, PairedAdapter)
    after = in_batches(again, 8, cache)
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert (tmp_path / "saved" / "model.safetensors").is_file()
    theirs: Any = AutoModel.from_pretrained(tmp_path / "saved")
    assert adapter.log_scale is not None
    assert torch.equal(theirs.logit_scale, adapter.log_scale)


def test_gradients_reach_both_towers_and_the_scale(folders: dict[str, Path], cache: Cache) -> None:
    adapter = adapter_of("siglip", folders).train()
    batch = adapter.prepare(pairs(), cache).collate(range(8))
    image = adapter.encode("image", inputs_of("image", batch))
    text = adapter.encode("text", inputs_of("text", batch))
    assert adapter.log_scale is not None
    assert adapter.bias is not None
    logits = image @ text.T * adapter.log_scale.exp() + adapter.bias
    logits.sum().backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None for p in adapter.parameters())
