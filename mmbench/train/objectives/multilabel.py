"""Any number of labels a sample in training: one logit a label."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.answers import Answer, LabelSet
from mmbench.cards import Recipe, TaskCard
from mmbench.data.examples import Examples, LabelSets
from mmbench.data.prepared import Prepared
from mmbench.heads.multilabel import binary_cross_entropy, start_at_frequencies
from mmbench.metrics import margins, multilabel
from mmbench.metrics.margins import THRESHOLD
from mmbench.models.base import Adapter
from mmbench.records import ClassScore, Score, Stage
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import Outputs, SplitRows
from mmbench.train.objectives.classification import classify_head
from mmbench.train.objectives.pooled import Pooled, answers_of, backbone_of, columns_of, validated
from mmbench.train.objectives.scores import score_records
from mmbench.train.rowwise import Rowwise

LOGITS = "logits"


class Multilabel(Pooled):
    """Outputs: logits [N, C]."""

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        seed_everything(self.setting.seed, "head")
        head = classify_head(self.adapter, self.setting.recipe, len(self.data.labels))
        start_at_frequencies(head, torch.from_numpy(targets_of(self.data.splits["train"])))
        backbone = backbone_of(self.adapter, self.setting.recipe)
        learner = Rowwise(backbone, head, row_loss=binary_cross_entropy)
        return self.ready(learner, head, train, extracted)

    def whole(self, learner: Learner) -> Learner:
        if learner.backbone is self.adapter:
            return learner
        return Rowwise(self.adapter, learner.head, row_loss=binary_cross_entropy)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        head = classify_head(adapter, recipe, len(labels.labels))
        return Rowwise(adapter, head, row_loss=binary_cross_entropy)

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        return {LOGITS: answers_of(learner, rows, self.setting)}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the mean over rows and labels of the binary cross-entropy in nats."""
        logits = self.outputs(learner, split.rows)[LOGITS].astype(np.float64)
        targets = targets_of(split.examples)
        measures = multilabel.measures(self.metrics, targets, sigmoid(logits))
        return validated(measures, float((np.logaddexp(0.0, logits) - targets * logits).mean()))

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        return self._scores(stage, split, sigmoid(outputs[LOGITS]))

    def baseline(self, split: SplitRows) -> list[Score]:
        """Each label at its frequency in the training split, whatever the sample: its average
        precision is the share of positives."""
        frequencies = targets_of(self.data.splits["train"]).mean(0, dtype=np.float64)
        chances = np.broadcast_to(frequencies, targets_of(split.examples).shape)
        return self._scores("constant", split, chances)

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: lists of 0 and 1, one a label. logits: float32 lists."""
        return columns_of(
            split,
            target=targets_of(split.examples),
            predicted=(sigmoid(outputs[LOGITS]) > THRESHOLD).astype(np.float32),
            logits=outputs[LOGITS],
        )

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        labels = self.data.labels
        found: list[Answer] = []
        for identity, row in zip(examples.ids, sigmoid(outputs[LOGITS]).tolist(), strict=True):
            ranked = sorted(zip(labels, row, strict=True), key=lambda pair: -pair[1])
            found.append(
                LabelSet(
                    id=identity,
                    labels=tuple(label for label, chance in ranked if chance > THRESHOLD),
                    probabilities=dict(zip(labels, row, strict=True)),
                )
            )
        return found

    def classes(self, split: SplitRows, outputs: Outputs) -> list[ClassScore]:
        """Of each label at a probability of one half."""
        has = targets_of(split.examples) > 0
        said = sigmoid(outputs[LOGITS]) > THRESHOLD
        sums = np.stack([(has & said).sum(0), has.sum(0), said.sum(0)], axis=1).astype(np.float64)
        columns = (margins.precision(sums), margins.recall(sums), margins.f1_micro(sums))
        return [
            ClassScore(
                split=split.name,
                label=str(label),
                precision=float(precision),
                recall=float(recall),
                f1=float(f1),
                support=int(support),
            )
            for label, precision, recall, f1, support in zip(
                self.data.labels, *columns, sums[:, 1], strict=True
            )
        ]

    def _scores(self, stage: Stage, split: SplitRows, chances: NDArray[Any]) -> list[Score]:
        measures = multilabel.measures(self.metrics, targets_of(split.examples), chances)
        return score_records(stage, split, measures)


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float64]:
    """In float64, without overflow."""
    found: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -logits.astype(np.float64)))
    return found


def targets_of(examples: Examples) -> NDArray[np.float32]:
    assert isinstance(examples.targets, np.ndarray), "the splits of such a task carry label sets"
    return examples.targets
