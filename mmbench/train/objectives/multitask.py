"""Several targets at once in training: one backbone, a head a target, a weighted sum of losses."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbench.answers import Answer, Several, labelled
from mmbench.cards import Recipe, TaskCard
from mmbench.data.examples import Examples, LabelSets
from mmbench.data.prepared import Prepared
from mmbench.heads.several import SeveralHeads, weighted_cross_entropy
from mmbench.metrics import classification, multitask
from mmbench.models.base import Adapter
from mmbench.records import ClassScore, Score, Stage
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.objectives.base import Outputs, SplitRows
from mmbench.train.objectives.pooled import Pooled, answers_of, backbone_of, columns_of, validated
from mmbench.train.objectives.scores import score_records
from mmbench.train.rowwise import RowLoss, Rowwise

Indices = NDArray[np.int64]


class Multitask(Pooled):
    """Outputs: for each target, by its name, logits [N, C]."""

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of classes of each target."""
        return tuple(len(labels) for labels in self.data.parts.values())

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        recipe = self.setting.recipe
        seed_everything(self.setting.seed, "head")
        head = several_heads(self.adapter, recipe, self.labels)
        loss = row_loss(self.setting.task, recipe, self.labels)
        learner = Rowwise(backbone_of(self.adapter, recipe), head, row_loss=loss)
        return self.ready(learner, head, train, extracted)

    def whole(self, learner: Learner) -> Learner:
        assert isinstance(learner, Rowwise), "made by this objective"
        if learner.backbone is self.adapter:
            return learner
        return Rowwise(self.adapter, learner.head, row_loss=learner.row_loss)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        head = several_heads(adapter, recipe, labels)
        return Rowwise(adapter, head, row_loss=row_loss(task, recipe, labels))

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        logits = answers_of(learner, rows, self.setting)
        pieces = np.split(logits, np.cumsum(self.counts)[:-1], axis=1)
        return dict(zip(self.data.parts, pieces, strict=True))

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the weighted sum of the mean cross-entropies, in nats, without smoothing."""
        outputs = self.outputs(learner, split.rows)
        targets = targets_of(split.examples)
        loss = sum(
            part.weight * _log_loss(outputs[name], targets[:, place])
            for place, (name, part) in enumerate(self.setting.task.target.parts.items())
        )
        measures = multitask.measures(self.metrics, targets, self._chosen(outputs), self.counts)
        return validated(measures, loss)

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        return self._scores(stage, split, self._chosen(outputs))

    def baseline(self, split: SplitRows) -> list[Score]:
        """The most frequent class of each target in the training split (the first of several)."""
        return self._scores("majority", split, self._most_frequent(split))

    def part_scores(
        self, stage: Stage, split: SplitRows, outputs: Outputs
    ) -> Mapping[str, list[Score]]:
        return self._part_scores(stage, split, self._chosen(outputs))

    def part_baselines(self, split: SplitRows) -> Mapping[str, list[Score]]:
        return self._part_scores("majority", split, self._most_frequent(split))

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """For each target, its name behind them: target_, predicted_: class indices; logits_:
        float32 lists."""
        targets, columns = targets_of(split.examples), {}
        for place, (name, logits) in enumerate(outputs.items()):
            columns[f"target_{name}"] = targets[:, place]
            columns[f"predicted_{name}"] = logits.argmax(1)
            columns[f"logits_{name}"] = logits
        return columns_of(split, **columns)

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        parts = self.setting.task.target.parts
        each = {}
        for name, labels in self.data.parts.items():
            names = {label.value: label.names for label in parts[name].labels or ()}
            each[name] = labelled(examples.ids, labels, outputs[name], names)
        return [
            Several(id=identity, answers={name: found[row] for name, found in each.items()})
            for row, identity in enumerate(examples.ids)
        ]

    def classes(self, split: SplitRows, outputs: Outputs) -> list[ClassScore]:
        """Of every class of every target, which is named `target: class`."""
        targets, found = targets_of(split.examples), []
        for place, (name, labels) in enumerate(self.data.parts.items()):
            matrix = classification.confusion(
                targets[:, place], outputs[name].argmax(1), len(labels)
            )
            for label, report in zip(labels, classification.class_report(matrix), strict=True):
                found.append(
                    ClassScore(
                        split=split.name,
                        label=f"{name}: {label}",
                        precision=report.precision,
                        recall=report.recall,
                        f1=report.f1,
                        support=report.support,
                    )
                )
        return found

    def _chosen(self, outputs: Outputs) -> Indices:
        """[N, K] class indices."""
        return np.stack([outputs[name].argmax(1) for name in self.data.parts], axis=1)

    def _most_frequent(self, split: SplitRows) -> Indices:
        train = targets_of(self.data.splits["train"])
        most = [int(np.bincount(column).argmax()) for column in train.T]
        return np.tile(np.asarray(most, dtype=np.int64), (len(split.examples), 1))

    def _scores(self, stage: Stage, split: SplitRows, predicted: Indices) -> list[Score]:
        targets = targets_of(split.examples)
        measures = multitask.measures(self.metrics, targets, predicted, self.counts)
        return score_records(stage, split, measures)

    def _part_scores(
        self, stage: Stage, split: SplitRows, predicted: Indices
    ) -> Mapping[str, list[Score]]:
        each = multitask.part_measures(targets_of(split.examples), predicted, self.counts)
        return {
            name: score_records(stage, split, measures)
            for name, measures in zip(self.data.parts, each, strict=True)
        }


def several_heads(adapter: Adapter, recipe: Recipe, labels: LabelSets) -> SeveralHeads:
    """The heads that the recipe describes, with fresh weights."""
    assert recipe.head != "zero_shot", "plan refuses it"
    return SeveralHeads(
        adapter.width,
        [len(own) for own in labels.parts.values()],
        layers=recipe.head,
        hidden=recipe.head_width,
        dropout=recipe.dropout,
        standardise=recipe.frozen_at_first,
    )


def row_loss(task: TaskCard, recipe: Recipe, labels: LabelSets) -> RowLoss:
    """With the weights that the task card states."""
    return partial(
        weighted_cross_entropy,
        classes=[len(own) for own in labels.parts.values()],
        weights=[task.target.parts[name].weight for name in labels.parts],
        smoothing=recipe.label_smoothing,
    )


def targets_of(examples: Examples) -> Indices:
    assert isinstance(examples.targets, np.ndarray), "the splits of such a task carry classes"
    return examples.targets


def _log_loss(logits: NDArray[np.float32], targets: Indices) -> float:
    """Mean cross-entropy in float64."""
    exact = logits.astype(np.float64)
    exact -= exact.max(1, keepdims=True)
    own = exact[np.arange(len(targets)), targets]
    return float((np.log(np.exp(exact).sum(1)) - own).mean())
