"""A backbone and a head whose loss is a sum over rows."""

from collections.abc import Callable

from torch import Tensor, nn

from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs
from mmbench.train.learner import Learner

RowLoss = Callable[[Tensor, Tensor], Tensor]
"""From what the head answers and the targets, both [B, …], to the sum over the rows, a scalar."""


class Rowwise(Learner):
    """head: from `Features` to its answers, one a row. row_loss: of these."""

    def __init__(self, backbone: nn.Module, head: nn.Module, *, row_loss: RowLoss) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.row_loss = row_loss

    def count(self, batch: Batch) -> int:
        return batch.samples

    def loss(self, batch: Batch) -> Tensor:
        assert batch.targets is not None, "training batches carry targets"
        return self.row_loss(self.predict(batch.inputs), batch.targets)

    def predict(self, inputs: Inputs) -> Tensor:
        """[B, …], as the head answers."""
        found: Tensor = self.head(self.backbone(inputs))
        return found
