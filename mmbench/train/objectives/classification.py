"""Classification in training: a head over classes, or the class names themselves.

Metrics are functions of the confusion matrix, but for those of the order of the probabilities that
two classes may have (`kinds.TWO_CLASSES`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.answers import Answer, labelled
from mmbench.cards import Label, Recipe, TaskCard, prompt_language
from mmbench.data.examples import Examples, LabelSets, TaskData
from mmbench.data.prepared import Prepared
from mmbench.data.tasks import examples_from
from mmbench.errors import CardError, DataError
from mmbench.heads.classify import ClassifyHead
from mmbench.heads.zero_shot import ZeroShotHead, class_embeddings
from mmbench.kinds import TWO_CLASSES
from mmbench.metrics import binary, classification
from mmbench.metrics.intervals import Interval, intervals
from mmbench.metrics.resampling import Measures
from mmbench.metrics.table import metric
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.records import ClassScore, Score, Stage
from mmbench.train import strategy
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation, run_over
from mmbench.train.features import Extracted
from mmbench.train.learner import FeatureInput, Headed, Learner
from mmbench.train.objectives.base import ONE_GROUP, Objective, Outputs, SplitRows
from mmbench.train.objectives.pooled import (
    answers_of,
    backbone_of,
    fit_standardise,
    pooled_features,
    validated,
)
from mmbench.train.objectives.scores import score_records
from mmbench.train.setting import Setting

NO_SPACE = "no joint space of inputs and labels: nothing to score before training"
NO_PROMPTS = "no prompts in the model's language: nothing to score before training"
LOGITS = "logits"


class Classification(Objective):
    """Outputs: logits [N, C]. Of two classes the second in the order of the card is the positive
    one."""

    def __init__(self, adapter: Adapter, data: TaskData, setting: Setting) -> None:
        super().__init__(adapter, data, setting)
        self._of_order = tuple(name for name in self.metrics if name in TWO_CLASSES)
        if self._of_order and len(data.labels) != 2:
            raise DataError(
                f"task {setting.task.name}: {self._of_order[0]} is of two classes; there are "
                f"{len(data.labels)}: {', '.join(map(str, data.labels[:12]))}. Take another metric"
            )

    def features(self, rows: Prepared) -> Extracted:
        return pooled_features(self.adapter, rows, self.setting)

    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        """Before a head of its own, a frozen backbone's features are standardised: the statistics
        come from up to 1,024 training rows at even distances."""
        recipe = self.setting.recipe
        seed_everything(self.setting.seed, "head")
        head: ClassifyHead | ZeroShotHead
        if recipe.head == "zero_shot":
            head = self._by_name()
        else:
            head = classify_head(self.adapter, recipe, len(self.data.labels))
            if head.standardise is not None:
                fit_standardise(head.standardise, self.adapter, train, extracted, self.setting)
        backbone = backbone_of(self.adapter, recipe)
        learner = Headed(backbone, head, label_smoothing=recipe.label_smoothing)
        strategy.freeze(learner, recipe)
        return learner.to(self.setting.device)

    def whole(self, learner: Learner) -> Learner:
        assert isinstance(learner, Headed), "made by this objective"
        if learner.backbone is self.adapter:
            return learner
        return Headed(self.adapter, learner.head, label_smoothing=0.0)

    @classmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        classes = len(labels.labels)
        if recipe.strategy == "zero_shot" or recipe.head == "zero_shot":
            blank = ZeroShotHead(torch.zeros(classes, adapter.width), 0.0)
            return Headed(adapter, blank, label_smoothing=0.0)
        return Headed(adapter, classify_head(adapter, recipe, classes), label_smoothing=0.0)

    def untrained(self, *, on_features: bool) -> Learner | None:
        if self._language() is None:
            return None
        backbone = FeatureInput() if on_features else self.adapter
        return Headed(backbone, self._by_name(), label_smoothing=0.0).to(self.setting.device)

    def why_not_before(self) -> str:
        return NO_PROMPTS if "joint" in self.adapter.card.gives else NO_SPACE

    # ---------------------------------------------------------------------------- outputs

    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        return {LOGITS: answers_of(learner, rows, self.setting)}

    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The loss is the mean cross-entropy in nats."""
        logits = self.outputs(learner, split.rows)[LOGITS]
        targets = targets_of(split.examples)
        matrix = classification.confusion(targets, logits.argmax(1), logits.shape[1])
        counted = {
            name: float(classification.VALUE[name](matrix))
            for name in self.metrics
            if name not in self._of_order
        }
        found = validated(self._ordered(targets, logits), float(log_loss(logits, targets).mean()))
        return replace(found, scores=counted | dict(found.scores))

    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        return self._scores(stage, split, outputs[LOGITS])

    def baseline(self, split: SplitRows) -> list[Score]:
        """The most frequent class of the training split (the first, if several are)."""
        most = int(np.bincount(targets_of(self.data.splits["train"])).argmax())
        logits = np.zeros((len(split.examples), len(self.data.labels)), dtype=np.float32)
        logits[:, most] = 1.0
        return self._scores("majority", split, logits)

    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """target, predicted: class indices. logits: float32 lists. group: equal for rows that
        depend on each other, where the task has groups."""
        groups = split.examples.groups
        return {
            "id": list(split.examples.ids),
            **({} if groups is None else {"group": list(groups)}),
            "target": targets_of(split.examples),
            "predicted": outputs[LOGITS].argmax(1),
            "logits": outputs[LOGITS],
        }

    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        names = {label.value: label.names for label in self.setting.task.target.labels or ()}
        return [*labelled(examples.ids, self.data.labels, outputs[LOGITS], names)]

    def classes(self, split: SplitRows, outputs: Outputs) -> list[ClassScore]:
        return class_scores(split, outputs[LOGITS].argmax(1), self.data.labels)

    def _scores(self, stage: Stage, split: SplitRows, logits: NDArray[np.float32]) -> list[Score]:
        """In the order of the card."""
        counted = self._counted(stage, split, logits.argmax(1))
        measures = self._ordered(targets_of(split.examples), logits)
        ordered = score_records(stage, split, measures) if measures else []
        found = {score.metric: score for score in (*counted, *ordered)}
        return [found[name] for name in self.metrics]

    def _ordered(self, targets: NDArray[np.int64], logits: NDArray[np.float32]) -> Measures:
        """The metrics of the order of two classes' probabilities; empty where there are none."""
        if not self._of_order:
            return {}
        return binary.measures(self._of_order, targets, positive(logits))

    def _counted(self, stage: Stage, split: SplitRows, predicted: NDArray[np.int64]) -> list[Score]:
        """The metrics of the confusion matrix.

        A split that is all one group has no interval: nothing tells how another would differ.
        """
        targets, groups = targets_of(split.examples), split.examples.groups
        classes, note = len(self.data.labels), split.note
        names = [name for name in self.metrics if name not in self._of_order]
        matrix = classification.confusion(targets, predicted, classes)
        one_group = groups is not None and len(set(groups)) < 2
        if one_group:
            note = "; ".join(filter(None, (note, ONE_GROUP)))
        spans: Mapping[str, Interval] = {}
        if not one_group:
            spans = intervals(names, targets, predicted, classes, groups)
        found = []
        for name in names:
            span = spans.get(name)
            found.append(
                Score(
                    stage=stage,
                    split=split.name,
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

    # -------------------------------------------------------------------------- zero-shot

    def _language(self) -> str | None:
        return prompt_language(self.adapter.card, self.setting.task, self.setting.recipe)

    def _by_name(self) -> ZeroShotHead:
        """The classes' names in the task's prompts, embedded by the untrained model."""
        adapter, language = self.adapter, self._language()
        assert isinstance(adapter, PairedAdapter), "plan refuses it of other models"
        assert language is not None, "plan refuses it without prompts"
        texts = prompted(
            self.setting.task.target.labels, self.setting.task.prompts[language], language
        )
        embedded = run_over(
            adapter,
            lambda inputs: adapter.encode("text", inputs),
            adapter.prepare(examples_from({"text": texts}), self.setting.cache),
            device=self.setting.device,
            precision=self.setting.recipe.precision,
            batch_size=self.setting.recipe.batch_size,
        )
        classes = class_embeddings(torch.from_numpy(embedded), len(self.data.labels))
        scale = 0.0 if adapter.log_scale is None else float(adapter.log_scale.detach())
        return ZeroShotHead(classes, scale)


def classify_head(adapter: Adapter, recipe: Recipe, classes: int) -> ClassifyHead:
    """The head of its own that the recipe describes, with fresh weights."""
    assert recipe.head != "zero_shot", "made of the class names instead"
    return ClassifyHead(
        adapter.width,
        classes,
        layers=recipe.head,
        hidden=recipe.head_width,
        dropout=recipe.dropout,
        standardise=recipe.frozen_at_first,
    )


def prompted(
    labels: tuple[Label, ...] | None, prompts: tuple[str, ...], language: str
) -> list[str]:
    """Every prompt of every class, class by class. CardError for a class without a name."""
    if labels is None:
        raise CardError("zero-shot needs target.labels with a name for each class")
    nameless = [str(label.value) for label in labels if language not in label.names]
    if nameless:
        raise CardError(
            f"zero-shot needs a name in {language!r} for every class; there is none for "
            f"{', '.join(nameless)}"
        )
    return [
        prompt.replace("{label}", label.names[language]) for label in labels for prompt in prompts
    ]


def targets_of(examples: Examples) -> NDArray[np.int64]:
    assert isinstance(examples.targets, np.ndarray), "the splits of such a task carry classes"
    return examples.targets


def class_scores(
    split: SplitRows, predicted: NDArray[np.int64], labels: Sequence[str | int]
) -> list[ClassScore]:
    """Of every class, from the indices that are predicted: [N]."""
    matrix = classification.confusion(targets_of(split.examples), predicted, len(labels))
    return [
        ClassScore(
            split=split.name,
            label=str(label),
            precision=report.precision,
            recall=report.recall,
            f1=report.f1,
            support=report.support,
        )
        for label, report in zip(labels, classification.class_report(matrix), strict=True)
    ]


def positive(logits: NDArray[Any]) -> NDArray[np.float64]:
    """[N, 2] → [N], the probability of the second, in float64."""
    exact = logits.astype(np.float64)
    found: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, exact[:, 0] - exact[:, 1]))
    return found


def log_loss(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> NDArray[Any]:
    """[N, C], [N] → [N] cross-entropies in nats, in float64."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(1))
    found: NDArray[Any] = log_sum - shifted[np.arange(len(targets)), targets]
    return found
