"""Confusions and the surest mistakes, against scikit-learn and a softmax by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import confusion_matrix

from mmbench.compare.mistakes import mistakes
from mmbench.errors import StoreError
from mmbench.store import Stored
from tests.compare.answers import written
from tests.compare.conftest import make_record

LABELS = ("cat", "dog", "bird")
RANDOM = np.random.default_rng(0)
TARGETS = RANDOM.integers(0, 3, 60)
LOGITS = RANDOM.normal(size=(60, 3)) + 1.5 * np.eye(3)[TARGETS]


@pytest.fixture(name="stored")
def fixture_stored(tmp_path: Path) -> Stored:
    columns = {
        "id": [f"r{row}" for row in range(60)],
        "target": TARGETS.tolist(),
        "predicted": LOGITS.argmax(1).tolist(),
        "logits": LOGITS.tolist(),
    }
    return written(replace(make_record(), labels=LABELS), tmp_path / "run", columns)


def test_the_matrix_is_that_of_scikit_learn(stored: Stored) -> None:
    found = mistakes(stored, "test", most=5)
    assert found is not None
    expected = confusion_matrix(TARGETS, LOGITS.argmax(1))
    assert np.array_equal(found.counts, expected)
    assert found.wrong == expected.sum() - np.trace(expected)
    target, predicted, count, share = found.confusions()[0]
    assert count == (expected - np.diag(np.diag(expected))).max()
    row = expected[LABELS.index(target)]
    assert share == pytest.approx(row[LABELS.index(predicted)] / row.sum())


def test_the_surest_mistakes_come_first(stored: Stored) -> None:
    found = mistakes(stored, "test", most=3)
    assert found is not None
    chances = softmax(LOGITS, axis=1).max(1)
    wrong = [row for row in range(60) if LOGITS[row].argmax() != TARGETS[row]]
    expected = sorted(wrong, key=lambda row: -chances[row])[:3]
    assert [each.id for each in found.surest] == [f"r{row}" for row in expected]
    assert [each.probability for each in found.surest] == pytest.approx(chances[expected])
    assert found.surest[0].target == LABELS[TARGETS[expected[0]]]
    assert found.surest[0].predicted == LABELS[LOGITS[expected[0]].argmax()]


def test_what_was_not_kept_or_is_of_another_split_has_none(stored: Stored) -> None:
    assert mistakes(replace(stored, folder=stored.folder / "gone"), "test", most=3) is None
    assert mistakes(stored, "validation", most=3) is None
    regression = replace(stored.record.trial.task, kind="retrieval")
    trial = replace(stored.record.trial, task=regression)
    assert (
        mistakes(replace(stored, record=replace(stored.record, trial=trial)), "test", most=3)
        is None
    )


def test_a_file_that_changed_since_is_an_error(stored: Stored) -> None:
    path = stored.folder / "predictions.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(StoreError, match="changed since"):
        mistakes(stored, "test", most=3)
