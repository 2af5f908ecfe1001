"""What a strategy may train, on a model that normalises by batch statistics."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmbench.cards import ImageRules, ModelCard, RandomModel, Recipe
from mmbench.data.cache import Cache
from mmbench.data.tasks import examples_from
from mmbench.errors import TrialError
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.progress import Silent
from mmbench.train import strategy
from mmbench.train.evaluate import Validation
from mmbench.train.learner import Headed
from mmbench.train.loop import TrainingRows, fit


@pytest.fixture(scope="module")
def convnet() -> Adapter:
    card = ModelCard(
        name="tiny-resnet",
        family="scratch",
        languages=(),
        modalities=("image",),
        adapter="image",
        library="timm",
        architecture="resnet10t",
        source=RandomModel(via="random"),
        gives=("pooled",),
        image=ImageRules(
            size=32,
            fit="squash",
            interpolation="bilinear",
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        ),
    )
    return load(card)


def statistics(model: nn.Module) -> dict[str, torch.Tensor]:
    return {n: b.clone() for n, b in model.named_buffers() if "running" in n}


def train(adapter: Adapter, recipe: Recipe, tmp_path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(16):
        file = BytesIO()
        pixels = rng.integers(0, 256, size=(32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file, format="PNG")
        pictures.append(file.getvalue())
    prepared = adapter.prepare(examples_from({"image": pictures}), Cache(tmp_path))
    learner = Headed(adapter, ClassifyHead(adapter.width, 2), label_smoothing=0.0)
    strategy.freeze(learner, recipe)
    fit(
        learner,
        TrainingRows(prepared=prepared, targets=np.arange(16) % 2),
        recipe,
        learning_rate=recipe.learning_rates[0],
        seed=0,
        device=torch.device("cpu"),
        validate=lambda: Validation(scores={"accuracy": 0.0}, loss=1.0),
        watcher=Silent(),
    )


def test_accumulation_with_batch_statistics_is_refused(
    convnet: Adapter, full_recipe: Recipe
) -> None:
    with pytest.raises(TrialError, match="batch statistics"):
        strategy.check(convnet, replace(full_recipe, micro_batch=8))
    strategy.check(convnet, full_recipe)
    strategy.check(convnet, replace(full_recipe, strategy="head", micro_batch=8))


def test_a_frozen_backbone_keeps_its_batch_statistics_and_a_trained_one_does_not(
    convnet: Adapter, full_recipe: Recipe, tmp_path: Path
) -> None:
    before = statistics(convnet)
    assert before
    train(convnet, replace(full_recipe, strategy="head", batch_size=8), tmp_path)
    assert all(torch.equal(before[n], now) for n, now in statistics(convnet).items())
    train(convnet, replace(full_recipe, batch_size=8), tmp_path)
    assert not all(torch.equal(before[n], now) for n, now in statistics(convnet).items())
