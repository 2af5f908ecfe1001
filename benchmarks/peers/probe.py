"""A linear probe of an image encoder: ours, and CLIP_benchmark's.

Both start from encoded images, decode, compute features, search their settings on validation and
predict test. Cold: nothing is kept from earlier rounds. Warm: decoded images (ours) and features
(both) are.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.peers import work
from benchmarks.peers.warm import Outcome, Work
from mmbench.cards import Recipe
from mmbench.catalog import Catalog
from mmbench.data.cache import Cache
from mmbench.models.image import ImageAdapter
from mmbench.models.loading import load
from mmbench.train.finetune import finetune

SWEEP_EPOCHS = 10
SWEEP_TRAININGS = 20
SWEEP_BATCH = 64
"""CLIP_benchmark's own defaults: 7 weight decays, then 4 times 3, then the best once more, each for
10 epochs in batches of 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """search: `recipe`, ours as registered (3 rates, stopped early), or `as_long`, as many epochs
    in all as CLIP_benchmark's. workers: of CLIP_benchmark's loaders. clip_benchmark: the folder
    that it is installed in."""

    model: str
    task: str
    rows: int
    cache: Literal["cold", "warm"]
    search: Literal["recipe", "as_long"] = "recipe"
    workers: int = 0
    clip_benchmark: str = ""


def ours(settings: Settings) -> Work:
    adapter = load(Catalog.standard().model(settings.model), seed=0)
    task, data = work.task_rows(settings.task, settings.rows)
    recipe = Catalog.standard().recipe("probe") if settings.search == "recipe" else as_long()
    kept = Cache(work.lasting_folder())

    def fit(cache: Cache, seed: int) -> Outcome:
        setting = work.setting(task, recipe, seed, cache)
        began = time.perf_counter()
        finetuned = finetune(adapter, data, setting)
        outputs = finetuned.objective.outputs(finetuned.learner, finetuned.inputs["test"])
        seconds = time.perf_counter() - began
        passes = [p for found in finetuned.extracted.values() for p in found.passes.values()]
        assert finetuned.grid is not None, "a probe has a grid"
        steps = sum(fitted.steps for fitted in finetuned.grid.fits)
        return Outcome(
            seconds=seconds,
            values={
                "accuracy": work.accuracy(outputs["logits"], data),
                "steps": float(steps),
                "passes_from_cache": float(sum(done.hit for done in passes)),
            },
        )

    def run(round_: int) -> Outcome:
        if settings.cache == "warm":
            return fit(kept, round_)
        with work.empty_cache() as cache:
            return fit(cache, round_)

    fit(kept, 0)  # warms up the libraries, and the cache if it is to be warm
    return run


def as_long() -> Recipe:
    """As many trainings, epochs and rows a step as CLIP_benchmark's search."""
    rates = np.geomspace(1e-4, 1e-1, SWEEP_TRAININGS)
    return Recipe(
        name="as-long",
        strategy="probe",
        learning_rates=tuple(float(rate) for rate in rates),
        epochs=SWEEP_EPOCHS,
        schedule="cosine",
        warmup=0.0,
        dropout=0.0,
        batch_size=SWEEP_BATCH,
        evaluations=1,
    )


def clip_benchmark(settings: Settings) -> Work:
    sys.path.append(settings.clip_benchmark)  # behind the environment's own packages
    from benchmarks.peers import clip

    adapter = load(Catalog.standard().model(settings.model), seed=0)
    assert isinstance(adapter, ImageAdapter), f"{settings.model} is no encoder of images"
    _, data = work.task_rows(settings.task, settings.rows)
    encoder = clip.Encoder(adapter)
    kept = str(work.lasting_folder())

    def fit(root: str, seed: int) -> Outcome:
        loaders = clip.loaders(adapter, data, batch_size=SWEEP_BATCH, workers=settings.workers)
        began = time.perf_counter()
        found = clip.linear_probe(encoder, loaders, root=root, workers=settings.workers, seed=seed)
        return Outcome(seconds=time.perf_counter() - began, values={"accuracy": found})

    def run(round_: int) -> Outcome:
        if settings.cache == "warm":
            return fit(kept, round_)
        with tempfile.TemporaryDirectory() as root:
            return fit(root, round_)

    if settings.cache == "warm":
        fit(kept, 0)
    else:
        clip.warm_up(encoder)
    return run
