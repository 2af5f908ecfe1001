"""What a record tells of fits: validations, learning rates, the settings of a search."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mmbench.cards.tuning import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One validation: mean training loss since the last one, and the validation scores.

    `in_batch` is what was measured within the training batches since then (in-batch accuracy): it
    depends on the batch size and says nothing of the whole candidate set.
    """

    learning_rate: float
    step: int
    epoch: float
    train_loss: float | None
    validation_loss: float
    validation: Mapping[str, float]
    in_batch: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPoint:
    """One learning rate of the grid: what it reached on validation and what it cost.

    `diverged` says how it ended where its loss was not finite; it then has no `validation`.
    """

    learning_rate: float
    validation: float | None
    diverged: str | None = None
    best_step: int
    steps: int
    seconds: float
    stopped_early: bool
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One setting of a search. `number` 0 is the recipe's own.

    validation: the primary metric at the best point of the curve, None where nothing was scored.
    samples: training rows seen up to the last validation. seconds: of the whole attempt. reason:
    why it did not finish.
    """

    number: int
    setting: Mapping[str, Value]
    outcome: Literal["finished", "pruned", "diverged", "out_of_memory"]
    validation: float | None
    curve: tuple[CurvePoint, ...]
    samples: int
    seconds: float
    reason: str | None = None
    chosen: bool = False

    @property
    def steps(self) -> int:
        return self.curve[-1].step if self.curve else 0
