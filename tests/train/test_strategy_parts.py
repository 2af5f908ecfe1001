"""What partial, bitfit and the rates of layers train, weight by weight."""

from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import nn

from mmbench.cards import ModelCard, Recipe
from mmbench.errors import TrialError
from mmbench.models.loading import load
from mmbench.progress import Silent
from mmbench.train import strategy
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Headed
from mmbench.train.loop import TrainingRows, fit
from mmbench.train.optim import make_optimizer, set_rate
from tests.train.conftest import MakeLearner


@pytest.fixture
def partial(full_recipe: Recipe) -> Recipe:
    return replace(full_recipe, strategy="partial", blocks=1)


@pytest.fixture
def bitfit(full_recipe: Recipe) -> Recipe:
    return replace(full_recipe, strategy="bitfit")


def changed(learner: Headed, rows: TrainingRows, recipe: Recipe) -> set[str]:
    """The backbone's parameters that training has changed by a bit or more."""
    before = {name: p.detach().clone() for name, p in learner.backbone.named_parameters()}
    strategy.freeze(learner, recipe)
    fit(
        learner,
        rows,
        recipe,
        learning_rate=1e-3,
        seed=0,
        device=torch.device("cpu"),
        validate=lambda: Validation(scores={"accuracy": 0.0}, loss=1.0),
        watcher=Silent(),
    )
    after = dict(learner.backbone.named_parameters())
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_partial_leaves_embeddings_and_earlier_blocks_bit_identical(
    make_learner: MakeLearner, text_rows: TrainingRows, partial: Recipe
) -> None:
    learner = make_learner()
    found = changed(learner, text_rows, partial)
    # without its pooler, which the mean over tokens does not go through
    last = {n for n, _ in learner.backbone.named_parameters() if ".encoder.layer.1." in n}
    # keys are shifted alike by their bias, which softmax takes no notice of
    assert last - found <= {"backbone.encoder.layer.1.attention.self.key.bias"}
    assert found <= last


def test_bitfit_trains_biases_and_norms_alone(
    make_learner: MakeLearner, text_rows: TrainingRows, bitfit: Recipe
) -> None:
    found = changed(make_learner(), text_rows, bitfit)
    assert found
    assert all(name.endswith("bias") or "LayerNorm" in name for name in found)
    assert any(name.endswith("LayerNorm.weight") for name in found)
    assert "backbone.encoder.layer.0.output.dense.bias" in found


def test_bitfit_counts_what_it_trains(make_learner: MakeLearner, bitfit: Recipe) -> None:
    """Two layers of width 32 (64 within), each: 5 biases of 32, one of 64, two norms of 2 × 32."""
    learner = make_learner()
    strategy.freeze(learner, bitfit)
    pooler = 32
    count = sum(p.numel() for p in learner.backbone.parameters() if p.requires_grad)
    assert count == 2 * (5 * 32 + 64 + 2 * 2 * 32) + 2 * 32 + pooler


def test_frozen_blocks_stay_in_eval_mode_and_trained_ones_do_not(
    make_learner: MakeLearner, partial: Recipe
) -> None:
    learner = make_learner()
    strategy.training_mode(learner, partial)
    bert = cast(Any, learner.backbone).backbone
    assert not bert.embeddings.dropout.training
    first, last = bert.encoder.layer
    assert not any(module.training for module in first.modules())
    assert all(module.training for module in last.modules())
    assert learner.head.training


def test_training_every_block_is_no_partial_training(tiny_bert: ModelCard, partial: Recipe) -> None:
    with pytest.raises(TrialError, match="has 2 blocks: training the last 2"):
        strategy.check(load(tiny_bert), replace(partial, blocks=2))


@pytest.mark.parametrize("name", ["partial", "bitfit"])
def test_batch_statistics_and_accumulation_are_refused_where_the_backbone_trains(
    tiny_bert: ModelCard, full_recipe: Recipe, name: str
) -> None:
    adapter = load(tiny_bert)
    adapter.batch_statistics = True
    blocks = 1 if name == "partial" else None
    recipe = replace(full_recipe, strategy=name, blocks=blocks, micro_batch=8)  # type: ignore[arg-type]
    with pytest.raises(TrialError, match="batch statistics"):
        strategy.check(adapter, recipe)


def test_rates_decay_with_the_distance_from_the_output(
    make_learner: MakeLearner, full_recipe: Recipe
) -> None:
    learner = make_learner()
    recipe = replace(full_recipe, layer_decay=0.5, backbone_rate_factor=0.1)
    factors = strategy.rate_factors(learner, recipe)
    by_name = {name: factors.get(p, 1.0) for name, p in learner.named_parameters()}
    expected = {"embeddings": 0.5**3, "encoder.layer.0": 0.5**2, "encoder.layer.1": 0.5}
    for part, factor in (*expected.items(), ("pooler", 1.0)):
        found = {v for n, v in by_name.items() if n.startswith(f"backbone.backbone.{part}.")}
        assert sorted(found) == pytest.approx([0.1 * factor])
    assert {v for n, v in by_name.items() if n.startswith("head.")} == {1.0}


def test_a_group_steps_at_its_own_share_of_the_rate(full_recipe: Recipe) -> None:
    """Without momentum SGD moves a weight by rate × gradient."""
    slow, quick = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2, 2))
    recipe = replace(full_recipe, optimizer="sgd", weight_decay=0.0)
    optimizer = make_optimizer([slow, quick], recipe, 1.0, {slow: 0.25})
    set_rate(optimizer, 0.1)
    (slow.sum() + quick.sum()).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    assert torch.allclose(slow, torch.full((2, 2), -0.025))
    assert torch.allclose(quick, torch.full((2, 2), -0.1))
