"""Throughput of the parts that cost most, through pytest-benchmark, on real weights and data.

    make bench

Times are not asserted here: a shared machine says nothing absolute. Each test asserts that the
work was done, so that a fast nothing cannot pass for speed.
"""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from mmbench.catalog import Catalog
from mmbench.data.batches import Batch, evaluation_batches, training_batches
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Prepared
from mmbench.data.tasks import load_task
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.train.device import autocast
from mmbench.train.learner import Headed
from mmbench.train.optim import make_optimizer

ROWS = 256
CPU = torch.device("cpu")


def rows_of(model: str, task: str, folder: Path) -> tuple[Adapter, Examples, Prepared]:
    catalog = Catalog.standard()
    examples = load_task(catalog.task(task), limit=ROWS).splits["train"]
    adapter = load(catalog.model(model))
    return adapter, examples, adapter.prepare(examples, Cache(folder))


@pytest.mark.parametrize(
    ("model", "task"),
    [("minilm-l6", "emoji-keywords-group-en"), ("efficientnet-lite0", "emoji-group")],
)
def test_feature_extraction(
    benchmark: BenchmarkFixture, tmp_path: Path, model: str, task: str
) -> None:
    adapter, _, prepared = rows_of(model, task, tmp_path)

    def extract() -> int:
        done = 0
        with torch.inference_mode():
            for batch in evaluation_batches(prepared, None, batch_size=32):
                done += len(adapter(batch.inputs).pooled)
        return done

    assert benchmark(extract) == ROWS
    benchmark.extra_info["rows"] = ROWS


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_step(benchmark: BenchmarkFixture, tmp_path: Path, precision: str) -> None:
    adapter, examples, prepared = rows_of("minilm-l6", "emoji-keywords-group-en", tmp_path)
    recipe = Catalog.standard().recipe("full" if precision == "fp32" else "full-bf16")
    learner = Headed(adapter, ClassifyHead(adapter.width, 9), label_smoothing=0.0).train()
    optimizer = make_optimizer(learner.parameters(), recipe, 1e-4)
    batches = endless(prepared, examples)
    before = next(learner.parameters()).detach().clone()

    def step() -> float:
        batch = next(batches)
        with autocast(CPU, recipe.precision):
            loss = learner.loss(batch) / learner.count(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    assert np.isfinite(benchmark(step))
    assert not torch.equal(before, next(learner.parameters()))


def test_tokenising(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    adapter, examples, _ = rows_of("minilm-l6", "emoji-keywords-group-en", tmp_path)
    folders = (tmp_path / str(i) for i in range(1_000_000))
    prepared = benchmark(lambda: adapter.prepare(examples, Cache(next(folders))))
    assert len(prepared) == ROWS


def test_decoding_images(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    adapter, examples, _ = rows_of("efficientnet-lite0", "emoji-group", tmp_path)
    folders = (tmp_path / str(i) for i in range(1_000_000))
    prepared = benchmark(lambda: adapter.prepare(examples, Cache(next(folders))))
    assert len(prepared) == ROWS


def endless(prepared: Prepared, examples: Examples) -> Iterator[Batch]:
    steps = training_batches(
        prepared, examples.targets, batch_size=32, micro_batch=None, seed=0, epoch=0
    )
    return cycle([batch for step in steps for batch in step])
