"""Several targets at once against scikit-learn, part by part and in the mean."""

import numpy as np
import pytest
from numpy.typing import ArrayLike
from sklearn import metrics as reference

from mmbench.errors import CardError
from mmbench.metrics.intervals import interval
from mmbench.metrics.multitask import MEASURES, measures, part_measures
from mmbench.metrics.resampling import scored, values

NAMES = tuple(MEASURES)
CLASSES = (3, 5)
RNG = np.random.default_rng(0)
TARGETS = np.stack([RNG.integers(3, size=200), RNG.integers(4, size=200)], axis=1)
PREDICTED = np.where(RNG.random((200, 2)) < 0.6, TARGETS, RNG.integers(3, size=(200, 2)))


def macro_f1(part: int) -> float:
    return float(reference.f1_score(TARGETS[:, part], PREDICTED[:, part], average="macro"))


def test_means_are_of_the_parts_each_of_the_same_weight() -> None:
    accuracies = [reference.accuracy_score(TARGETS[:, k], PREDICTED[:, k]) for k in (0, 1)]
    assert values(measures(NAMES, TARGETS, PREDICTED, CLASSES)) == {
        "mean_accuracy": pytest.approx(np.mean(accuracies)),
        "mean_f1_macro": pytest.approx(np.mean([macro_f1(0), macro_f1(1)])),
    }


def test_each_part_scores_as_a_classification_of_its_own() -> None:
    for part, found in enumerate(part_measures(TARGETS, PREDICTED, CLASSES)):
        got = scored(found)
        assert got["f1_macro"].value == pytest.approx(macro_f1(part))
        expected = interval("accuracy", TARGETS[:, part], PREDICTED[:, part], CLASSES[part])
        assert got["accuracy"].interval == expected


@pytest.mark.parametrize(
    ("targets", "predicted", "offence"),
    [
        ([0, 1], [0, 1], r"of one shape, \[N, 2\]; got \(2,\)"),
        ([[0, 1, 2]], [[0, 1, 2]], r"\[N, 2\]; got \(1, 3\)"),
        (np.zeros((0, 2), dtype=int), np.zeros((0, 2), dtype=int), "targets of part 0: empty"),
        ([[0, 5]], [[0, 0]], r"part 1: class 5 is outside 0\.\.4"),
        ([[0, 0]], [[3, 0]], r"part 0: class 3 is outside 0\.\.2"),
        ([[0, -1]], [[0, 0]], "targets of part 1: class index -1 is negative"),
        ([[0.0, 1.0]], [[0, 0]], "targets of part 0: expected integer"),
    ],
)
def test_other_arrays_are_refused(targets: ArrayLike, predicted: ArrayLike, offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        measures(NAMES, targets, predicted, CLASSES)


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'accuracy' is a metric of"):
        measures(["accuracy"], TARGETS, PREDICTED, CLASSES)
