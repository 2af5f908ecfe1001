"""Any image encoder in front of a text decoder that attends to its tokens."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

from mmbench.cards import ModelCard, RandomModel, Side
from mmbench.errors import CardError
from mmbench.models.base import Adapter
from mmbench.models.encoder_decoder import decoder_generate, decoder_logits
from mmbench.models.generators import Generator, ids_of
from mmbench.models.sources import locate

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DECODER = "blip_text_model"
"""The architecture of a decoder: a BERT whose cross-attention takes memories of any width."""


class Captioner(Generator):
    """`seeing` is the adapter of an image encoder that gives tokens, with its own preprocessing;
    `model` a BLIP text decoder whose `encoder_hidden_size` is the encoder's width."""

    remembers = True

    def __init__(self, seeing: Adapter, decoder: nn.Module, where: str) -> None:
        super().__init__()
        self.seeing = seeing
        self.model = cast(Any, decoder)
        config = self.model.config
        self.start, self.end = int(config.bos_token_id), int(config.sep_token_id)
        self.pad, self.embedded = int(config.pad_token_id), int(config.vocab_size)
        self.positions = int(config.max_position_embeddings)
        if config.encoder_hidden_size != seeing.width:
            raise CardError(
                f"{where}: the decoder attends to vectors of {config.encoder_hidden_size}, "
                f"{seeing.card.name} gives {seeing.width}; set encoder_hidden_size in its config"
            )

    @property
    def encoder(self) -> nn.Module:
        return self.seeing

    def encode(self, media: Tensor) -> Tensor:
        """[B, 3, H, W] uint8: the encoder's adapter normalises them itself."""
        found: Tensor | None = self.seeing({"pixels": media}).tokens
        if found is None:
            raise CardError(f"{self.seeing.card.name} gives no tokens to attend to")
        return found

    def logits(self, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        return decoder_logits(self.model, memory, ids, mask)

    def generate(self, memory: Tensor, ids: Tensor, mask: Tensor, max_new_tokens: int) -> Tensor:
        return decoder_generate(self, self.model, memory, ids, mask, max_new_tokens)

    def prompt(self, tokenizer: "PreTrainedTokenizerBase", text: str | None) -> list[int]:
        return [self.start, *([] if text is None else ids_of(tokenizer, text))]


def captioner(parts: Mapping[Side, ModelCard], where: str) -> Captioner:
    """The encoder as its own card describes it, and the decoder of the text part.

    Random weights are drawn one after the other, the encoder's first.
    """
    from transformers.models.blip.modeling_blip_text import BlipTextLMHeadModel

    from mmbench.models import from_transformers
    from mmbench.models.loading import adapter_class_of

    seeing = adapter_class_of(parts["image"]).from_card(parts["image"])
    card = parts["text"]
    if isinstance(card.source, RandomModel):
        decoder = from_transformers.random(
            card.source.config, card.name, of_class=BlipTextLMHeadModel
        )
    else:
        decoder = from_transformers.pretrained(locate(card.source), of_class=BlipTextLMHeadModel)
    if decoder.config.model_type != DECODER:
        raise CardError(
            f"{card.name}: a decoder behind an image encoder is a {DECODER}, not a "
            f"{decoder.config.model_type}"
        )
    return Captioner(seeing, decoder, where)
