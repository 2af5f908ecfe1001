"""What LoRA adds, trains and leaves behind, against the formula worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import nn

from mmbench.cards import ImageRules, ModelCard, RandomModel, Recipe, TaskCard
from mmbench.errors import CardError
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.models.loading import load
from mmbench.progress import Silent
from mmbench.train import strategy
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Headed
from mmbench.train.loop import TrainingRows, fit
from mmbench.train.lora import add_lora, additions, merge_lora
from tests.models.dual_samples import RULES, dual_card, write
from tests.train.conftest import MakeLearner
from tests.train.trials import run

RANK = 4


@pytest.fixture
def lora(full_recipe: Recipe) -> Recipe:
    return replace(full_recipe, strategy="lora", lora_rank=RANK, lora_alpha=8.0)


@pytest.fixture
def card(tiny_bert: ModelCard) -> ModelCard:
    return replace(tiny_bert, lora_targets=("query", "value"))


@pytest.fixture
def learner(make_learner: MakeLearner, card: ModelCard) -> Headed:
    found = make_learner()
    cast(Adapter, found.backbone).card = card
    return found


def train(learner: Headed, rows: TrainingRows, recipe: Recipe) -> None:
    fit(
        learner,
        rows,
        recipe,
        learning_rate=1e-2,
        seed=0,
        device=torch.device("cpu"),
        validate=lambda: Validation(scores={"accuracy": 0.0}, loss=1.0),
        watcher=Silent(),
    )


def linears(module: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    return ((n, m) for n, m in module.named_modules() if isinstance(m, nn.Linear))


def test_it_starts_from_the_backbones_own_output(
    learner: Headed, text_rows: TrainingRows, lora: Recipe
) -> None:
    inputs = text_rows.prepared.collate(range(8))
    plain = learner.eval().predict(inputs)
    strategy.freeze(learner, lora)
    assert torch.equal(learner.eval().predict(inputs), plain)


def test_it_trains_rank_times_both_widths_a_target_and_the_head(
    learner: Headed, lora: Recipe
) -> None:
    """Two layers with query and value of 32 × 32 each."""
    strategy.freeze(learner, lora)
    head = sum(p.numel() for p in learner.head.parameters())
    trained = sum(p.numel() for p in learner.parameters() if p.requires_grad)
    assert trained - head == 2 * 2 * RANK * (32 + 32)


def test_the_backbones_own_weights_stay_bit_identical(
    learner: Headed, text_rows: TrainingRows, lora: Recipe
) -> None:
    before = {n: p.detach().clone() for n, p in learner.backbone.named_parameters()}
    strategy.freeze(learner, lora)
    train(learner, text_rows, lora)
    after = {name.replace(".base_layer", ""): p for name, p in learner.backbone.named_parameters()}
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert all(p.abs().sum() > 0 for p in additions(cast(Adapter, learner.backbone)))


def test_what_was_learnt_is_merged_by_the_formula(
    learner: Headed, text_rows: TrainingRows, lora: Recipe
) -> None:
    """W + (α / r) B A, and the outputs of the two forms agree."""
    adapter = cast(Adapter, learner.backbone)
    names = [name for name, _ in adapter.named_parameters()]
    strategy.freeze(learner, lora)
    train(learner, text_rows, lora)
    query = cast(Any, adapter).backbone.encoder.layer[1].attention.self.query
    expected = query.base_layer.weight + (8.0 / RANK) * (
        query.lora_B["default"].weight @ query.lora_A["default"].weight
    )
    inputs = text_rows.prepared.collate(range(8))
    apart = learner.predict(inputs)
    strategy.settle(learner)
    merged = cast(Any, adapter).backbone.encoder.layer[1].attention.self.query
    assert type(merged) is nn.Linear
    assert torch.allclose(merged.weight, expected, atol=1e-7)
    assert torch.allclose(learner.predict(inputs), apart, atol=1e-5)
    assert [name for name, _ in adapter.named_parameters()] == names


def test_merging_a_backbone_without_additions_does_nothing(card: ModelCard) -> None:
    adapter = load(card)
    before = {n: p.clone() for n, p in adapter.named_parameters()}
    merge_lora(adapter)
    assert all(torch.equal(before[n], p) for n, p in adapter.named_parameters())


def test_targets_that_are_not_in_the_model_are_refused(card: ModelCard, lora: Recipe) -> None:
    adapter = load(replace(card, lora_targets=("qkv",)))
    with pytest.raises(CardError, match="tiny-bert: lora_targets qkv"):
        add_lora(adapter, lora)


def test_a_dual_encoder_trains_its_scale_and_both_towers(tmp_path: Path, lora: Recipe) -> None:
    card = dual_card(write("chinese_clip", tmp_path / "model"), RULES["chinese_clip"])
    adapter = load(replace(card, lora_targets=("query", "value", "q_proj", "v_proj")))
    assert isinstance(adapter, PairedAdapter)
    learner = Headed(adapter, nn.Identity(), label_smoothing=0.0)  # type: ignore[arg-type]
    strategy.freeze(learner, lora)
    trained = {n for n, p in adapter.named_parameters() if p.requires_grad}
    assert {n for n in trained if "lora_" not in n} == {"towers.model.logit_scale"}
    assert len(trained) - 1 == 2 * (2 * 2 + 2 * 2)  # A and B of 2 targets in 2 layers of 2 towers


def test_pointwise_convolutions_are_added_to_and_merged_too(lora: Recipe) -> None:
    half = (0.5, 0.5, 0.5)
    adapter = load(
        ModelCard(
            name="tiny-mobile",
            family="scratch",
            languages=(),
            modalities=("image",),
            adapter="image",
            library="timm",
            architecture="tf_efficientnet_lite0",
            source=RandomModel(via="random"),
            gives=("pooled",),
            image=ImageRules(size=32, fit="squash", interpolation="bilinear", mean=half, std=half),
            lora_targets=("conv_pw", "conv_pwl"),
        )
    )
    pixels = {"pixels": torch.randint(0, 255, (2, 3, 32, 32), dtype=torch.uint8)}
    plain = adapter(pixels).pooled
    add_lora(adapter, lora)
    added = list(additions(adapter))
    assert len(added) == 2 * (16 + 15)  # a block has a conv_pw; all but the first a conv_pwl
    with torch.no_grad():
        for parameter in added:
            parameter.normal_(std=0.02)
    apart = adapter(pixels).pooled
    assert not torch.allclose(apart, plain, atol=1e-4)
    merge_lora(adapter)
    assert torch.allclose(adapter(pixels).pooled, apart, rtol=1e-3, atol=1e-4)


@pytest.mark.usefixtures("quick_timing")
def test_a_kept_model_answers_as_the_trial_did_without_peft(
    card: ModelCard, colours: TaskCard, lora: Recipe, tmp_path: Path
) -> None:
    import numpy as np
    import pyarrow.parquet as pq
    from safetensors.torch import load_file
    from transformers import AutoModel

    from mmbench.api import evaluate

    recipe = replace(lora, learning_rates=(1e-2,), epochs=3)
    record = run(card, colours, recipe, tmp_path / "run", keep="best")
    found = {m.name: m.value for m in record.measurements}
    assert found["trainable_parameters"] == 2 * 2 * RANK * 64 + 3 * 33
    kept = AutoModel.from_pretrained(tmp_path / "run" / "model")
    stored = load_file(tmp_path / "run" / "model" / "model.safetensors")
    assert set(stored) <= set(kept.state_dict())
    assert not any("lora" in name for name in stored)
    again = {(s.split, s.metric): s.value for s in evaluate_at(record, tmp_path / "run", evaluate)}
    for split in ("validation", "test"):
        score = record.score("after", split, "accuracy")
        assert score is not None
        assert again[split, "accuracy"] == score.value
    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pandas()
    assert np.isfinite(np.stack(table.logits.to_list())).all()


def evaluate_at(record: Any, folder: Path, evaluate: Any) -> Any:
    from mmbench.store import Stored

    return evaluate(Stored(folder, record), device="cpu")
