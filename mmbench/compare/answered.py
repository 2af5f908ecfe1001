"""What the columns of predictions.parquet say, by the kind of task, and what they are worth.

The columns are those of `train.objectives`; the numbers made of them are those of the records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbench.cards import TaskCard
from mmbench.metrics import (
    binary,
    generation,
    margins,
    multilabel,
    multitask,
    regression,
    tagging,
    transcription,
)
from mmbench.metrics.resampling import Measure, Share
from mmbench.metrics.retrieval import RECALLS

Column = NDArray[Any]
Columns = Mapping[str, Column]

QUERY = {"i2t": "image", "t2i": "text"}
SIDES = ("target", "predicted")
PROBABILITIES = ("multilabel", "sentence_pair")
"""Kinds that answer with probabilities, of which a metric sees the side of one half."""
OF_ORDER = ("mean_average_precision", "roc_auc")
"""The metrics that see more of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Of one seed: baseline and candidate to the same N examples of one split.

    kind: of task, as `form_of` has it. targets, baseline, candidate: of classification class
    indices [N]; of retrieval "image" / "text" and ranks [N]; of multilabel 0 / 1 and probabilities
    [N, C]; of sentence_pair 0 / 1 and probabilities of 1 [N]; of regression numbers [N]; of tagging
    tuples of tags [N]; of multitask class indices [N, K]; else texts [N]. groups: [N], or None.
    steps, languages: of the task's card, for texts.
    """

    kind: str
    targets: Column
    baseline: Column
    candidate: Column
    groups: Column | None
    steps: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def moved(self, name: str) -> int:
        """How many examples are answered differently, as far as the metric `name` sees."""
        sides = (self.baseline, self.candidate)
        if self.kind in PROBABILITIES and name not in OF_ORDER:
            sides = (self.baseline > margins.THRESHOLD, self.candidate > margins.THRESHOLD)
        different = sides[0] != sides[1]
        return int(np.count_nonzero(different.reshape(len(self), -1).any(axis=1)))


def form_of(task: TaskCard) -> str:
    """The kind whose answers its answers are: of two classes that are compared by the order of
    their probabilities, those of a sentence pair."""
    ordered_classes = task.kind == "classification" and task.primary in OF_ORDER
    return "sentence_pair" if ordered_classes else task.kind


def example_columns(task: TaskCard) -> tuple[str, ...]:
    """Those that tell an example from the others, the first by which they are put in order."""
    return ("query", "id") if task.kind == "retrieval" else ("id",)


def answer_columns(task: TaskCard) -> tuple[str, ...]:
    """Those that hold what was asked and what was answered."""
    if task.kind == "retrieval":
        return ("rank",)
    if task.kind == "multitask":
        return tuple(f"{side}_{part}" for part in task.target.parts for side in SIDES)
    return ("target", "logits" if form_of(task) in PROBABILITIES else "predicted")


def targets_of(task: TaskCard, columns: Columns) -> Column:
    """What is to be answered, as `Answers` has it. ValueError for columns of another form."""
    if task.kind == "retrieval":
        return columns["query"]
    if task.kind == "multitask":
        return np.stack([columns[f"target_{part}"] for part in task.target.parts], axis=1)
    if task.kind == "multilabel":
        return np.stack([*columns["target"]])
    return columns["target"]


def answers_of(task: TaskCard, columns: Columns) -> Column:
    """What was answered, as `Answers` has it. ValueError for columns of another form."""
    if task.kind == "retrieval":
        return columns["rank"]
    if task.kind == "multitask":
        return np.stack([columns[f"predicted_{part}"] for part in task.target.parts], axis=1)
    if form_of(task) in PROBABILITIES:
        logits = np.stack([*columns["logits"]]).astype(np.float64)
        return _sigmoid(logits if task.kind == "multilabel" else logits[:, 1] - logits[:, 0])
    return columns["predicted"]


def measure_of(name: str, answers: Answers, given: Column) -> Measure:
    """The metric of the answers `given`, of kinds other than classification and retrieval.

    ValueError for answers that the metric refuses.
    """
    names, kind, targets = (name,), answers.kind, answers.targets
    match kind:
        case "multilabel":
            return multilabel.measures(names, targets, given)[name]
        case "sentence_pair":
            return binary.measures(names, targets, given)[name]
        case "regression":
            return regression.measures(names, targets, given)[name]
        case "tagging":
            return tagging.measures(names, list(targets), list(given))[name]
        case "multitask":
            sides = (targets, answers.baseline, answers.candidate)
            classes = 1 + np.stack(sides).max(axis=(0, 1))
            return multitask.measures(names, targets, given, classes.tolist())[name]
        case "transcription":
            return transcription.measures(names, [*targets], [*given], steps=answers.steps)[name]
    assert kind in ("captioning", "question_answering"), f"no metrics of {kind} are known here"
    return generation.measures(
        kind, names, [*targets], [*given], languages=answers.languages, steps=answers.steps
    )[name]


def right(name: str, answers: Answers) -> tuple[Column, Column] | None:
    """Of a metric that is the share of examples answered right: which of those that it asks are, of
    baseline and candidate, [A] booleans each. None of any other metric."""
    sides = (answers.baseline, answers.candidate)
    if answers.kind == "retrieval":
        if name not in RECALLS:
            return None
        direction, k = RECALLS[name]
        asked = answers.targets == QUERY[direction]
        return sides[0][asked] <= k, sides[1][asked] <= k
    if answers.kind == "classification":
        if name not in ("accuracy", "f1_micro"):
            return None
        return sides[0] == answers.targets, sides[1] == answers.targets
    first, second = (measure_of(name, answers, side) for side in sides)
    if isinstance(first, Share) and isinstance(second, Share):
        return first.right, second.right
    return None


def _sigmoid(logits: Column) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -logits))
    return found


def tags_by_name(rows: Column, labels: Sequence[str | int]) -> Column:
    """[N] lists of indices into `labels` → [N] tuples of tags."""
    found = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        found[place] = tuple(str(labels[tag]) for tag in row)
    return found


def ordered(columns: Columns, names: Sequence[str]) -> NDArray[np.int64]:
    """The places of the rows in the order of the columns `names`."""
    keys = [columns[name] for name in reversed(names)]
    return np.lexsort([key.astype(np.str_) if key.dtype.kind == "O" else key for key in keys])
