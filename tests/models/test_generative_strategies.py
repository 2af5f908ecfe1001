"""What LoRA and partial training change of a model that answers in words."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mmbench.cards import Recipe
from mmbench.models.generative import GenerativeAdapter
from mmbench.train import strategy
from mmbench.train.generation import Generative
from tests.models.generative_families import FAMILIES
from tests.models.generative_samples import inputs_of

TARGETS = {
    "bert-decoder": ("q_proj", "v_proj", "query", "value"),
    "gpt2-decoder": ("q_proj", "v_proj", "c_attn"),
    "blip": ("query", "value"),
}


def moved_by(
    adapter: GenerativeAdapter, recipe: Recipe, inputs: Mapping[str, Tensor]
) -> Mapping[str, bool]:
    """By name, whether one step changed the weight of the plain model."""
    start = {name: p.detach().clone() for name, p in adapter.generator.named_parameters()}
    learner = Generative(adapter)
    strategy.freeze(learner, recipe)
    strategy.training_mode(learner, recipe)
    trained = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    for _ in range(2):  # LoRA's A has no gradient while B is zero
        optimizer.zero_grad()
        learner.sums(inputs).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    strategy.settle(learner)
    found = dict(adapter.generator.named_parameters())
    assert set(found) == set(start)
    return {name: not torch.equal(found[name], weight) for name, weight in start.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_changes_the_layers_that_the_card_names_and_nothing_else(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
    targets = TARGETS.get(family, ("q_proj", "v_proj"))
    adapter.card = replace(adapter.card, lora_targets=targets)
    recipe = Recipe(
        name="r", strategy="lora", learning_rates=(0.1,), epochs=1, lora_rank=2, lora_alpha=4.0
    )
    moved = moved_by(adapter, recipe, inputs_of(adapter, family, tmp_path))
    changed = {name for name, was in moved.items() if was}
    assert changed
    assert all(name.removesuffix(".weight").endswith(targets) for name in changed)


@pytest.mark.parametrize("family", FAMILIES)
def test_partial_leaves_the_lower_blocks_of_encoder_and_decoder_as_they_were(
    family: str, writers: Any, tmp_path: Path
) -> None:
    adapter = writers(family)
    depths = adapter.layers().depths
    recipe = Recipe(name="r", strategy="partial", learning_rates=(0.1,), epochs=1, blocks=1)
    moved = moved_by(adapter, recipe, inputs_of(adapter, family, tmp_path))
    assert len(adapter.layers().stacks) == 2
    assert any(moved.values())
    assert not any(was for name, was in moved.items() if depths[f"generator.{name}"] > 1)
