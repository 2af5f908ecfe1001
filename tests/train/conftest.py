"""Small learners for the loop, and tasks and a model of words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mmbench.cards import ModelCard, Recipe, TaskCard
from mmbench.data.cache import Cache
from mmbench.data.prepared import Prepared
from mmbench.data.tasks import examples_from
from mmbench.heads.classify import ClassifyHead
from mmbench.models.loading import load
from mmbench.train.learner import Headed
from mmbench.train.loop import TrainingRows
from tests.train.words import caption_task, question_task, write_words
from tests.train.writers import captioner_card

MakeLearner = Callable[[], Headed]


@pytest.fixture
def full_recipe() -> Recipe:
    return Recipe(
        name="r",
        strategy="full",
        learning_rates=(1e-3,),
        epochs=1,
        dropout=0.0,
        batch_size=32,
        evaluations=1,
        clip_norm=None,
    )


@pytest.fixture
def make_learner(tiny_bert: ModelCard) -> MakeLearner:
    """The same tiny BERT with the same fresh head, every time."""

    def make() -> Headed:
        adapter = load(tiny_bert)
        torch.manual_seed(1)
        head = ClassifyHead(adapter.width, 3)
        return Headed(adapter, head, label_smoothing=0.0)

    return make


@pytest.fixture
def text_rows(tiny_bert: ModelCard, tmp_path: object) -> TrainingRows:
    """640 texts of 1 to 20 letters with a random class: 20 steps of batch 32."""
    rng = np.random.default_rng(0)
    texts = [
        " ".join(rng.choice(list("abcdefghij"), size=int(rng.integers(1, 21)))) for _ in range(640)
    ]
    prepared: Prepared = load(tiny_bert).prepare(
        examples_from({"text": texts}),
        Cache(tmp_path),  # type: ignore[arg-type]
    )
    return TrainingRows(prepared=prepared, targets=rng.integers(0, 3, size=640))


@pytest.fixture(scope="session")
def words_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words(tmp_path_factory.mktemp("words"))


@pytest.fixture
def captions(words_file: Path) -> TaskCard:
    return caption_task(words_file)


@pytest.fixture
def questions(words_file: Path) -> TaskCard:
    return question_task(words_file)


@pytest.fixture(scope="session")
def captioner(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return captioner_card(tmp_path_factory.mktemp("eye"))
