"""What a recipe does before the fine-tuning itself."""

import math
from dataclasses import dataclass
from typing import Literal

from mmbench.errors import CardError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFirst:
    """A probe on the frozen features, whose head the fine-tuning starts from, so that a head at
    random does not wreck the features first (LP-FT: Kumar et al. 2022, arXiv:2202.10054).

    The grid, the batches and the patience are the probe's own; all else is the recipe's.
    """

    learning_rates: tuple[float, ...]
    epochs: int
    batch_size: int = 64
    evaluations: int = 10
    patience: int | None = None

    def __post_init__(self) -> None:
        _check_numbers("probe_first", self, ("epochs", "batch_size", "evaluations", "patience"))
        if not self.learning_rates:
            raise CardError("probe_first needs learning_rates")
        _check_rates("probe_first.learning_rates", self.learning_rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretraining:
    """Continued pre-training on the inputs of the training split, without their labels (Gururangan
    et al. 2020, arXiv:2004.10964).

    mlm: masked language modelling, of text encoders; `mask_share` of the tokens are to be guessed.
    contrastive: images and their texts, of dual encoders, by the loss they were made for. Weights
    are those of the epoch with the lowest loss on the inputs of the validation split.
    """

    objective: Literal["mlm", "contrastive"]
    learning_rate: float
    epochs: int
    batch_size: int = 32
    micro_batch: int | None = None
    warmup: float = 0.1
    weight_decay: float = 0.01
    mask_share: float | None = None

    def __post_init__(self) -> None:
        _check_numbers("pretraining", self, ("epochs", "batch_size", "micro_batch"))
        _check_rates("pretraining.learning_rate", (self.learning_rate,))
        if self.micro_batch is not None and self.micro_batch > self.batch_size:
            raise CardError("pretraining.micro_batch is larger than pretraining.batch_size")
        if not 0 <= self.warmup < 1 or not self.weight_decay >= 0:
            raise CardError("pretraining.warmup lies in [0, 1), and weight_decay is not negative")
        if (self.objective == "mlm") != (self.mask_share is not None):
            raise CardError(
                "pretraining.mask_share goes with objective: mlm, and with it alone; "
                "0.15 is what BERT was trained with"
            )
        if self.mask_share is not None and not 0 < self.mask_share < 1:
            raise CardError(f"pretraining.mask_share is {self.mask_share}; it lies in (0, 1)")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFrom:
    """Another recipe, whose fine-tuned model of the same card and seed is where training starts; of
    the same task, unless another is named. It is planned, and run first."""

    recipe: str
    task: str | None = None


def _check_numbers(where: str, stage: object, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(stage, name)
        if value is not None and value < 1:
            raise CardError(f"{where}.{name} is {value}; at least 1 is needed")


def _check_rates(where: str, rates: tuple[float, ...]) -> None:
    if not all(0 < rate < math.inf for rate in rates) or len(set(rates)) != len(rates):
        raise CardError(f"{where} must lie above 0 and differ: {list(rates)}")
