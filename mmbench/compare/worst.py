"""The examples that a model answers worst, of kinds whose answers are no classes."""

from dataclasses import dataclass

import numpy as np

from mmbench.cards import TaskCard
from mmbench.compare.answered import Answers, Columns, answers_of, measure_of, targets_of
from mmbench.compare.predictions import has_predictions, read_predictions
from mmbench.metrics.resampling import Counted, Share, Values
from mmbench.metrics.table import metric
from mmbench.store import Stored

BY = {
    "regression": "mae",
    "transcription": "cer",
    "tagging": "token_accuracy",
    "captioning": "chrf",
    "question_answering": "answer_accuracy",
}
"""The metric of one example by itself that tells how bad an answer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """value: of the metric, or the rank of the right answer. query: of retrieval the side that was
    asked with, `image` or `text`; the right answer is then the other side of the same row."""

    id: str
    value: float
    target: str = ""
    answer: str = ""
    query: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """metric: None where examples are worst by rank. count: of all examples, or queries."""

    metric: str | None
    examples: tuple[Example, ...]
    count: int


def worst(stored: Stored, split: str, *, most: int) -> Worst | None:
    """The worst first, and none that could not be better. None where the answers were not kept, or
    are of another kind of task; StoreError for a file that changed since the record was written."""
    task = stored.record.trial.task
    if not has_predictions(stored) or (task.kind != "retrieval" and task.kind not in BY):
        return None
    columns = read_predictions(stored, split)
    if not len(columns["id"]):
        return None
    if task.kind == "retrieval":
        return _by_rank(columns, most)
    return _by_metric(BY[task.kind], task, columns, most)


def _by_rank(columns: Columns, most: int) -> Worst:
    ranks = columns["rank"]
    rows = [int(row) for row in np.argsort(-ranks, kind="stable")[:most] if ranks[row] > 1]
    examples = tuple(
        Example(
            id=str(columns["id"][row]), value=float(ranks[row]), query=str(columns["query"][row])
        )
        for row in rows
    )
    return Worst(metric=None, examples=examples, count=len(ranks))


def _by_metric(name: str, task: TaskCard, columns: Columns, most: int) -> Worst:
    targets, given = targets_of(task, columns), answers_of(task, columns)
    answers = Answers(
        kind=task.kind,
        targets=targets,
        baseline=given,
        candidate=given,
        groups=None,
        steps=task.target.normalise,
        languages=task.languages,
    )
    values = _of_each(name, answers)
    higher = metric(name).higher_is_better
    perfect = max(metric(name).range) if higher else min(metric(name).range)
    order = np.argsort(values if higher else -values, kind="stable")  # undefined ones come last
    rows = [int(row) for row in order if not np.isnan(values[row]) and values[row] != perfect]
    examples = tuple(
        Example(
            id=str(columns["id"][row]),
            value=float(values[row]),
            target=_told(targets[row]),
            answer=_told(given[row]),
        )
        for row in rows[:most]
    )
    return Worst(metric=name, examples=examples, count=len(values))


def _of_each(name: str, answers: Answers) -> Values:
    """The metric of each example alone, [N]; NaN where it is not defined."""
    measure = measure_of(name, answers, answers.candidate)
    assert not isinstance(measure, Counted), f"{name} is of no example by itself"
    if isinstance(measure, Share):
        return measure.right.astype(np.float64)
    return measure.value(measure.statistics)


def _told(value: object) -> str:
    """A number, a text, the tags of a sentence, or any of several right texts."""
    if isinstance(value, float | np.floating):
        return f"{float(value):g}"
    if isinstance(value, tuple | list | np.ndarray):
        return " ".join(map(str, value))
    return str(value)
