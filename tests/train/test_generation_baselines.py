"""What is said before any training: by a baseline, by a pretrained model, and by whom nothing."""

import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mmbench.cards import Recipe, TaskCard
from mmbench.catalog import Catalog
from mmbench.data.examples import Examples
from mmbench.plan import mismatch
from mmbench.store import Stored
from mmbench.train.objectives.generation import most_frequent
from tests.models.generative_families import write
from tests.models.generative_samples import card as written_card
from tests.train.comparing import can_be_compared
from tests.train.trials import run
from tests.train.writers import FULL, ZERO, score

pytestmark = pytest.mark.usefixtures("quick_timing")


def test_the_baseline_says_what_was_said_most_often_to_the_same_question() -> None:
    train = Examples(
        ids=tuple("abcdef"),
        inputs={"text": ["top?", "top?", "top?", "below?", "below?", "below?"]},
        targets=("red", "red", "blue", "green", "green", "green"),
    )
    asked = Examples(ids=tuple("xyz"), inputs={"text": ["top?", "below?", "left?"]})
    assert most_frequent(train, asked) == ["red", "green", "green"]


def test_of_equally_common_captions_the_baseline_says_the_first() -> None:
    train = Examples(ids=tuple("abc"), inputs={"image": [b""] * 3}, targets=("b", "a", "c"))
    assert most_frequent(train, train) == ["a", "a", "a"]


def test_a_pretrained_model_answers_before_any_training(
    questions: TaskCard, tmp_path: Path
) -> None:
    card = written_card("smolvlm", write("smolvlm", tmp_path / "model"))
    record = run(card, questions, ZERO, tmp_path / "run")
    can_be_compared(Stored(folder=tmp_path / "run", record=record))
    assert score(record, "before", "test", "answer_accuracy").value == 0.0
    assert {s.stage for s in record.scores} == {"before", "majority"}
    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pylist()
    assert len({row["predicted"] for row in table}) > 1


@pytest.mark.parametrize(
    ("name", "recipe", "reason"),
    [
        ("vlm-scratch", ZERO, "starts at random: it says nothing before training"),
        ("vlm-scratch", replace(FULL, head="zero_shot"), "head: zero_shot is for classes alone"),
        ("vlm-scratch", replace(FULL, dropout=0.3), "sets dropout, which kind"),
        ("minilm-efficientnet", FULL, "needs generates features; minilm-efficientnet gives none"),
        ("minilm-efficientnet", ZERO, "needs a model that answers in words"),
        ("caption-scratch", FULL, "input is image \\+ text; caption-scratch reads image"),
    ],
)
def test_the_plan_refuses_what_cannot_answer(
    name: str, recipe: Recipe, reason: str, questions: TaskCard
) -> None:
    found = mismatch(Catalog.standard().model(name), questions, recipe)
    assert found is not None
    assert re.search(reason, found), found
