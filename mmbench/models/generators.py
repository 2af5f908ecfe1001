"""What the `generative` adapter asks of a model of transformers that answers in words.

A row is a prompt, with which the decoder begins, and an answer, with no padding between them: rows
are filled up behind the answer in training, and before the prompt when an answer is generated.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mmbench.errors import CardError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

GREEDY: Mapping[str, Any] = {
    "do_sample": False,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "length_penalty": 1.0,
    "min_length": 0,
    "use_cache": True,
}
"""The likeliest token, whatever a checkpoint's own generation_config.json says of sampling."""


class Generator(nn.Module):
    """A model with a text decoder, in eval mode.

    encoder: the part that sees or hears. end, pad: ids. embedded: ids that it has a vector for.
    positions: of its longest text; None if there is no such limit. remembers: what `encode` gives
    is all that the decoder needs of a row's media, so that it can be kept in the encoder's place.
    """

    model: Any
    end: int
    pad: int
    embedded: int
    positions: int | None
    remembers: bool

    @property
    @abstractmethod
    def encoder(self) -> nn.Module: ...

    @abstractmethod
    def encode(self, media: Tensor) -> Tensor:
        """[B, 3, H, W] float, normalised, or [B, mels, frames] → what the decoder attends to,
        [B, T, D]; the media themselves where it does not remember."""

    @abstractmethod
    def logits(self, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """[B, T, V]: of the token after each of ids [B, T], padded on their right."""

    @abstractmethod
    def generate(self, memory: Tensor, ids: Tensor, mask: Tensor, max_new_tokens: int) -> Tensor:
        """[B, ≤ max_new_tokens] ids after the prompts [B, P], padded on their left."""

    @abstractmethod
    def prompt(self, tokenizer: "PreTrainedTokenizerBase", text: str | None) -> list[int]:
        """What the decoder begins with. text: an instruction or a question; None if it is given
        none."""

    def answer(self, tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
        return [*ids_of(tokenizer, text), self.end]

    def spelling(self) -> Mapping[str, Any]:
        """What decides, besides the tokenizer, which ids a row becomes."""
        return {"model": type(self).__name__, "end": self.end}

    def take(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        """Learn how it writes. CardError where the model has not a vector for each of its ids."""
        if len(tokenizer) > self.embedded:
            raise CardError(
                f"the tokenizer has {len(tokenizer)} entries, the model embeds only {self.embedded}"
            )


def ids_of(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Without special tokens of its own."""
    found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return found


def by_length(mask: Tensor) -> list[Tensor]:
    """Indices of rows whose prompts are equally long: a model whose positions count padding is
    asked for each length apart."""
    lengths = mask.sum(1)
    return [(lengths == length).nonzero().flatten() for length in sorted(set(lengths.tolist()))]


def in_groups(mask: Tensor, pad: int, max_new_tokens: int, generate: Any) -> Tensor:
    """[B, max_new_tokens] of `generate(rows, length)`, which gives [R, ≤ max_new_tokens]."""
    found = torch.full((len(mask), max_new_tokens), pad, dtype=torch.int64, device=mask.device)
    for rows in by_length(mask):
        length = int(mask[rows[0]].sum())
        written: Tensor = generate(rows, length)
        found[rows, : written.shape[1]] = written
    return found


def single(value: int | Sequence[int] | None) -> int | None:
    """The first of the ids that a config gives."""
    return value if value is None or isinstance(value, int) else value[0]
