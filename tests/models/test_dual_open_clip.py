"""Dual encoders of open_clip: features, logits, ids and pixels equal its own, in any batch."""

import io
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch.nn.functional import normalize

from mmbench.cards import FolderModel
from mmbench.data.cache import Cache
from mmbench.data.joint import SIDES, JointRows, inputs_of
from mmbench.models.base import PairedAdapter
from mmbench.models.loading import load
from tests.models.dual_samples import TEXTS, dual_card, pairs
from tests.models.open_clip_samples import TINY, tiny


def loaded(name: str, folder: Path) -> PairedAdapter:
    adapter = load(tiny(name, folder), seed=3)
    assert isinstance(adapter, PairedAdapter)
    return adapter


@pytest.mark.parametrize("name", TINY)
def test_features_logits_and_ids_equal_open_clips(name: str, cache: Cache, tmp_path: Path) -> None:
    adapter = loaded(name, tmp_path)
    adapter.save(tmp_path / "saved")
    where = f"local-dir:{tmp_path / 'saved'}"
    theirs: Any = open_clip.create_model(where, require_pretrained=True).eval()
    transform: Any = image_transform_v2(
        PreprocessCfg(**theirs.visual.preprocess_cfg), is_train=False
    )
    examples = pairs()
    images = [Image.open(io.BytesIO(content)) for content in examples.inputs["image"]]  # type: ignore[arg-type]
    pixels = torch.stack([transform(image) for image in images])
    ids = open_clip.get_tokenizer(where)(list(TEXTS))

    rows = adapter.prepare(examples, cache)
    assert isinstance(rows, JointRows)
    ours = rows.collate(range(8))["text.input_ids"]
    assert torch.equal(ours, ids[:, : ours.shape[1]])
    assert (ids[:, ours.shape[1] :] == ids[2, -1]).all()  # nothing but padding, as in ""
    with torch.no_grad():
        image = theirs.encode_image(pixels, normalize=False)
        text = theirs.encode_text(ids, normalize=False)
        scale, bias = theirs.logit_scale.exp(), theirs.logit_bias
        logits = scale * normalize(image) @ normalize(text).T + (0 if bias is None else bias)
        for size in (1, 8):
            batches = [rows.collate(range(i, i + size)) for i in range(0, 8, size)]
            mine = torch.cat([adapter.encode("image", inputs_of("image", b)) for b in batches])
            words = torch.cat([adapter.encode("text", inputs_of("text", b)) for b in batches])
            assert (mine - image).abs().max() <= 1e-5
            assert (words - text).abs().max() <= 1e-5
            assert adapter.log_scale is not None
            got = adapter.log_scale.exp() * normalize(mine) @ normalize(words).T
            got = got if adapter.bias is None else got + adapter.bias
            assert (got - logits).abs().max() <= 1e-4


@pytest.mark.parametrize("name", ["siglip", "tower of timm", "text tower of transformers"])
def test_nothing_is_asked_of_the_network(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the hub is not said to be offline, and names of repositories stand about."""
    asked: list[object] = []

    def refuse(*address: object) -> None:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    random = tiny(name, tmp_path)
    load(random).save(tmp_path / "saved")
    load(replace(random, source=FolderModel(via="folder", path=str(tmp_path / "saved"))))
    assert not asked
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("192.0.2.1", 9))
    assert asked


@pytest.mark.parametrize("name", TINY)
def test_a_saved_model_loads_again_to_the_last_bit(name: str, cache: Cache, tmp_path: Path) -> None:
    adapter = loaded(name, tmp_path)
    batch = adapter.prepare(pairs(), cache).collate(range(8))
    adapter.save(tmp_path / "saved")
    rules, image = adapter.card.text, adapter.card.image
    assert rules is not None
    card = dual_card(tmp_path / "saved", rules, architecture=TINY[name].architecture, image=image)
    again = load(card)
    assert isinstance(again, PairedAdapter)
    other = again.prepare(pairs(), cache).collate(range(8))
    assert all(torch.equal(batch[key], other[key]) for key in batch)
    for side in SIDES:
        with torch.no_grad():
            one = adapter.encode(side, inputs_of(side, batch))
            two = again.encode(side, inputs_of(side, other))
        assert torch.equal(one, two)
    assert again.similarity == adapter.similarity == ("sigmoid" if name == "siglip" else "softmax")
    assert again.batch_statistics == (name in ("resnet", "tower of timm", "siglip"))
