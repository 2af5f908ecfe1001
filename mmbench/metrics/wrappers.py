"""Our metrics as `evaluate.Metric` objects, for code that already speaks that interface.

`evaluate.load("accuracy")` fetches a script from the network; `load("accuracy")` here does not.
Importing this module imports `evaluate`, and with it transformers: nothing else of mmbench does.
"""

from typing import Any

import evaluate
import numpy as np
from datasets import Features, Value
from numpy.typing import ArrayLike, NDArray

from mmbench.errors import CardError
from mmbench.metrics.classification import VALUE, class_indices, confusion
from mmbench.metrics.table import metric

MODULES = {
    "multilabel": "multilabel",
    "sentence_pair": "binary",
    "regression": "regression",
    "tagging": "tagging",
    "multitask": "multitask",
    "transcription": "transcription",
    "captioning": "generation",
    "question_answering": "generation",
}
"""Where the metrics of the kinds are that are not behind the interface of `evaluate`."""


class ClassificationMetric(evaluate.Metric):  # type: ignore[misc]
    """One metric of single-label classification behind the interface of `evaluate`.

    Its input is checked before `evaluate` sees it, which would cast floats and strings to
    integers without a word and compute NaN from nothing. Examples stay in memory; no file or
    folder is written. In exchange it cannot gather examples from several processes.
    """

    def __init__(self, name: str) -> None:
        self._metric = metric(name)
        if "retrieval" in self._metric.kinds:
            raise CardError(
                f"{name!r} is made of ranks among all candidates, which predictions and "
                "references do not hold; call evaluate_retrieval of mmbench.metrics.retrieval, "
                f"and VALUE[{name!r}] there on what it returns"
            )
        if self._metric.name not in VALUE:
            kind = self._metric.kinds[0]
            raise CardError(
                f"{name!r} is of {kind}, and class indices do not hold what it is made of; call "
                f"measures of mmbench.metrics.{MODULES[kind]}, and values of "
                "mmbench.metrics.resampling on what it returns"
            )
        super().__init__(keep_in_memory=True)
        # evaluate derives it from the class, and `combine` uses it as the prefix.
        self.info.module_name = name

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=f"{self._metric.name}: {self._metric.reference}.",
            citation="",
            features=Features({"predictions": Value("int64"), "references": Value("int64")}),
            inputs_description="\n\npredictions, references: one integer class index an example.",
            format="numpy",
        )

    def _build_data_dir(self) -> str:
        """Name the folder without making it, as evaluate would even for data in memory."""
        return str(self._data_dir_root)

    def compute(
        self,
        *,
        predictions: ArrayLike | None = None,
        references: ArrayLike | None = None,
        **options: Any,
    ) -> dict[str, float]:
        """Return {name: value} of the examples added so far and of those given here.

        No metric here has options. ValueError if there is no example, or for what `add_batch`
        refuses.
        """
        if options:
            raise ValueError(f"{self.name} has no option {', '.join(map(repr, options))}")
        if predictions is None and references is None and len(self) == 0:
            raise ValueError(f"{self.name}: no example was added; a metric needs at least one")
        values: dict[str, float] = super().compute(predictions=predictions, references=references)
        return values

    def add_batch(self, *, predictions: ArrayLike, references: ArrayLike) -> None:
        """Add examples, [N] integers each; ValueError if empty, unequal, negative or floats."""
        predicted = class_indices("predictions", predictions)
        targets = class_indices("references", references)
        if len(predicted) != len(targets):
            raise ValueError(f"{len(predicted)} predictions but {len(targets)} references")
        super().add_batch(predictions=predicted, references=targets)

    def add(
        self,
        *,
        prediction: int | None = None,
        reference: int | None = None,
        predictions: int | None = None,
        references: int | None = None,
    ) -> None:
        """Add one example; ValueError unless both are integers and not negative.

        `evaluate.combine` passes a single example under the plural names, so both are understood.
        """
        self.add_batch(
            predictions=[_only("prediction", prediction, predictions)],
            references=[_only("reference", reference, references)],
        )

    def _compute(
        self, *, predictions: NDArray[np.int64], references: NDArray[np.int64]
    ) -> dict[str, float]:
        # The number of classes is unknown here. No value depends on classes that do not occur,
        # so the labels are renumbered: a stray label 30,000 needs no matrix of that size.
        labels, codes = np.unique(np.concatenate([references, predictions]), return_inverse=True)
        targets, predicted = np.split(codes, 2)
        counts = confusion(targets, predicted, len(labels))
        return {self._metric.name: float(VALUE[self._metric.name](counts))}


def load(name: str) -> evaluate.Metric:
    """Return our metric `name` as an `evaluate.Metric`; CardError if there is none.

    So too for a metric that is not of classification, with what to call instead.

    >>> load("balanced_accuracy").compute(predictions=[0, 1, 1], references=[0, 1, 0])
    {'balanced_accuracy': 0.75}
    """
    return ClassificationMetric(name)


def _only(name: str, singular: int | None, plural: int | None) -> int:
    """Return the one of the two spellings that was given."""
    given = [value for value in (singular, plural) if value is not None]
    if len(given) != 1:
        raise ValueError(f"{name}: expected one class index; got {len(given)}")
    return given[0]
