"""Features of a frozen encoder: ours, and a plain loop over its library.

Each starts from texts or encoded images and ends with an array in the order of the rows, which is
written, so that the arms can be compared.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.peers import work
from benchmarks.peers.warm import Outcome, Work
from mmbench.cards import ModelCard
from mmbench.catalog import Catalog
from mmbench.data.examples import Examples
from mmbench.models.image import ImageAdapter
from mmbench.models.loading import load
from mmbench.models.text import TextAdapter, mean_of_tokens
from mmbench.train.evaluate import run_over
from mmbench.train.features import BATCH

Found = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """out: the .npy file that the features are written to. max_tokens: of texts. batch_size,
    padding: a plain loop's own."""

    model: str
    task: str
    rows: int
    out: str
    max_tokens: int | None = None
    batch_size: int = BATCH
    padding: Literal["max_length", "longest"] = "longest"

    @property
    def card(self) -> ModelCard:
        if self.max_tokens is None:
            return Catalog.standard().model(self.model)
        return work.text_model(self.model, self.max_tokens)

    @property
    def examples(self) -> Examples:
        return work.task_rows(self.task, self.rows)[1].splits["train"]


def ours(settings: Settings) -> Work:
    """As a probe computes them: prepared by the adapter, batches of similar length."""
    adapter = load(settings.card, seed=0)

    def compute(examples: Examples) -> Found:
        with work.empty_cache() as cache:
            return run_over(
                adapter,
                lambda inputs: adapter(inputs).pooled,
                adapter.prepare(examples, cache),
                device=work.CPU,
                precision="fp32",
                batch_size=BATCH,
            )

    return _timed(compute, settings)


def plain_transformers(settings: Settings) -> Work:
    """The loop of a model card: tokenise a batch, pad, forward, masked mean."""
    adapter = load(settings.card, seed=0)
    assert isinstance(adapter, TextAdapter), f"{settings.model} is no encoder of texts"
    model, tokenizer = adapter.backbone, cast(Any, adapter.tokenizer)

    @torch.inference_mode()
    def compute(examples: Examples) -> Found:
        texts = cast("Sequence[str]", examples.inputs["text"])
        found = []
        for start in range(0, len(texts), settings.batch_size):
            batch = tokenizer(
                list(texts[start : start + settings.batch_size]),
                padding=settings.padding,
                truncation=True,
                max_length=settings.max_tokens,
                return_tensors="pt",
            )
            hidden = model(**batch).last_hidden_state
            found.append(mean_of_tokens(hidden, batch["attention_mask"].bool()))
        return cast(Found, torch.cat(found).numpy())

    return _timed(compute, settings)


def plain_timm(settings: Settings) -> Work:
    """A torch DataLoader without workers over a Pillow pipeline, and the timm model."""
    from torch.utils.data import DataLoader

    from benchmarks.peers import clip

    adapter = load(settings.card, seed=0)
    assert isinstance(adapter, ImageAdapter), f"{settings.model} is no encoder of images"
    encoder = clip.Encoder(adapter)

    @torch.inference_mode()
    def compute(examples: Examples) -> Found:
        images = clip.Images(examples, adapter.rules)
        loader = DataLoader(images, batch_size=settings.batch_size, num_workers=0)
        found = [encoder.encode_image(pixels) for pixels, _ in loader]
        return cast(Found, torch.cat(found).numpy())

    return _timed(compute, settings)


def _timed(compute: Callable[[Examples], Found], settings: Settings) -> Work:
    examples = settings.examples
    compute(examples.take(range(min(work.WARM_UP_ROWS, len(examples)))))

    def run(round_: int) -> Outcome:
        began = time.perf_counter()
        found = compute(examples)
        seconds = time.perf_counter() - began
        np.save(settings.out, found)
        return Outcome(seconds=seconds, values={"rows_per_second": len(found) / seconds})

    return run


def largest_difference(one: Path, other: Path) -> float:
    """Of two arrays of features, element by element."""
    return float(np.abs(np.load(one) - np.load(other)).max())
