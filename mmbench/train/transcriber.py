"""A backbone that gives a vector a frame, with a head that spells."""

import torch
from torch import Tensor

from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs
from mmbench.data.ragged import IGNORED
from mmbench.heads.ctc import CtcHead, best_path, ctc_losses
from mmbench.models.base import Adapter
from mmbench.train.learner import Learner


class Transcriber(Learner):
    """The loss is the sum of −log p(transcript), its count the characters of the transcripts, so
    that a step's loss is nats a character."""

    backbone: Adapter
    head: CtcHead

    def __init__(self, backbone: Adapter, head: CtcHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def count(self, batch: Batch) -> int:
        assert batch.targets is not None, "training batches carry targets"
        return int((batch.targets != IGNORED).sum())

    def loss(self, batch: Batch) -> Tensor:
        return self.losses(batch).sum()

    def losses(self, batch: Batch) -> Tensor:
        """[B], one a clip."""
        assert batch.targets is not None, "training batches carry targets"
        logits, frames = self.logits(batch.inputs)
        return ctc_losses(logits, frames, batch.targets)

    def predict(self, inputs: Inputs) -> Tensor:
        """[B, T] the likeliest class of each frame; −1 in all of a clip whose logits are not all
        finite, since what is largest among such means nothing."""
        logits, frames = self.logits(inputs)
        finite = torch.isfinite(logits).all(2).all(1)
        return best_path(logits, frames).masked_fill(~finite[:, None], -1)

    def logits(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """[B, T, 1 + C], and [B] real frames."""
        tokens, frames = frame_features(self.backbone, inputs)
        return self.head(tokens), frames


def frame_features(backbone: Adapter, inputs: Inputs) -> tuple[Tensor, Tensor]:
    """[B, T, D], and [B] real frames."""
    found = backbone(inputs)
    assert found.tokens is not None, "plan refuses models that do not give tokens"
    assert found.mask is not None, "frames come with their mask"
    return found.tokens, found.mask.sum(1)
