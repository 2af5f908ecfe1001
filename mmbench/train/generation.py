"""A model that learns to write the answer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmbench.data.batches import Batch
from mmbench.data.prepared import Inputs
from mmbench.data.ragged import IGNORED
from mmbench.models.generative import GenerativeAdapter
from mmbench.train.learner import Learner


class Generative(Learner):
    """The loss is the negative log-likelihood of the answers' tokens, in nats, each given the
    media, the prompt and the tokens before it: the sum of what upstream's `forward(labels=…)` gives
    the mean of. Tokens of prompts are not learned.

    Where the backbone is an encoder alone (`encoder_frozen`), all but it is the head: the decoder
    learns to read what the frozen encoder gives.
    """

    def __init__(
        self,
        adapter: GenerativeAdapter,
        *,
        encoder_frozen: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.backbone = adapter.generator.encoder if encoder_frozen else adapter
        self.head = adapter if encoder_frozen else nn.Identity()
        self.adapter = adapter
        self.label_smoothing = label_smoothing

    def count(self, batch: Batch) -> int:
        """Tokens of answers."""
        return int((batch.inputs["labels"] != IGNORED).sum())

    def loss(self, batch: Batch) -> Tensor:
        return self.sums(batch.inputs).sum()

    def sums(self, inputs: Inputs) -> Tensor:
        """[B]: each row's sum over its answer."""
        labels = inputs["labels"][:, 1:]
        asked = labels != IGNORED
        losses = functional.cross_entropy(
            self.adapter.logits(inputs)[asked].float(),
            labels[asked],
            reduction="none",
            label_smoothing=self.label_smoothing if self.training else 0.0,
        )
        rows = asked.nonzero()[:, 0]
        return torch.zeros(len(labels), device=losses.device).index_add(0, rows, losses)

    def predict(self, inputs: Inputs) -> Tensor:
        """[B, max_new_tokens] ids of the likeliest answer, token by token."""
        return self.adapter.generate(inputs)

    def kept_weights(self) -> dict[str, Tensor]:
        """None but the model's own, which its library writes."""
        return {}
