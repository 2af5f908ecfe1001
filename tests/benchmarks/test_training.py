"""One training step of each family, and features of a frozen backbone, on real rows.

In float32 and one thread: bfloat16 costs a hundred times that where the CPU has no units for it.
Weights move from round to round, which costs the same whatever they are.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from mmbench.cards import Recipe
from mmbench.catalog import Catalog
from mmbench.data.batches import Batch, training_batches
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Prepared
from mmbench.kinds import kind
from mmbench.train.device import autocast
from mmbench.train.features import features_of
from mmbench.train.learner import Learner, Place
from mmbench.train.optim import make_optimizer
from mmbench.train.strategy import training_mode
from tests.benchmarks.conftest import Size
from tests.benchmarks.rows import CPU, loaded, objective

FAMILIES = {
    "text": ("minilm-l6", "emoji-keywords-group-en", "full-quick"),
    "image": ("efficientnet-lite0", "emoji-group", "full-quick"),
    "dual-open-clip": ("clip-scratch", "emoji-retrieval-en", "contrast-scratch"),
    "dual-chinese-clip": ("chinese-clip-scratch", "emoji-retrieval-zh", "contrast-scratch"),
    "pair": ("minilm-efficientnet", "emoji-retrieval-en", "contrast-full"),
}
"""Family → model, task, recipe."""

MOST_BATCH = 32  # the pair's goes through cached gradients in two pieces, as its 256 would in more


@pytest.mark.parametrize("family", FAMILIES)
def test_training_step(
    benchmark: BenchmarkFixture, size: Size[int], tmp_path: Path, family: str
) -> None:
    model, task, name = FAMILIES[family]
    recipe = fitted(Catalog.standard().recipe(name), size(MOST_BATCH, 8))
    found = loaded(model, task, limit=size(256, 32))
    prepared = found.adapter.prepare(found.train, Cache(tmp_path))
    learner = objective(found, recipe, tmp_path).learner(prepared, None)
    training_mode(learner, recipe)
    batches = endless(prepared, found.train, recipe, Catalog.standard().task(task).kind)
    optimizer = make_optimizer(learner.parameters(), recipe, recipe.learning_rates[0])
    place = Place(device=CPU, move=lambda b: b, autocast=lambda: autocast(CPU, recipe.precision))
    before = state(learner)

    def step() -> float:
        loss = learner.backward(next(batches), place)
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(learner.parameters(), recipe.clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        learner.after_step()
        return float(loss)

    loss = benchmark(step)
    assert np.isfinite(loss)
    moved = [name for name, weights in state(learner).items() if not same(weights, before[name])]
    assert len(moved) > len(before) * 0.9
    benchmark.extra_info["samples"] = recipe.batch_size


@pytest.mark.parametrize(
    ("model", "task"),
    [("minilm-l6", "emoji-keywords-group-en"), ("efficientnet-lite0", "emoji-group")],
)
def test_feature_extraction(
    benchmark: BenchmarkFixture, size: Size[int], tmp_path: Path, model: str, task: str
) -> None:
    found = loaded(model, task, limit=size(128, 32))
    adapter = found.adapter
    prepared = adapter.prepare(found.train, Cache(tmp_path))

    def extract() -> NDArray[np.float32]:
        return features_of(
            adapter, lambda inputs: adapter(inputs).pooled, prepared, device=CPU, precision="fp32"
        )[0]

    features = benchmark(extract)
    with torch.no_grad():
        alone = adapter(prepared.collate([5])).pooled.numpy()
    assert features.shape == (len(found.train), adapter.width)
    np.testing.assert_allclose(features[5:6], alone, rtol=1e-3, atol=1e-4)
    benchmark.extra_info["rows"] = len(found.train)


def fitted(recipe: Recipe, most: int) -> Recipe:
    """The recipe with a batch of at most `most`, cut into micro-batches if it was."""
    batch = min(recipe.batch_size, most)
    micro = None if recipe.micro_batch is None else batch // 2
    return replace(recipe, batch_size=batch, micro_batch=micro)


def endless(
    prepared: Prepared, examples: Examples, recipe: Recipe, task_kind: str
) -> Iterator[list[Batch]]:
    """The steps of one epoch, made before and then over and over: data wait is not timed here."""
    assert isinstance(examples.targets, np.ndarray)
    steps = training_batches(
        prepared,
        examples.targets,
        batch_size=recipe.batch_size,
        micro_batch=recipe.micro_batch,
        seed=0,
        epoch=0,
        by_length=kind(task_kind).decomposable,
    )
    return cycle([step for step in steps if sum(b.samples for b in step) == recipe.batch_size])


def state(learner: Learner) -> dict[str, torch.Tensor]:
    return {n: p.detach().clone() for n, p in learner.named_parameters() if p.requires_grad}


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool(torch.equal(one, other))
