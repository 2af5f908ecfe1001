"""One small task of every kind, and what is answered to it, right or wrong, as a trial writes it.

The answers of `told` are closed forms: what each wrong one costs is known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmbench.cards import TaskCard
from mmbench.cards.task import Target, TargetPart
from mmbench.records import Record
from tests.compare.answers import classes, ranks
from tests.compare.conftest import make_record, task_card

ONE = Target(column="label")
TAGS = ("O", "B-PER", "I-PER")
Told = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """metric: the primary one. answers: columns from which examples are answered right. drop: on
    the metric's scale of change, where three of ten answers of a flawless model become wrong; None
    where there is no closed form."""

    metric: str
    answers: Callable[[Sequence[bool]], Told]
    drop: float | None
    target: Target = ONE
    labels: tuple[str, ...] = ()


def record_of(kind: str, *, metric: str | None = None) -> Record:
    """A record of the kind with that primary metric; its scores are of no account."""
    case = CASES[kind]
    name = metric or case.metric
    record = make_record(metric="accuracy")
    task: TaskCard = replace(
        task_card("accuracy"), name=f"a-{kind}", kind=kind, metrics=(name,), target=case.target
    )
    scores = tuple(replace(score, metric=name) for score in record.scores)
    trial = replace(record.trial, task=task)
    return replace(record, key=trial.key, trial=trial, scores=scores, labels=case.labels)


def _with_ids(count: int, **columns: Sequence[Any]) -> Told:
    return {"id": [f"r{index}" for index in range(count)], **columns}


def _retrieval(right: Sequence[bool]) -> Told:
    found = [1 if ok else 100 for ok in right]
    return ranks(found, found)


def _pairs(right: Sequence[bool]) -> Told:
    targets = [index % 2 for index in range(len(right))]
    signs = [1.0 if ok == bool(t) else -1.0 for t, ok in zip(targets, right, strict=True)]
    return _with_ids(len(right), target=targets, logits=[[-s, s] for s in signs])


def _label_sets(right: Sequence[bool]) -> Told:
    own = [index % 3 for index in range(len(right))]
    said = [label if ok else (label + 1) % 3 for label, ok in zip(own, right, strict=True)]
    return _with_ids(
        len(right),
        target=[[float(label == c) for c in range(3)] for label in own],
        logits=[[2.0 if label == c else -2.0 for c in range(3)] for label in said],
    )


def _numbers(right: Sequence[bool]) -> Told:
    """Off by a half, or by 3."""
    targets = [float(index % 10) for index in range(len(right))]
    said = [t + (0.5 if ok else 3.0) for t, ok in zip(targets, right, strict=True)]
    return _with_ids(len(right), target=targets, predicted=said)


def _tags(right: Sequence[bool]) -> Told:
    said = [[1, 2, 0] if ok else [0, 0, 0] for ok in right]
    return _with_ids(len(right), target=[[1, 2, 0]] * len(right), predicted=said)


def _strings(right: Sequence[bool]) -> Told:
    """Two of three characters wrong, or none."""
    said = ["351" if ok else "39" for ok in right]
    return _with_ids(len(right), target=["351"] * len(right), predicted=said)


def _captions(right: Sequence[bool]) -> Told:
    targets = [f"a red circle number {index % 7}" for index in range(len(right))]
    said = [t if ok else "something else" for t, ok in zip(targets, right, strict=True)]
    return _with_ids(len(right), target=targets, predicted=said)


def _replies(right: Sequence[bool]) -> Told:
    targets = [("yes", "no")[index % 2] for index in range(len(right))]
    said = [t if ok else "perhaps" for t, ok in zip(targets, right, strict=True)]
    return _with_ids(len(right), target=targets, predicted=said)


def _several(right: Sequence[bool]) -> Told:
    """Both targets right, or both wrong."""
    own = [index % 2 for index in range(len(right))]
    said = [t if ok else 1 - t for t, ok in zip(own, right, strict=True)]
    return _with_ids(
        len(right), target_mood=own, predicted_mood=said, target_size=own, predicted_size=said
    )


PARTS = {"mood": TargetPart(column="mood"), "size": TargetPart(column="size")}
CASES: Mapping[str, Case] = {
    "classification": Case(metric="accuracy", answers=classes, drop=0.3),
    "multilabel": Case(metric="mean_average_precision", answers=_label_sets, drop=None),
    "sentence_pair": Case(metric="accuracy", answers=_pairs, drop=0.3),
    # from 0.5 to 0.5 + 0.3 × 2.5
    "regression": Case(metric="mae", answers=_numbers, drop=1.5),
    # 7 of 10 entities found, none invented
    "tagging": Case(metric="entity_f1", answers=_tags, drop=1 - 1.4 / 1.7, labels=TAGS),
    "retrieval": Case(metric="mean_recall", answers=_retrieval, drop=0.3),
    "multitask": Case(
        metric="mean_accuracy", answers=_several, drop=0.3, target=Target(parts=PARTS)
    ),
    "transcription": Case(metric="cer", answers=_strings, drop=0.3 * 2 / 3),
    "captioning": Case(metric="cider", answers=_captions, drop=None),
    "question_answering": Case(metric="answer_accuracy", answers=_replies, drop=0.3),
}
