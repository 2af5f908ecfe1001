"""What one kind of task is in training: its learner, and what the learner's outputs are worth."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from mmbench.answers import Answer
from mmbench.cards import Recipe, TaskCard
from mmbench.data.batches import RowTargets
from mmbench.data.examples import Examples, LabelSets, TaskData
from mmbench.data.prepared import Prepared
from mmbench.errors import DataError
from mmbench.kinds import Kind, kind
from mmbench.models.base import Adapter
from mmbench.records import ClassScore, Score, Stage
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.setting import Setting

Outputs = Mapping[str, NDArray[Any]]
"""Arrays by name, of numbers of fixed width; what they mean is the objective's affair."""

STANDARDISE_ROWS = 1024
"""Training rows that the statistics of frozen features are taken from, at even distances."""

ONE_GROUP = "all rows are one group: no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRows:
    """One split: its examples, and the same rows as the learner takes them. `note` says what a
    reader must know of its scores."""

    name: str
    examples: Examples
    rows: Prepared
    note: str | None = None


class Objective(ABC):
    """One adapter on one task. A row of `kinds.KINDS` has one class of this room (`OBJECTIVES`)."""

    def __init__(self, adapter: Adapter, data: TaskData, setting: Setting) -> None:
        self.adapter = adapter
        self.data = data
        self.setting = setting

    @property
    def kind(self) -> Kind:
        return kind(self.setting.task.kind)

    @property
    def metrics(self) -> tuple[str, ...]:
        return self.setting.task.metrics

    @property
    def labels(self) -> LabelSets:
        """What the head answers with, to be kept beside its weights."""
        return LabelSets(labels=self.data.labels, parts=self.data.parts)

    # --------------------------------------------------------------------------- learners

    def targets(self, examples: Examples) -> RowTargets:
        """As the learner's loss takes them; None where they are among its inputs."""
        assert examples.targets is not None, "the splits of a task carry targets"
        assert not isinstance(examples.targets, tuple), "a kind of texts makes its own"
        return examples.targets

    @abstractmethod
    def features(self, rows: Prepared) -> Extracted:
        """The frozen backbone's features of the rows, from the cache where they are known."""

    @abstractmethod
    def learner(self, train: Prepared, extracted: Extracted | None) -> Learner:
        """A backbone with a fresh head, on the setting's device, frozen as the strategy says.

        train: the training rows. extracted: their features, if the learner is to run on these.
        """

    @abstractmethod
    def whole(self, learner: Learner) -> Learner:
        """The same as a model of tokens and pixels, where the learner itself runs on features."""

    @classmethod
    @abstractmethod
    def empty_learner(
        cls, adapter: Adapter, task: TaskCard, recipe: Recipe, labels: LabelSets
    ) -> Learner:
        """A learner of tokens and pixels whose head waits for the weights of a kept one."""

    @abstractmethod
    def untrained(self, *, on_features: bool) -> Learner | None:
        """What can answer before any training (zero-shot); None where nothing can."""

    @abstractmethod
    def why_not_before(self) -> str:
        """Why there is no `untrained` learner, for the reader of a report."""

    # ---------------------------------------------------------------------------- outputs

    @abstractmethod
    def outputs(self, learner: Learner, rows: Prepared) -> Outputs:
        """All that the scores of the rows are computed from."""

    @abstractmethod
    def validation(self, learner: Learner, split: SplitRows) -> Validation:
        """The scores to choose weights by."""

    @abstractmethod
    def scores(self, stage: Stage, split: SplitRows, outputs: Outputs) -> list[Score]:
        """Every metric of the task, each with its interval."""

    @abstractmethod
    def baseline(self, split: SplitRows) -> list[Score]:
        """The same of what a model must beat: `kind.baseline` is their stage."""

    @abstractmethod
    def predictions(self, split: SplitRows, outputs: Outputs) -> Mapping[str, Any]:
        """Columns for predictions.parquet, one value a row."""

    def given(self, examples: Examples) -> Examples:
        """Rows to predict on, as people give them, in the form that the task's data have.

        DataError for texts that are cut into words, where the task has whole ones.
        """
        if any(isinstance(text, tuple) for text in examples.inputs.get("text", ())):
            raise DataError(
                f"task {self.setting.task.name}: it takes whole texts, not lists of words"
            )
        return examples

    @abstractmethod
    def answers(self, examples: Examples, outputs: Outputs) -> list[Answer]:
        """What the model says of each row, for people and programs."""

    def part_scores(
        self, stage: Stage, split: SplitRows, outputs: Outputs
    ) -> Mapping[str, list[Score]]:
        """The scores of each target by its name, where there are several."""
        return {}

    def part_baselines(self, split: SplitRows) -> Mapping[str, list[Score]]:
        """What a model must beat of each target, where there are several."""
        return {}

    def classes(self, split: SplitRows, outputs: Outputs) -> list[ClassScore]:
        """Scores of every class, where there are classes."""
        return []
