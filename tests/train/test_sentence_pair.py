"""Two texts that go together or not: learnt by heart, scored as scikit-learn, kept, asked again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

from mmbench.answers import Labelled
from mmbench.cards import ModelCard, Slot, TaskCard
from mmbench.data.examples import TaskData
from mmbench.data.tasks import load_task
from mmbench.errors import DataError
from mmbench.inference import predict
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.store import Stored
from tests.train.comparing import can_be_compared
from tests.train.kinds import (
    BY_HEART,
    is_the_same_in_batches_of_any_size,
    letters,
    objective_with,
    predictions,
    score,
    task,
    trained,
    value,
)

METRICS = ("accuracy", "f1_positive", "roc_auc")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    """Every third text stands beside itself backwards, the others beside another."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(44):
        one = letters(rng, 6)
        same = number % 3 == 0
        other = one[::-1] if same else letters(rng, 6)
        rows.append({"one": one, "other": other, "target": "same" if same else "other"})
    folder = tmp_path_factory.mktemp("pairs")
    inputs: dict[Slot, str] = {"text": "one", "text_pair": "other"}
    return task(folder, "sentence_pair", inputs=inputs, rows=rows, metrics=METRICS)


@pytest.fixture(scope="module")
def stored(
    tiny_bert: ModelCard, card: TaskCard, tmp_path_factory: pytest.TempPathFactory
) -> Stored:
    return trained(tiny_bert, card, tmp_path_factory.mktemp("trial"))


def test_sixteen_examples_are_learnt_by_heart(stored: Stored) -> None:
    for metric in METRICS:
        assert value(stored, "after", "train", metric) == 1.0


def test_the_scores_are_scikit_learns_of_the_stored_predictions(stored: Stored) -> None:
    can_be_compared(stored)
    found = predictions(stored)
    targets, logits = np.array(found["target"]), np.array(found["logits"])
    said, margin = logits.argmax(1), logits[:, 1] - logits[:, 0]
    assert stored.record.labels == ("other", "same")  # the second is the positive one
    wanted = {
        "accuracy": accuracy_score(targets, said),
        "f1_positive": f1_score(targets, said),
        "roc_auc": roc_auc_score(targets, margin),
    }
    for metric, known in wanted.items():
        assert value(stored, "after", "test", metric) == pytest.approx(known)
        assert score(stored, "after", "test", metric).interval is not None
    assert found["predicted"] == said.tolist()


def test_the_baseline_is_the_more_frequent_label(stored: Stored) -> None:
    targets = np.array(predictions(stored)["target"])
    assert value(stored, "majority", "test", "accuracy") == pytest.approx((targets == 0).mean())
    assert value(stored, "majority", "test", "f1_positive") == 0.0
    assert value(stored, "majority", "test", "roc_auc") == 0.5


def test_the_validation_loss_is_the_mean_cross_entropy(stored: Stored) -> None:
    found = predictions(stored, "validation")
    logits = np.array(found["logits"], dtype=np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    best = next(point for point in stored.record.grid if point.chosen)
    (point,) = [p for p in stored.record.curve if p.step == best.best_step]
    wanted = log_loss(found["target"], shares, labels=[0, 1])
    assert point.validation_loss == pytest.approx(wanted, rel=1e-5)


def test_a_kept_model_answers_as_before(stored: Stored, card: TaskCard) -> None:
    inputs = load_task(card).splits["test"].inputs
    texts, pairs = ([str(text) for text in inputs[slot]] for slot in ("text", "text_pair"))
    found = predictions(stored)
    answers = predict(stored, texts=texts, text_pairs=pairs)
    for answer, logits in zip(answers, found["logits"], strict=True):
        assert isinstance(answer, Labelled)
        chance = 1 / (1 + np.exp(logits[0] - logits[1]))
        assert answer.probabilities["same"] == pytest.approx(chance, abs=1e-5)
        assert answer.label == ("same" if chance > 0.5 else "other")
    assert {row.label for row in stored.record.classes} == {"other", "same"}


def test_the_order_of_the_two_matters(stored: Stored, card: TaskCard) -> None:
    inputs = load_task(card).splits["test"].inputs
    texts, pairs = ([str(text) for text in inputs[slot]] for slot in ("text", "text_pair"))
    there = predict(stored, texts=texts, text_pairs=pairs)
    back = predict(stored, texts=pairs, text_pairs=texts)
    assert any(
        abs(a.probabilities["same"] - b.probabilities["same"]) > 1e-3  # type: ignore[union-attr]
        for a, b in zip(there, back, strict=True)
    )


def test_batches_change_nothing(stored: Stored, tmp_path: Path) -> None:
    is_the_same_in_batches_of_any_size(stored, tmp_path)


def test_a_probe_learns_from_features_of_both(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    recipe = replace(BY_HEART, strategy="probe", learning_rates=(3e-2,), epochs=60)
    found = trained(tiny_bert, card, tmp_path, recipe)
    assert value(found, "after", "train", "accuracy") > value(
        found, "majority", "train", "accuracy"
    )


def test_more_than_two_labels_are_refused_with_the_way_out(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    data = TaskData(splits={}, labels=("entailment", "neutral", "contradiction"), dropped={})
    with pytest.raises(DataError, match="kind: classification with the inputs text and text_pair"):
        objective_with(load(tiny_bert), data, card, BY_HEART, tmp_path)


def test_pairs_of_three_labels_are_classified(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    """As in natural language inference: the other kind, the same two inputs."""
    rows = [
        {"one": one, "other": other, "target": label}
        for one, other, label in [("a b", "b", "yes"), ("a", "c", "no"), ("c d", "a b", "maybe")]
        * 12
    ]
    inputs: dict[Slot, str] = {"text": "one", "text_pair": "other"}
    three = task(tmp_path, "classification", inputs=inputs, rows=rows, metrics=("accuracy",))
    assert mismatch(tiny_bert, three, BY_HEART) is None
    stored = trained(tiny_bert, three, tmp_path / "trial", replace(BY_HEART, epochs=20))
    assert value(stored, "after", "test", "accuracy") == 1.0


def test_a_model_of_images_too_is_refused_before_anything_is_loaded(
    tiny_bert: ModelCard, card: TaskCard
) -> None:
    assert mismatch(tiny_bert, card, BY_HEART) is None
    from mmbench.catalog import Catalog

    dual = replace(Catalog.standard().model("clip-scratch"), gives=("pooled", "paired", "joint"))
    reason = mismatch(dual, card, BY_HEART)
    assert reason is not None
    assert "reads one text at a time" in reason
