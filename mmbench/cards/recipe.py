"""The recipe: how to train."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mmbench.cards.names import check_name
from mmbench.cards.stages import Pretraining, ProbeFirst, StartFrom
from mmbench.cards.tuning import RATE, TUNABLE, Tuning, Value, edges, holds
from mmbench.digests import set_fields
from mmbench.errors import CardError

Strategy = Literal["zero_shot", "probe", "head", "partial", "full", "lora", "bitfit"]

TRAINS_BACKBONE: tuple[Strategy, ...] = ("partial", "full", "lora", "bitfit")
"""Strategies under which the backbone changes, as a whole or in part."""

TRAINING_FREE = ("name", "description", "strategy", "precision", "batch_size", "prompts")
WHOLE_NUMBERS = (
    "epochs",
    "batch_size",
    "evaluations",
    "micro_batch",
    "patience",
    "head_width",
    "projection_width",
    "blocks",
    "lora_rank",
    "shots",
)
USED_BY: Mapping[str, tuple[Strategy, ...]] = {
    "blocks": ("partial",),
    "lora_rank": ("lora",),
    "lora_alpha": ("lora",),
    "lora_dropout": ("lora",),
    "backbone_rate_factor": TRAINS_BACKBONE,
    "layer_decay": ("partial", "full", "bitfit"),
    "probe_first": TRAINS_BACKBONE,
}
"""Fields that other strategies have no use for."""

NEEDED: Mapping[Strategy, tuple[str, ...]] = {
    "partial": ("blocks",),
    "lora": ("lora_rank", "lora_alpha"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to train. A field that the strategy or the optimizer does not use must stay unset.

    `learning_rates` is a grid: every value is trained, the best on validation is kept, and what
    the others cost is in the record. `warmup` is the share of all steps. `batch_size` is the
    effective batch; `micro_batch` rows go through the model at a time. `evaluations` is how often
    the validation split is scored in the run; `patience` ends it after so many without a gain.
    `dropout` is the head's; a backbone keeps its own.

    `head: zero_shot` starts from the class names in the words of the task's prompts, in the
    language `prompts` (by default the model's own first). For images and texts together,
    `projection_width` is the width of the common space that heads project into where a model has
    none of its own, and `similarity` the loss: over all pairs of the batch (softmax, CLIP) or of
    each pair (sigmoid, SigLIP); by default the one that the model was trained with.

    `regression_loss`, of numbers alone: squared errors, or Huber's, in standard deviations.

    `blocks`: how many of the last blocks `partial` trains, of each tower. `lora_rank`,
    `lora_alpha`, `lora_dropout`: r, α and the dropout before the adapters of LoRA. The backbone
    learns at `backbone_rate_factor` times the head's rate, and each block further from the output
    at `layer_decay` times the rate of the one above it. `shots`: rows of each class that are
    trained on, drawn with the seed alone. `probe_first`, `pretraining`, `start_from`: what comes
    before. `tune`: a search for the setting, from this one on, before all seeds.
    """

    name: str
    strategy: Strategy
    learning_rates: tuple[float, ...] = ()
    epochs: int | None = None
    description: Mapping[str, str] = field(default_factory=dict)
    head: Literal["linear", "mlp", "zero_shot"] = "linear"
    head_width: int | None = None
    optimizer: Literal["adamw", "sgd"] = "adamw"
    momentum: float | None = None
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    label_smoothing: float = 0.0
    regression_loss: Literal["mse", "huber"] = "mse"
    clip_norm: float | None = 1.0
    batch_size: int = 32
    micro_batch: int | None = None
    precision: Literal["fp32", "bf16"] = "fp32"
    evaluations: int = 10
    patience: int | None = None
    prompts: str | None = None
    projection_width: int | None = None
    similarity: Literal["softmax", "sigmoid"] | None = None
    blocks: int | None = None
    lora_rank: int | None = None
    lora_alpha: float | None = None
    lora_dropout: float = 0.0
    backbone_rate_factor: float = 1.0
    layer_decay: float = 1.0
    shots: int | None = None
    probe_first: ProbeFirst | None = None
    pretraining: Pretraining | None = None
    start_from: StartFrom | None = None
    tune: Tuning | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        reason = self._unused() or self._out_of_range() or self._untunable()
        if reason is not None:
            raise CardError(reason)

    @property
    def trains_backbone(self) -> bool:
        """As a whole or in part; features then change under the head."""
        return self.strategy in TRAINS_BACKBONE

    @property
    def frozen_at_first(self) -> bool:
        """Whether the head meets the features of a frozen backbone, for good or in a first stage,
        and standardises them."""
        return not self.trains_backbone or self.probe_first is not None

    def with_setting(self, setting: Mapping[str, Value]) -> "Recipe":
        """The recipe as a trial of a search, or a seed after it, trains it. CardError for a value
        that a recipe may not have."""
        fields: dict[str, Any] = {TUNABLE[name]: value for name, value in setting.items()}
        if RATE in setting:
            fields[TUNABLE[RATE]] = (setting[RATE],)
        return replace(self, tune=None, **fields)

    def default_of(self, name: str) -> Value:
        """What the recipe itself says where a search would vary `name`."""
        if name == RATE:
            return self.learning_rates[0]
        found: Value = getattr(self, TUNABLE[name])
        return found

    def _untunable(self) -> str | None:
        if self.tune is None:
            return None
        if len(self.learning_rates) != 1:
            return "tune starts from one learning rate; leave one, and put a span into tune.space"
        for name in ("probe_first", "pretraining", "start_from"):
            if getattr(self, name) is not None:
                return f"tune does not go with {name}; remove one of them"
        for name, values in self.tune.space.items():
            default, where = self.default_of(name), f"tune.space.{name}"
            if not holds(values, default):
                return (
                    f"{where}: the recipe's own value, {default:g}, which is tried first, is not "
                    "in it; widen it"
                )
            for value in edges(values):
                try:
                    self.with_setting({name: value})
                except CardError as error:
                    return f"{where}: {error}"
        return None

    def _unused(self) -> str | None:
        if self.strategy == "zero_shot":
            unused = [name for name in set_fields(self) if name not in TRAINING_FREE]
            return f"{unused[0]} is not used by strategy: zero_shot; remove it" if unused else None
        if not self.learning_rates or self.epochs is None:
            return f"strategy: {self.strategy} needs learning_rates and epochs"
        if self.head == "mlp" and self.head_width is None:
            return "head: mlp needs head_width"
        if self.head != "mlp" and self.head_width is not None:
            return "head_width is used by head: mlp alone; remove it"
        if self.optimizer != "sgd" and self.momentum is not None:
            return "momentum is used by optimizer: sgd alone; remove it"
        if self.strategy == "probe" and self.micro_batch is not None:
            return "micro_batch is not used by strategy: probe; remove it"
        return self._of_other_strategies()

    def _of_other_strategies(self) -> str | None:
        given = set_fields(self)
        for name, strategies in USED_BY.items():
            if name in given and self.strategy not in strategies:
                return f"{name} is used by strategy {' and '.join(strategies)} alone; remove it"
        for name in NEEDED.get(self.strategy, ()):
            if name not in given:
                return f"strategy: {self.strategy} needs {' and '.join(NEEDED[self.strategy])}"
        if self.probe_first is not None and self.head == "zero_shot":
            return "head: zero_shot starts from the class names; remove it or probe_first"
        if self.start_from is not None and (self.pretraining or self.probe_first):
            return "start_from says where training starts: remove pretraining and probe_first"
        return None

    def _out_of_range(self) -> str | None:
        for name in WHOLE_NUMBERS:
            value = getattr(self, name)
            if value is not None and value < 1:
                return f"{name} is {value}; at least 1 is needed"
        if not all(0 < rate < math.inf for rate in self.learning_rates):  # NaN fails it too
            return f"learning_rates must lie above 0: {list(self.learning_rates)}"
        if len(set(self.learning_rates)) != len(self.learning_rates):
            return f"learning_rates repeats a value: {list(self.learning_rates)}"
        for name in ("warmup", "dropout", "label_smoothing", "lora_dropout"):
            if not 0 <= getattr(self, name) < 1:
                return f"{name} is {getattr(self, name)}; it lies in [0, 1)"
        if not self.weight_decay >= 0 or not (self.clip_norm is None or self.clip_norm > 0):
            return "weight_decay must not be negative, and clip_norm must lie above 0"
        for name in ("backbone_rate_factor", "layer_decay"):
            if not 0 < getattr(self, name) <= 1:
                return f"{name} is {getattr(self, name)}; it lies in (0, 1]"
        if self.lora_alpha is not None and not 0 < self.lora_alpha < math.inf:
            return f"lora_alpha is {self.lora_alpha}; it must lie above 0"
        if self.micro_batch is not None and self.micro_batch > self.batch_size:
            return f"micro_batch {self.micro_batch} is larger than batch_size {self.batch_size}"
        return None
