"""A fusion's block follows its seed, is saved beside the encoders, and is part of its identity."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmbench.cards import FusionModel, ModelCard
from mmbench.codec import dump_json, load_json
from mmbench.data.cache import Cache
from mmbench.errors import TrialError
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from mmbench.models.sources import relocated
from mmbench.records import model_behaviour
from tests.models.fusion_samples import BLOCKS, By, fused, fusion_card, loaded


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
