"""The `evaluate.Metric` classes: same values, offline, and none of the silent casts."""

import importlib
import re
from pathlib import Path

import evaluate
import numpy as np
import pytest
from numpy.typing import ArrayLike

from mmbench.errors import CardError
from mmbench.metrics.classification import VALUE, confusion
from mmbench.metrics.retrieval import VALUE as OF_RANKS
from mmbench.metrics.table import METRICS
from mmbench.metrics.wrappers import load

REFERENCES = [0, 0, 0, 0, 1, 1, 2]
PREDICTIONS = [0, 0, 0, 1, 1, 0, 1]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point evaluate's cache at a folder that does not exist, to see if it is made."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", folder)
    return folder


def expected(name: str) -> float:
    return float(VALUE[name](confusion(REFERENCES, PREDICTIONS, 3)))


@pytest.mark.parametrize("name", VALUE)
def test_compute_equals_the_function(name: str) -> None:
    wrapped = load(name)
    assert isinstance(wrapped, evaluate.Metric)
    assert wrapped.name == name
    result = wrapped.compute(predictions=PREDICTIONS, references=REFERENCES)
    assert result == {name: pytest.approx(expected(name), abs=1e-12)}


@pytest.mark.parametrize("name", VALUE)
def test_batches_and_single_examples_add_up(name: str) -> None:
    wrapped = load(name)
    wrapped.add_batch(predictions=np.array(PREDICTIONS[:4]), references=np.array(REFERENCES[:4]))
    for prediction, target in zip(PREDICTIONS[4:], REFERENCES[4:], strict=True):
        wrapped.add(prediction=prediction, reference=target)
    assert len(wrapped) == len(REFERENCES)
    assert wrapped.compute()[name] == pytest.approx(expected(name), abs=1e-12)


def test_a_metric_is_empty_again_after_compute() -> None:
    wrapped = load("accuracy")
    assert wrapped.compute(predictions=[0, 0], references=[0, 1]) == {"accuracy": 0.5}
    assert wrapped.compute(predictions=[1], references=[1]) == {"accuracy": 1.0}


def test_a_large_label_needs_no_large_matrix() -> None:
    labels = [7, 2**40, 2**40]
    result = load("f1_macro").compute(predictions=labels, references=labels)
    assert result == {"f1_macro": 1.0}


def test_combine_gives_every_metric_under_its_name() -> None:
    combined = evaluate.combine([load(name) for name in VALUE])
    result = combined.compute(predictions=PREDICTIONS, references=REFERENCES)
    assert result == {name: pytest.approx(expected(name), abs=1e-12) for name in VALUE}


def test_combine_accepts_batches_and_single_examples() -> None:
    combined = evaluate.combine([load("accuracy"), load("f1_macro")])
    combined.add_batch(predictions=PREDICTIONS[:6], references=REFERENCES[:6])
    combined.add(prediction=PREDICTIONS[6], reference=REFERENCES[6])
    assert combined.compute()["f1_macro"] == pytest.approx(expected("f1_macro"), abs=1e-12)


def test_combine_can_prefix_with_the_name() -> None:
    combined = evaluate.combine([load("accuracy"), load("f1_micro")], force_prefix=True)
    result = combined.compute(predictions=[0], references=[0])
    assert set(result) == {"accuracy_accuracy", "f1_micro_f1_micro"}


def test_nothing_is_written_to_the_cache(cache: Path) -> None:
    load("accuracy").compute(predictions=[0, 1], references=[0, 1])
    assert not cache.exists()


def test_the_features_are_integers() -> None:
    features = load("accuracy").features
    assert {name: feature.dtype for name, feature in features.items()} == {
        "predictions": "int64",
        "references": "int64",
    }


@pytest.mark.parametrize(
    ("predictions", "references", "offence"),
    [
        ([0.9, 0.2], [1, 0], "predictions: expected integer .* float64"),
        ([1, 0], [1.0, 0.0], "references: expected integer .* float64"),
        (["1", "0"], [1, 0], "predictions: expected integer"),
        ([True, False], [1, 0], "predictions: expected integer .* bool"),
        ([[0.1, 0.9]], [1], r"predictions: .* got \(1, 2\)"),
        ([], [], "predictions: empty"),
        ([1], [], "references: empty"),
        ([1, 0], [1], "2 predictions but 1 references"),
        ([1, 0], None, r"references: .* got \(\)"),
        ([1, 0], [1, -100], "references: class index -100 is negative"),
    ],
)
def test_what_evaluate_would_cast_or_turn_into_nan_is_refused(
    predictions: ArrayLike, references: ArrayLike, offence: str
) -> None:
    wrapped = load("accuracy")
    with pytest.raises(ValueError, match=offence):
        wrapped.compute(predictions=predictions, references=references)
    assert wrapped.compute(predictions=[1], references=[1]) == {"accuracy": 1.0}


def test_a_single_float_is_refused() -> None:
    with pytest.raises(ValueError, match="predictions: expected integer"):
        load("accuracy").add(prediction=0.9, reference=1)


def test_half_an_example_is_refused() -> None:
    with pytest.raises(ValueError, match="reference: expected one class index; got 0"):
        load("accuracy").add(prediction=1)


def test_an_example_under_both_names_is_refused() -> None:
    with pytest.raises(ValueError, match="prediction: expected one class index; got 2"):
        load("accuracy").add(prediction=1, predictions=1, reference=1)


def test_computing_without_examples_is_refused() -> None:
    with pytest.raises(ValueError, match="no example was added"):
        load("accuracy").compute()


def test_an_option_is_refused_and_not_dropped() -> None:
    with pytest.raises(ValueError, match="no option 'average'"):
        load("f1_macro").compute(predictions=[0], references=[0], average="micro")


def test_an_unknown_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CardError, match="did you mean 'f1_macro'"):
        load("f1_makro")


@pytest.mark.parametrize("name", [name for name in METRICS if name not in {*VALUE, *OF_RANKS}])
def test_a_metric_of_another_kind_is_refused_with_what_to_call_instead(name: str) -> None:
    with pytest.raises(CardError, match=rf"'{name}' is of \w+, .* call measures of ") as refused:
        load(name)
    named = re.search(r"measures of ([\w.]+), and", str(refused.value))
    assert named is not None
    assert name in importlib.import_module(named[1]).MEASURES


@pytest.mark.parametrize("name", OF_RANKS)
def test_a_metric_of_ranks_is_refused_with_what_to_call_instead(name: str) -> None:
    with pytest.raises(CardError, match=rf"'{name}' is made of ranks .* call evaluate_retrieval"):
        load(name)
