"""Logits of a split, and what they are worth."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.data.batches import evaluation_batches, to_device
from mmbench.data.prepared import Prepared
from mmbench.errors import Diverged
from mmbench.metrics import classification
from mmbench.metrics.intervals import interval
from mmbench.metrics.table import metric
from mmbench.records import ClassScore, Score, Stage
from mmbench.train.device import Precision, autocast
from mmbench.train.learner import Learner


@torch.inference_mode()
def predict_logits(
    learner: Learner,
    prepared: Prepared,
    *,
    device: torch.device,
    precision: Precision,
    batch_size: int,
) -> NDArray[np.float32]:
    """[N, C] float32 in the order of the rows, in eval mode whatever the mode before.

    Diverged if one is not finite: the class with the largest of them would mean nothing.
    """
    training = learner.training
    learner.eval()
    rows: list[int] = []
    logits: list[torch.Tensor] = []
    for batch in evaluation_batches(prepared, None, batch_size=batch_size):
        with autocast(device, precision):
            logits.append(learner.predict(to_device(batch, device).inputs).float())
        rows += batch.indices
    learner.train(training)
    found = torch.cat(logits).cpu().numpy()
    if not np.isfinite(found).all():
        raise Diverged("the model's outputs are not finite; lower the learning rate")
    ordered = np.empty_like(found)
    ordered[rows] = found
    return ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Scores by metric, and the mean cross-entropy in nats."""

    scores: dict[str, float]
    loss: float


def validation_of(
    logits: NDArray[np.float32], targets: NDArray[np.int64], metrics: tuple[str, ...]
) -> Validation:
    """logits: [N, C], finite. targets: [N] class indices."""
    matrix = classification.confusion(targets, logits.argmax(1), logits.shape[1])
    return Validation(
        scores={name: float(classification.VALUE[name](matrix)) for name in metrics},
        loss=float(_log_loss(logits, targets).mean()),
    )


def score_split(
    stage: Stage,
    split: str,
    targets: NDArray[np.int64],
    predicted: NDArray[np.int64],
    *,
    classes: int,
    metrics: tuple[str, ...],
    groups: tuple[str, ...] | None,
    note: str | None = None,
) -> list[Score]:
    """Every metric of the task on one split, each with its interval over examples or groups.

    A split that is all one group has no interval: nothing tells how another group would differ.
    """
    matrix = classification.confusion(targets, predicted, classes)
    one_group = groups is not None and len(set(groups)) < 2
    if one_group:
        note = "; ".join(filter(None, (note, "all rows are one group: no interval")))
    found = []
    for name in metrics:
        span = None if one_group else interval(name, targets, predicted, classes, groups)
        found.append(
            Score(
                stage=stage,
                split=split,
                metric=metric(name).name,
                value=float(classification.VALUE[name](matrix)),
                count=len(targets),
                low=None if span is None else span.low,
                high=None if span is None else span.high,
                interval=None if span is None else span.method,
                note=note,
            )
        )
    return found


def class_scores(
    split: str,
    targets: NDArray[np.int64],
    predicted: NDArray[np.int64],
    labels: tuple[str | int, ...],
) -> list[ClassScore]:
    matrix = classification.confusion(targets, predicted, len(labels))
    return [
        ClassScore(
            split=split,
            label=str(label),
            precision=report.precision,
            recall=report.recall,
            f1=report.f1,
            support=report.support,
        )
        for label, report in zip(labels, classification.class_report(matrix), strict=True)
    ]


def _log_loss(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> NDArray[Any]:
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(1))
    found: NDArray[Any] = log_sum - shifted[np.arange(len(targets)), targets]
    return found
