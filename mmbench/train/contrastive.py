"""A learner for images and texts that belong together.

The loss of a batch compares all its rows with each other, so it is no sum over micro-batches.
A step of several micro-batches goes through cached gradients (Gao et al. 2021, arXiv:2101.06983):
every micro-batch is embedded without a graph, the loss of all embeddings gives the gradient of
each, and every micro-batch is then run again to carry its share of it into the weights. The
gradient is that of the whole batch, whatever the size of the pieces.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mmbench.cards import Side
from mmbench.data.batches import Batch
from mmbench.data.joint import inputs_of
from mmbench.data.prepared import Inputs
from mmbench.heads.contrast import (
    LARGEST_SCALE,
    ContrastHead,
    Embeddings,
    Similarity,
    cosine_logits,
    in_batch_hits,
    same_but_not_own,
    sigmoid_contrast,
    softmax_contrast,
)
from mmbench.models.base import PairedAdapter
from mmbench.train.learner import Learner, Place

LOSSES: Mapping[Similarity, Callable[[Tensor, Tensor], Tensor]] = {
    "softmax": softmax_contrast,
    "sigmoid": sigmoid_contrast,
}


class PairedFeatures(nn.Module):
    """Stands for a frozen paired backbone: the side's inputs["features"]."""

    def encode(self, side: Side, inputs: Inputs) -> Tensor:
        return inputs["features"]


class Contrastive(Learner):
    """A paired backbone, projections, and the loss over the pairs of a batch.

    The targets of a batch are keys: rows of one key belong together and are no negatives.
    """

    backbone: PairedAdapter | PairedFeatures
    head: ContrastHead

    def __init__(
        self,
        backbone: PairedAdapter | PairedFeatures,
        head: ContrastHead,
        *,
        similarity: Similarity,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.similarity = similarity
        self._hits: list[Tensor] = []
        self._pairs = 0

    @property
    def log_scale(self) -> nn.Parameter:
        """The head's, or the backbone's own where that is trained."""
        own = self.head.log_scale if self.head.log_scale is not None else self.backbone.log_scale
        assert isinstance(own, nn.Parameter), "either the head or the backbone has a scale"
        return own

    @property
    def bias(self) -> Tensor | None:
        """Of each pair's logit, for the sigmoid loss; the softmax takes no notice of one."""
        if self.similarity == "softmax":
            return None
        own = self.head.bias if self.head.log_scale is not None else self.backbone.bias
        assert own is None or isinstance(own, Tensor), "a bias is a parameter"
        return own

    def count(self, batch: Batch) -> int:
        return batch.samples

    def loss(self, batch: Batch) -> Tensor:
        return self.contrast(self.represent(batch.inputs), _keys(batch))

    def represent(self, inputs: Inputs) -> Embeddings:
        """Both sides of a batch in the common space, not normalised: [B, D] each."""
        return Embeddings(
            image=self.encode("image", inputs_of("image", inputs)),
            text=self.encode("text", inputs_of("text", inputs)),
        )

    def encode(self, side: Side, inputs: Inputs) -> Tensor:
        """[B, D] of one side's inputs in the common space, not normalised."""
        return self.head.project(side, self.backbone.encode(side, inputs))

    def contrast(self, embeddings: Embeddings, keys: Tensor) -> Tensor:
        """The sum of the losses of all rows, in float32 whatever the precision of the rest."""
        with torch.autocast(keys.device.type, enabled=False):
            logits = cosine_logits(embeddings, self.log_scale, self.bias)
            masked = same_but_not_own(keys)
            self._hits.append(in_batch_hits(logits, masked))
            self._pairs += len(keys)
            return LOSSES[self.similarity](logits, masked)

    def predict(self, inputs: Inputs) -> Tensor:
        """The logit of each image with its own text: [B]."""
        return cosine_logits(self.represent(inputs), self.log_scale, self.bias).diagonal()

    def backward(self, micro_batches: Sequence[Batch], place: Place) -> Tensor:
        if len(micro_batches) == 1:
            return super().backward(micro_batches, place)
        states: list[RandomState] = []
        pieces: list[Embeddings] = []
        keys: list[Tensor] = []
        for batch in micro_batches:
            moved = place.move(batch)
            states.append(RandomState(place.device))
            with torch.no_grad(), place.autocast():
                pieces.append(self.represent(moved.inputs))
            keys.append(_keys(moved))
        whole = Embeddings(
            image=torch.cat([piece.image for piece in pieces]).float().requires_grad_(),
            text=torch.cat([piece.text for piece in pieces]).float().requires_grad_(),
        )
        loss = self.contrast(whole, torch.cat(keys)) / len(whole.image)
        loss.backward()  # type: ignore[no-untyped-call]
        start = 0
        for batch, state in zip(micro_batches, states, strict=True):
            moved = place.move(batch)
            with state.again(), place.autocast():
                found = self.represent(moved.inputs)
            rows = slice(start, start := start + batch.samples)
            _carry(found, whole, rows).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    @torch.no_grad()
    def after_step(self) -> None:
        self.log_scale.clamp_(max=LARGEST_SCALE)

    def take_in_batch(self) -> Mapping[str, float]:
        """in_batch_accuracy: the share of rows whose own partner was on top of the batch."""
        if not self._pairs:
            return {}
        share = float(torch.stack(self._hits).sum()) / self._pairs
        self._hits.clear()
        self._pairs = 0
        return {"in_batch_accuracy": share}


class RandomState:
    """The generators that dropout draws from, as they are now, to be drawn from once more."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._cpu = torch.get_rng_state()
        self._cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    @contextmanager
    def again(self) -> Iterator[None]:
        """Inside, what was drawn after this moment is drawn again; afterwards all is as before."""
        devices = [self.device] if self._cuda is not None else []
        with torch.random.fork_rng(devices=devices):
            torch.set_rng_state(self._cpu)
            if self._cuda is not None:
                torch.cuda.set_rng_state(self._cuda, self.device)
            yield


def _carry(found: Embeddings, whole: Embeddings, rows: slice) -> Tensor:
    """A scalar whose gradient is that of the loss of the whole batch, by these rows."""
    assert whole.image.grad is not None, "the loss depends on every image"
    assert whole.text.grad is not None, "the loss depends on every text"
    images = (found.image.float() * whole.image.grad[rows]).sum()
    return images + (found.text.float() * whole.text.grad[rows]).sum()


def _keys(batch: Batch) -> Tensor:
    assert batch.targets is not None, "training batches carry targets"
    return batch.targets
