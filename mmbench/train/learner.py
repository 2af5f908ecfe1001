"""The seam between the loop and everything that learns."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs
from mmbench.heads.classify import ClassifyHead, cross_entropy
from mmbench.heads.zero_shot import ZeroShotHead
from mmbench.models.base import Features


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and how a step computes: `move` brings a batch to the device, `autocast` sets the
    precision of what runs inside."""

    device: torch.device
    move: Callable[[Batch], Batch]
    autocast: Callable[[], AbstractContextManager[None]]


class Learner(nn.Module):
    """What the loop needs to know of a model.

    The loss is a sum, and `count` says over how many: the sums of all micro-batches of a step are
    divided by their common count, so that unequal micro-batches give exactly the gradient of the
    full batch.
    """

    backbone: nn.Module
    head: nn.Module

    @abstractmethod
    def count(self, batch: Batch) -> int:
        """How many terms the loss of this batch sums (rows; for taggers, tokens)."""

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """The sum of the losses of the batch, a scalar on the learner's device."""

    @abstractmethod
    def predict(self, inputs: Inputs) -> Tensor:
        """What it answers, one row a sample: [B, …]."""

    def backward(self, micro_batches: Sequence[Batch], place: Place) -> Tensor:
        """Add the gradient of the step's mean loss; that loss, left on the device.

        Right for a loss that is a sum over rows; a learner whose loss is not must override it.
        """
        count = sum(self.count(batch) for batch in micro_batches)
        mean = torch.zeros((), device=place.device)
        for batch in micro_batches:
            moved = place.move(batch)
            with place.autocast():
                loss = self.loss(moved) / count
            loss.backward()  # type: ignore[no-untyped-call]
            mean += loss.detach()
        return mean

    def kept_weights(self) -> dict[str, Tensor]:
        """What is kept beside the backbone: the head's."""
        return dict(self.head.state_dict())

    def after_step(self) -> None:
        """Keep within its bounds what the optimizer has just changed."""
        return

    def take_in_batch(self) -> Mapping[str, float]:
        """Means of what was measured within the training batches since the last call."""
        return {}


class FeatureInput(nn.Module):
    """Stands for a frozen backbone whose features were computed before: inputs["features"]."""

    def forward(self, inputs: Inputs) -> Features:
        return Features(pooled=inputs["features"])


class Headed(Learner):
    """A backbone with a task head. backbone: an adapter, or what stands for one; it gives
    `Features`."""

    head: ClassifyHead | ZeroShotHead

    def __init__(
        self,
        backbone: nn.Module,
        head: ClassifyHead | ZeroShotHead,
        *,
        label_smoothing: float,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.label_smoothing = label_smoothing

    def count(self, batch: Batch) -> int:
        return batch.samples

    def loss(self, batch: Batch) -> Tensor:
        assert batch.targets is not None, "training batches carry targets"
        return cross_entropy(self.predict(batch.inputs), batch.targets, self.label_smoothing)

    def predict(self, inputs: Inputs) -> Tensor:
        """Logits [B, C]."""
        logits: Tensor = self.head(self.backbone(inputs))
        return logits

    def after_step(self) -> None:
        if isinstance(self.head, ZeroShotHead):
            self.head.clamp()
