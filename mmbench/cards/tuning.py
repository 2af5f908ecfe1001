"""How a recipe's setting is searched for: so many trials, and the values that they may take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mmbench.errors import CardError, did_you_mean

Value = int | float
RATE = "lr"

TUNABLE: Mapping[str, str] = {
    RATE: "learning_rates",
    "weight_decay": "weight_decay",
    "warmup": "warmup",
    "dropout": "dropout",
    "label_smoothing": "label_smoothing",
    "lora_dropout": "lora_dropout",
    "backbone_rate_factor": "backbone_rate_factor",
    "layer_decay": "layer_decay",
    "batch_size": "batch_size",
}
"""What a space may name, and the field of the recipe that it stands for. None of them changes how
many epochs a trial gets: budgets stay equal."""

WHOLE = ("batch_size",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """All values from `low` to `high`; with `log`, as many draws from each power of ten."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """`trials` settings of `space` are tried, of which the first is the recipe's own; the best on
    validation is what every seed is then trained with. A space gives a span or a list of values."""

    trials: int
    space: Mapping[str, Span | tuple[Value, ...]]

    def __post_init__(self) -> None:
        if self.trials < 2:
            raise CardError(
                f"tune.trials is {self.trials}; the first tries the recipe's own setting, so at "
                "least 2 are needed"
            )
        if not self.space:
            raise CardError(f"tune.space is empty; name some of {', '.join(TUNABLE)}")
        for name, values in self.space.items():
            reason = _not_a_range(name, values)
            if reason is not None:
                raise CardError(f"tune.space.{name}: {reason}")


def edges(values: Span | tuple[Value, ...]) -> tuple[Value, ...]:
    """The values that must be allowed for all between them to be."""
    return (values.low, values.high) if isinstance(values, Span) else values


def holds(values: Span | tuple[Value, ...], value: Value) -> bool:
    return values.low <= value <= values.high if isinstance(values, Span) else value in values


def _not_a_range(name: str, values: Span | tuple[Value, ...]) -> str | None:
    if name not in TUNABLE:
        return f"it cannot be tuned{did_you_mean(name, list(TUNABLE))}; one of {', '.join(TUNABLE)}"
    if isinstance(values, Span):
        if name in WHOLE:
            return "it is a whole number: list its values, such as [16, 32]"
        if not (math.isfinite(values.low) and values.low < values.high < math.inf):
            return f"low {values.low:g} must lie below high {values.high:g}"
        if values.log and values.low <= 0:
            return f"log: true needs a low above 0, not {values.low:g}; remove log or raise low"
        return None
    if len(values) < 2 or len(set(values)) != len(values):
        return f"at least 2 different values are needed, not {list(values)}"
    if name in WHOLE and not all(isinstance(value, int) for value in values):
        return f"whole numbers are needed, not {list(values)}"
    return None
