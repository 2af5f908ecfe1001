"""The seam between the loop and everything that learns."""

from abc import abstractmethod

from torch import Tensor, nn

from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs
from mmbench.heads.classify import ClassifyHead, cross_entropy
from mmbench.models.base import Adapter, Features


class Learner(nn.Module):
    """What the loop needs to know of a model.

    The loss is a sum, and `count` says over how many: the loop divides the sums of all
    micro-batches of a step by their common count, so that unequal micro-batches give exactly the
    gradient of the full batch.
    """

    @abstractmethod
    def count(self, batch: Batch) -> int:
        """How many terms the loss of this batch sums (rows; for taggers, tokens)."""

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """The sum of the losses of the batch, a scalar on the learner's device."""

    @abstractmethod
    def predict(self, inputs: Inputs) -> Tensor:
        """Logits [B, C]."""


class FeatureInput(nn.Module):
    """Stands for a frozen backbone whose features were computed before: inputs["features"]."""

    def forward(self, inputs: Inputs) -> Features:
        return Features(pooled=inputs["features"])


class Headed(Learner):
    """A backbone with a task head."""

    def __init__(
        self, backbone: Adapter | FeatureInput, head: ClassifyHead, *, label_smoothing: float
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
        logits: Tensor = self.head(self.backbone(inputs))
        return logits
