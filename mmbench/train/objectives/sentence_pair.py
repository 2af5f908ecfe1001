"""Two texts that belong together or not, in training: both are read at once (a cross-encoder)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbench.answers import Answer, labelled
from mmbench.cards import Recipe, TaskCard
from mmbench.data.examples import Examples, LabelSets, TaskData
from mmbench.data.prepared import Prepared
from mmbench.errors import DataError
from mmbench.metrics import binary
from mmbench.models.base import Adapter
from mmbench.records import ClassScore, Score, Stage
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Headed, Learner
from mmbench.train.objectives.base import Outputs, SplitRows
from mmbench.train.objectives.classification import (
    class_scores,
    classify_head,
    log_loss,
    positive,
    targets_of,
)
from mmbench.train.objectives.pooled import Pooled, answers_of, backbone_of, columns_of, validated
from mmbench.train.objectives.scores import score_records
from mmbench.train.setting import Setting

LOGITS = "logits"


class SentencePair(Pooled):
    """Outputs: logits [N, 2]. The second label in the order of the card is the positive one."""

    def __init__(self, adapter: Adapter, data: TaskData, setting: Setting) -> None:
        super().__init__(adapter, data, setting)
        if len(data.labels) != 2:
            raise DataError(
                f"task {setting.task.name}: a sentence pair has one of two labels; there are "
                f"{len(data.labels)}: {', '.join(map(str, data.labels))}. For more take kind: "
                "classification with the inputs text and text_pair."
            )

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        recipe = self.setting.recipe
        seed_everything(self.setting.seed, "head")
        head = classify_head(self.adapter, recipe, 2)
        backbone = backbone_of(self.adapter, recipe)
        learner = Headed(backbone, head, label_smoothing=recipe.label_smoothing)
        return self.ready(learner, head, train, extracted)

    def whole(self, learner: Learner) -> Learner:
        assert isinstance(learner, Headed), "made by this objective"
        if learner.backbone is self.adapter:
            return learner
        return Headed(self.adapter, learner.head, label_smoothing=0.0)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        return Headed(adapter, classify_head(adapter, recipe, 2), label_smoothing=0.0)

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        return {LOGITS: answers_of(learner, rows, self.setting)}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the mean cross-entropy in nats."""
        logits, targets = self.outputs(learner, split.rows)[LOGITS], targets_of(split.examples)
        measures = binary.measures(self.metrics, targets, positive(logits))
        return validated(measures, float(log_loss(logits, targets).mean()))

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        return self._scores(stage, split, positive(outputs[LOGITS]))

    def baseline(self, split: SplitRows) -> list[Score]:
        """The more frequent label of the training split (the first, if both are)."""
        most = int(np.bincount(targets_of(self.data.splits["train"])).argmax())
        return self._scores("majority", split, np.full(len(split.examples), float(most)))

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: class indices. logits: float32 lists."""
        return columns_of(
            split,
            target=targets_of(split.examples),
            predicted=outputs[LOGITS].argmax(1),
            logits=outputs[LOGITS],
        )

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        names = {label.value: label.names for label in self.setting.task.target.labels or ()}
        return [*labelled(examples.ids, self.data.labels, outputs[LOGITS], names)]

    def classes(self, split: SplitRows, outputs: Outputs) -> list[ClassScore]:
        return class_scores(split, outputs[LOGITS].argmax(1), self.data.labels)

    def _scores(self, stage: Stage, split: SplitRows, chances: NDArray[Any]) -> list[Score]:
        measures = binary.measures(self.metrics, targets_of(split.examples), chances)
        return score_records(stage, split, measures)
