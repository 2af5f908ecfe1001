"""Which weights are best on validation, and when to give up hoping for better ones."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from mmbench.metrics.table import metric
from mmbench.records import CurvePoint

Scored = Callable[[CurvePoint], None]
"""Told of every validation of a fit; a search ends a fit that is not worth going on with so."""


class BestKeeper:
    """Keeps a copy of the trained weights and the buffers at the best point of the curve.

    Best is the highest primary metric (lowest, where lower is better), and among equals the
    lowest validation loss. `exhausted` after `patience` points in a row without a new best.
    """

    def __init__(self, learner: nn.Module, patience: int | None) -> None:
        self.learner = learner
        self.patience = patience
        self.curve: list[CurvePoint] = []
        self._best: int | None = None
        self._weights: dict[str, Tensor] = {}

    def see(self, point: CurvePoint) -> None:
        self.curve.append(point)
        if self._best is None or goodness(point) > goodness(self.curve[self._best]):
            self._best = len(self.curve) - 1
            self._weights = trained_state(self.learner)

    @property
    def best(self) -> CurvePoint:
        assert self._best is not None, "the last step is always validated"
        return self.curve[self._best]

    @property
    def exhausted(self) -> bool:
        if self.patience is None or self._best is None:
            return False
        return len(self.curve) - 1 - self._best >= self.patience

    def restore(self) -> None:
        load_state(self.learner, self._weights)


def goodness(point: CurvePoint) -> tuple[float, float]:
    """Greater is better: the primary metric (the first), if there is one, then the loss."""
    if not point.validation:
        return (0.0, -point.validation_loss)
    name, value = next(iter(point.validation.items()))
    return (value if metric(name).higher_is_better else -value, -point.validation_loss)


def trained_state(learner: nn.Module) -> dict[str, Tensor]:
    """Copies of what training changes: parameters that require gradients, and all buffers."""
    changing: dict[str, Tensor] = dict(learner.named_buffers())
    changing |= {name: p for name, p in learner.named_parameters() if p.requires_grad}
    return {name: value.detach().to("cpu", copy=True) for name, value in changing.items()}


@torch.no_grad()
def load_state(learner: nn.Module, state: dict[str, Tensor]) -> None:
    """Put such copies back, wherever the learner's tensors are now."""
    tensors: dict[str, Tensor] = dict(learner.named_buffers())
    tensors |= learner.named_parameters()
    for name, value in state.items():
        tensors[name].copy_(value)
