"""What a classifier takes for what, and the mistakes that it is surest of."""

from dataclasses import dataclass

import numpy as np

from mmbench.compare.predictions import has_predictions, read_predictions
from mmbench.store import Stored

KIND = "classification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One example answered wrong. target, predicted: labels. probability: of the wrong label."""

    id: str
    target: str
    predicted: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """labels: the classes in order. counts: [target][predicted], of all examples. surest: of the
    wrong answers those with the highest probability first."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    surest: tuple[Mistake, ...]

    @property
    def wrong(self) -> int:
        return sum(map(sum, self.counts)) - sum(row[i] for i, row in enumerate(self.counts))

    def confusions(self) -> list[tuple[str, str, int, float]]:
        """Target, what it was taken for, how often, and of which share of that target's examples;
        the most frequent first."""
        found = [
            (self.labels[target], self.labels[predicted], count, count / sum(row))
            for target, row in enumerate(self.counts)
            for predicted, count in enumerate(row)
            if count and target != predicted
        ]
        return sorted(found, key=lambda each: -each[2])


def mistakes(stored: Stored, split: str, *, most: int) -> Mistakes | None:
    """most: of the surest. None where the answers were not kept, or are of another kind of task;
    StoreError for a file that changed since the record was written."""
    labels = tuple(map(str, stored.record.labels))
    if stored.record.trial.task.kind != KIND or not has_predictions(stored):
        return None
    columns = read_predictions(stored, split, also=("predicted", "logits"))
    if not len(columns["target"]) or "logits" not in columns:
        return None
    targets, predicted = columns["target"], columns["predicted"]
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (targets, predicted), 1)
    logits = np.stack([*columns["logits"]]).astype(np.float64)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances = (raised / raised.sum(axis=1, keepdims=True))[np.arange(len(targets)), predicted]
    wrong = np.flatnonzero(targets != predicted)
    surest = wrong[np.argsort(-chances[wrong], kind="stable")][:most]
    return Mistakes(
        labels=labels,
        counts=tuple(tuple(int(count) for count in row) for row in counts),
        surest=tuple(
            Mistake(
                id=str(columns["id"][row]),
                target=labels[targets[row]],
                predicted=labels[predicted[row]],
                probability=float(chances[row]),
            )
            for row in surest.tolist()
        ),
    )
