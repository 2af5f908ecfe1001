"""What a reader can afford: the limits that a recommendation keeps to."""

import math
from dataclasses import dataclass, fields

from mmbench.compare.cells import Cell
from mmbench.errors import PlanError

GB = 1e9
LATENCY, RATE = "latency_p50_seconds", "inference_samples_per_second"
MEMORY = ("peak_cuda_bytes", "peak_rss_bytes")
"""The peak of training: on a GPU that of the GPU, else that of the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None is no limit. max_latency_ms: the median of one sample through the model, ready inputs.
    max_memory_gb: the peak of training in 10⁹ bytes, of the GPU where there is one, else of the
    process. min_samples_per_second: when the model answers in batches. PlanError unless above 0.
    """

    max_latency_ms: float | None = None
    max_memory_gb: float | None = None
    min_samples_per_second: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.set.items():
            if not 0 < value < math.inf:
                raise PlanError(f"--{name.replace('_', '-')} is {value:g}; it must lie above 0")

    @property
    def set(self) -> dict[str, float]:
        """The limits that there are, by name."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


def latency_ms(cell: Cell) -> float | None:
    found = cell.measured(LATENCY)
    return None if found is None else 1000 * found.value


def memory_bytes(cell: Cell) -> float | None:
    found = next(filter(None, (cell.measured(name) for name in MEMORY)), None)
    return None if found is None else found.value


def samples_per_second(cell: Cell) -> float | None:
    found = cell.measured(RATE)
    return None if found is None else found.value


def keeps(cell: Cell, limits: Limits) -> bool | None:
    """Whether the cell keeps to all limits; None if a quantity that counts was not measured and
    none that was measured breaks its limit."""
    memory = memory_bytes(cell)
    told = (
        (limits.max_latency_ms, latency_ms(cell), 1),
        (limits.max_memory_gb, None if memory is None else memory / GB, 1),
        (limits.min_samples_per_second, samples_per_second(cell), -1),
    )
    asked = [(limit, value, sign) for limit, value, sign in told if limit is not None]
    known = [(limit, value, sign) for limit, value, sign in asked if value is not None]
    if any(sign * value > sign * limit for limit, value, sign in known):
        return False
    return None if len(known) < len(asked) else True
