"""Several labels a sample: learnt by heart, scored as scikit-learn scores, kept and asked again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from mmbench.answers import LabelSet
from mmbench.cards import ModelCard, TaskCard
from mmbench.data.tasks import load_task
from mmbench.errors import DataError
from mmbench.inference import predict
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.store import Stored
from mmbench.train.objectives.multilabel import sigmoid
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

METRICS = ("mean_average_precision", "f1_micro", "f1_macro")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> TaskCard:
    """The labels of a text are those of a, b, c and d that stand in it."""
    rng = np.random.default_rng(0)
    texts = [letters(rng, 9) for _ in range(44)]
    rows = [{"note": text, "target": sorted(set("abcd") & set(text.split()))} for text in texts]
    folder = tmp_path_factory.mktemp("multilabel")
    return task(folder, "multilabel", inputs={"text": "note"}, rows=rows, metrics=METRICS)


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
    assert targets.shape == logits.shape == (20, 4)
    wanted = {
        "mean_average_precision": average_precision_score(targets, logits, average="macro"),
        "f1_micro": f1_score(targets, logits > 0, average="micro"),
        "f1_macro": f1_score(targets, logits > 0, average="macro"),
    }
    for metric, known in wanted.items():
        assert value(stored, "after", "test", metric) == pytest.approx(known)
        span = score(stored, "after", "test", metric)
        assert span.low is not None
        assert span.high is not None
        assert span.low < known <= span.high
    assert np.array_equal(np.array(found["predicted"]), logits > 0)


def test_the_labels_scores_are_scikit_learns(stored: Stored) -> None:
    found = predictions(stored)
    targets, logits = np.array(found["target"]), np.array(found["logits"])
    wanted = f1_score(targets, logits > 0, average=None)
    own = [report for report in stored.record.classes if report.split == "test"]
    assert [report.label for report in own] == ["a", "b", "c", "d"]
    assert [report.f1 for report in own] == pytest.approx(wanted)
    assert [report.support for report in own] == targets.sum(0).tolist()


def test_the_baseline_gives_each_label_its_frequency(stored: Stored, card: TaskCard) -> None:
    targets = np.array(predictions(stored)["target"])
    assert value(stored, "constant", "test", METRICS[0]) == pytest.approx(targets.mean())
    often = np.asarray(load_task(card).splits["train"].targets).mean(0) > 0.5
    said = np.broadcast_to(often, targets.shape)
    wanted = f1_score(targets, said, average="micro", zero_division=0)
    assert value(stored, "constant", "test", "f1_micro") == pytest.approx(wanted)


def test_the_validation_loss_is_that_of_training(stored: Stored) -> None:
    found = predictions(stored, "validation")
    targets, logits = np.array(found["target"]), np.array(found["logits"], dtype=np.float64)
    wanted = -np.log(np.where(targets > 0, sigmoid(logits), sigmoid(-logits))).mean()
    best = next(point for point in stored.record.grid if point.chosen)
    (point,) = [p for p in stored.record.curve if p.step == best.best_step]
    assert point.validation_loss == pytest.approx(wanted, rel=1e-5)


def test_a_kept_model_answers_as_before(stored: Stored, card: TaskCard) -> None:
    texts = list(load_task(card).splits["test"].inputs["text"])
    answers = predict(stored, texts=texts)  # type: ignore[arg-type]
    for answer, logits in zip(answers, predictions(stored)["logits"], strict=True):
        assert isinstance(answer, LabelSet)
        chances = dict(zip("abcd", sigmoid(np.array(logits)).tolist(), strict=True))
        assert answer.probabilities == pytest.approx(chances, abs=1e-5)
        above = sorted((c for c in chances if chances[c] > 0.5), key=lambda c: -chances[c])
        assert answer.labels == tuple(above)


def test_words_in_place_of_texts_are_refused(stored: Stored) -> None:
    with pytest.raises(DataError, match="whole texts, not lists of words"):
        predict(stored, texts=[["a", "b"]])


def test_batches_change_nothing(stored: Stored, tmp_path: Path) -> None:
    is_the_same_in_batches_of_any_size(stored, tmp_path)


@pytest.mark.parametrize("changes", [{"strategy": "probe"}, {"strategy": "partial", "blocks": 1}])
def test_other_strategies_learn_as_well(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path, changes: dict[str, object]
) -> None:
    recipe = replace(BY_HEART, learning_rates=(1e-2,), **changes)  # type: ignore[arg-type]
    found = trained(tiny_bert, card, tmp_path, recipe)
    learnt = value(found, "after", "train", METRICS[0])
    assert learnt > value(found, "constant", "train", METRICS[0]) + 0.2


def test_metrics_that_validation_does_not_define_are_refused(
    tiny_bert: ModelCard, card: TaskCard, tmp_path: Path
) -> None:
    data = load_task(card)
    held_out = data.splits["validation"]
    nothing = replace(held_out, targets=np.zeros((len(held_out), 4), dtype=np.float32))
    data = replace(data, splits={**data.splits, "validation": nothing})
    from mmbench.train.finetune import finetune

    adapter = load(tiny_bert)
    setting = objective_with(adapter, data, card, BY_HEART, tmp_path).setting
    with pytest.raises(DataError, match="no label has a positive example"):
        finetune(adapter, data, setting)


def test_class_names_are_no_start(tiny_bert: ModelCard, card: TaskCard) -> None:
    reason = mismatch(tiny_bert, card, replace(BY_HEART, head="zero_shot"))
    assert reason is not None
    assert "head: zero_shot" in reason
