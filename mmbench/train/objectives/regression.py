"""A number a sample in training."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.answers import Answer, Valued
from mmbench.cards import Recipe, TaskCard
from mmbench.data.examples import Examples, LabelSets
from mmbench.data.prepared import Prepared
from mmbench.heads.regress import RegressHead
from mmbench.metrics import regression
from mmbench.models.base import Adapter
from mmbench.records import Score, Stage
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import Outputs, SplitRows
from mmbench.train.objectives.classification import classify_head
from mmbench.train.objectives.pooled import Pooled, answers_of, backbone_of, columns_of, validated
from mmbench.train.objectives.scores import score_records
from mmbench.train.rowwise import Rowwise

VALUES = "values"


class Regression(Pooled):
    """Outputs: values [N] in the target's own unit."""

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        recipe = self.setting.recipe
        seed_everything(self.setting.seed, "head")
        head = RegressHead(classify_head(self.adapter, recipe, 1))
        head.fit(torch.from_numpy(targets_of(self.data.splits["train"])))
        learner = _learner(backbone_of(self.adapter, recipe), head, recipe)
        return self.ready(learner, head.layers, train, extracted)

    def whole(self, learner: Learner) -> Learner:
        if learner.backbone is self.adapter:
            return learner
        assert isinstance(learner.head, RegressHead), "made by this objective"
        return _learner(self.adapter, learner.head, self.setting.recipe)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        return _learner(adapter, RegressHead(classify_head(adapter, recipe, 1)), recipe)

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        return {VALUES: answers_of(learner, rows, self.setting)}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the mean over rows of what training minimises, see `RegressHead.loss`."""
        values, targets = self.outputs(learner, split.rows)[VALUES], targets_of(split.examples)
        assert isinstance(learner, Rowwise), "made by this objective"
        place = self.setting.device
        loss = learner.row_loss(
            torch.from_numpy(values).to(place), torch.from_numpy(targets).to(place)
        )
        measures = regression.measures(self.metrics, targets, values)
        return validated(measures, float(loss) / len(targets))

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        return self._scores(stage, split, outputs[VALUES])

    def baseline(self, split: SplitRows) -> list[Score]:
        """The median of the training split, which no other constant beats by absolute errors."""
        median = float(np.median(targets_of(self.data.splits["train"])))
        return self._scores("constant", split, np.full(len(split.examples), median))

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: numbers in the target's unit."""
        return columns_of(split, target=targets_of(split.examples), predicted=outputs[VALUES])

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        pairs = zip(examples.ids, outputs[VALUES].tolist(), strict=True)
        return [Valued(id=identity, value=value) for identity, value in pairs]

    def _scores(self, stage: Stage, split: SplitRows, predicted: NDArray[Any]) -> list[Score]:
        measures = regression.measures(self.metrics, targets_of(split.examples), predicted)
        return score_records(stage, split, measures)


def _learner(backbone: Any, head: RegressHead, recipe: Recipe) -> Rowwise:
    return Rowwise(backbone, head, row_loss=partial(head.loss, by=recipe.regression_loss))


def targets_of(examples: Examples) -> NDArray[np.float32]:
    assert isinstance(examples.targets, np.ndarray), "the splits of such a task carry numbers"
    return examples.targets
