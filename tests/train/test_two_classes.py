"""Two classes scored by the order of their probabilities: as scikit-learn, and compared by it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from mmbench.cards import ModelCard, TaskCard
from mmbench.compare.mistakes import mistakes
from mmbench.data.examples import TaskData
from mmbench.errors import DataError
from mmbench.models.loading import load
from mmbench.store import Stored
from tests.train.comparing import can_be_compared
from tests.train.kinds import (
    BY_HEART,
    letters,
    objective_with,
    predictions,
    score,
    task,
    trained,
    value,
)

METRICS = ("roc_auc", "accuracy")
RECIPE = replace(BY_HEART, epochs=4)


def rows(count: int) -> list[dict[str, str]]:
    """Texts with an `a` in them are hateful, but every fifth is labelled wrong."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        text = letters(rng, 6)
        hateful = ("a" in text) != (number % 5 == 0)
        found.append({"text": text, "target": "hateful" if hateful else "fair"})
    return found


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    folder = tmp_path_factory.mktemp("two")
    given = rows(64)
    return task(folder, "classification", inputs={"text": "text"}, rows=given, metrics=METRICS)


@pytest.fixture(scope="module")
def stored(
    tiny_bert: ModelCard, card: TaskCard, tmp_path_factory: pytest.TempPathFactory
) -> Stored:
    return trained(tiny_bert, card, tmp_path_factory.mktemp("trial"), RECIPE)


def test_the_scores_are_scikit_learns_of_the_stored_predictions(stored: Stored) -> None:
    can_be_compared(stored)
    found = predictions(stored)
    targets, logits = np.array(found["target"]), np.array(found["logits"])
    assert stored.record.labels == ("fair", "hateful")  # the second is the positive one
    wanted = roc_auc_score(targets, logits[:, 1] - logits[:, 0])
    assert 0 < wanted < 1, "or a class taken for the other would not be seen"
    assert wanted != 0.5
    told = score(stored, "after", "test", "roc_auc")
    assert told.value == pytest.approx(wanted)
    assert told.low is not None
    assert told.high is not None
    assert told.low < wanted < told.high
    assert told.interval is not None
    assert told.interval.startswith("bootstrap over examples")
    exact = accuracy_score(targets, logits.argmax(1))
    assert value(stored, "after", "test", "accuracy") == pytest.approx(exact)
    assert [s.metric for s in stored.record.scores if (s.stage, s.split) == ("after", "test")] == [
        *METRICS
    ]


def test_weights_are_chosen_by_it_and_a_constant_answer_is_worth_a_half(stored: Stored) -> None:
    assert stored.record.trial.task.primary == "roc_auc"
    best = max(point.validation["roc_auc"] for point in stored.record.curve)
    assert value(stored, "after", "validation", "roc_auc") == pytest.approx(best)
    assert value(stored, "majority", "test", "roc_auc") == 0.5


def test_its_mistakes_are_told_though_it_is_compared_by_probabilities(stored: Stored) -> None:
    found = predictions(stored)
    wrong = np.count_nonzero(np.array(found["target"]) != np.array(found["predicted"]))
    told = mistakes(stored, "test", most=3)
    assert told is not None
    assert told.wrong == wrong


def test_a_split_of_one_class_alone_has_no_value_and_says_why(
    tiny_bert: ModelCard, tmp_path: Path
) -> None:
    given = rows(64)
    alone = given[:24] + [row for row in given[24:] if row["target"] == "fair"]
    metrics = ("f1_macro", "roc_auc")
    card = task(tmp_path, "classification", inputs={"text": "text"}, rows=alone, metrics=metrics)
    stored = trained(tiny_bert, card, tmp_path / "trial", RECIPE)
    told = score(stored, "after", "test", "roc_auc")
    assert told.value is None
    assert told.note == "not defined: all examples are of one class"
    found = predictions(stored)
    assert value(stored, "after", "test", "f1_macro") == pytest.approx(
        f1_score(found["target"], found["predicted"], average="macro")
    )


def test_three_classes_have_no_such_order(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    data = TaskData(splits={}, labels=("bad", "fair", "good"), dropped={})
    with pytest.raises(DataError, match="roc_auc is of two classes; there are 3: bad, fair, good"):
        objective_with(load(tiny_bert), data, card, BY_HEART, tmp_path)
