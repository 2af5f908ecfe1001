"""A backbone that gives a vector a token, with a head that tags words."""

from torch import Tensor

from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs
from mmbench.heads.tag import TagHead, read, tag_loss, words_from
from mmbench.models.base import Adapter
from mmbench.train.learner import Learner


class Tagger(Learner):
    """The loss sums over words; those without a token are left out of it."""

    backbone: Adapter
    head: TagHead

    def __init__(self, backbone: Adapter, head: TagHead, *, label_smoothing: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.label_smoothing = label_smoothing

    def count(self, batch: Batch) -> int:
        assert batch.targets is not None, "training batches carry targets"
        return int(read(batch.targets, batch.inputs["word_starts"]).sum())

    def loss(self, batch: Batch) -> Tensor:
        assert batch.targets is not None, "training batches carry targets"
        starts = batch.inputs["word_starts"]
        return tag_loss(self.predict(batch.inputs), batch.targets, starts, self.label_smoothing)

    def predict(self, inputs: Inputs) -> Tensor:
        """Logits [B, W, C]; those of words without a token mean nothing."""
        logits: Tensor = self.head(word_features(self.backbone, inputs))
        return logits


def word_features(backbone: Adapter, inputs: Inputs) -> Tensor:
    """[B, W, D], see `words_from`."""
    tokens = backbone(inputs).tokens
    assert tokens is not None, "plan refuses models that do not give tokens"
    return words_from(tokens, inputs["word_starts"])
