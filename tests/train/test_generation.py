"""Whole trials of models that write: they learn, their scores are those of their texts."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mmbench.cards import ModelCard, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.batches import Batch
from mmbench.data.cache import Cache
from mmbench.data.tasks import load_task
from mmbench.metrics.generation import measures
from mmbench.metrics.resampling import known_values
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.loading import load
from mmbench.store import Stored
from mmbench.train.generation import Generative
from mmbench.train.learner import Place
from tests.train.comparing import can_be_compared
from tests.train.trials import run
from tests.train.writers import FULL, PROBE, score

pytestmark = pytest.mark.usefixtures("quick_timing")


def test_a_captioner_learns_more_than_the_commonest_caption(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    """In the way of a probe: the encoder runs once."""
    record = run(captioner, captions, PROBE, tmp_path)
    after = score(record, "after", "test", "chrf")
    before = score(record, "majority", "test", "chrf")
    assert after.low is not None
    assert before.high is not None
    assert after.low > before.high
    assert score(record, "before", "test", "chrf").note == (
        "random weights: nothing is said before training"
    )


def test_scores_are_those_of_the_texts_that_were_written(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    record = run(captioner, captions, PROBE, tmp_path)
    can_be_compared(Stored(folder=tmp_path, record=record))
    table = pq.read_table(tmp_path / "predictions.parquet").to_pylist()
    rows = [row for row in table if row["split"] == "test"]
    expected = known_values(
        measures(
            "captioning",
            captions.metrics,
            [row["target"] for row in rows],
            [row["predicted"] for row in rows],
            languages=("en",),
        )
    )
    assert len(rows) == 12
    for metric, value in expected.items():
        assert score(record, "after", "test", metric).value == pytest.approx(value)


def test_two_runs_write_the_same(captioner: ModelCard, captions: TaskCard, tmp_path: Path) -> None:
    short = replace(PROBE, epochs=3, evaluations=1)
    first = run(captioner, captions, short, tmp_path / "a")
    assert run(captioner, captions, short, tmp_path / "b").logits_digest == first.logits_digest


def test_a_model_with_a_question_learns_to_answer_it(questions: TaskCard, tmp_path: Path) -> None:
    card = Catalog.standard().model("vlm-scratch")
    record = run(
        card, questions, replace(FULL, learning_rates=(3e-3,), epochs=8, evaluations=1), tmp_path
    )
    after = score(record, "after", "train", "answer_accuracy").value
    majority = score(record, "majority", "train", "answer_accuracy").value
    assert after is not None
    assert majority is not None
    assert after > majority + 0.3


def test_accumulated_steps_are_those_of_the_whole_batch(
    captioner: ModelCard, captions: TaskCard, tmp_path: Path
) -> None:
    """Answers differ in length, so that a mean of means would be another gradient."""
    examples = load_task(captions).splits["train"]
    texts = tuple("Red on blue and green"[: 3 + row] for row in range(16))
    examples = replace(examples, targets=texts)
    adapter = load(captioner)
    assert isinstance(adapter, GenerativeAdapter)
    adapter.learn_vocabulary(examples)
    rows = adapter.prepare(examples, Cache(tmp_path))
    place = Place(device=torch.device("cpu"), move=lambda b: b, autocast=nullcontext)

    def gradient(pieces: list[list[int]]) -> torch.Tensor:
        learner = Generative(adapter).eval()
        learner.zero_grad()
        batches = [
            Batch(
                inputs=rows.collate(piece),
                targets=None,
                indices=piece,
                samples=len(piece),
                tokens=1,
                padded_tokens=1,
            )
            for piece in pieces
        ]
        learner.backward(batches, place)
        grads = [p.grad.flatten() for p in learner.parameters() if p.grad is not None]
        return torch.cat(grads).clone()

    whole = gradient([list(range(16))])
    parts = gradient([list(range(3)), list(range(3, 16))])
    assert rows.answers is not None
    assert len(np.unique(rows.answers.lengths)) > 1
    assert torch.allclose(whole, parts, atol=1e-6)
