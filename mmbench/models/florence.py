"""Florence-2: a BART whose encoder reads an image, and behind it the words of a task."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from mmbench.errors import CardError
from mmbench.models.encoder_decoder import as_encoder_outputs
from mmbench.models.generators import GREEDY, Generator, ids_of, in_groups, single

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ASKED = "What does the image describe?"
"""What Florence2Processor makes of `<CAPTION>`."""

UNFORCED: Mapping[str, Any] = {"forced_bos_token_id": None, "forced_eos_token_id": None}
"""The first token is in the prompt already, and an answer that is cut short has no end."""


class Florence(Generator):
    """`Florence2ForConditionalGeneration` as a captioner (Xiao et al. 2023, arXiv:2311.06242).

    Its `encode` gives the images themselves: the encoder reads them with words that share their
    vectors with the decoder, so that nothing of it can be kept while the decoder is trained.
    """

    remembers = False

    def __init__(self, model: nn.Module, where: str) -> None:
        super().__init__()
        self.model = cast(Any, model)
        config = self.model.config.text_config
        start, end = config.decoder_start_token_id, single(config.eos_token_id)
        if start is None or end is None or config.pad_token_id is None:
            raise CardError(
                f"{where}: text_config needs decoder_start_token_id, eos_token_id and pad_token_id"
            )
        self.start, self.end = int(start), int(end)
        self.pad, self.embedded = int(config.pad_token_id), int(config.vocab_size)
        self.positions = int(config.max_position_embeddings)
        self.asked: tuple[int, ...] = ()

    @property
    def encoder(self) -> nn.Module:
        return cast(nn.Module, self.model.model.vision_tower)

    def encode(self, media: Tensor) -> Tensor:
        return media

    def logits(self, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.model(
            encoder_outputs=as_encoder_outputs(self._read(memory)),
            decoder_input_ids=ids,
            decoder_attention_mask=mask,
            use_cache=False,
        ).logits
        return found

    def generate(self, memory: Tensor, ids: Tensor, mask: Tensor, max_new_tokens: int) -> Tensor:
        read = self._read(memory)

        def written(rows: Tensor, length: int) -> Tensor:
            found: Tensor = self.model.generate(
                encoder_outputs=as_encoder_outputs(read[rows]),
                decoder_input_ids=ids[rows, ids.shape[1] - length :],
                max_new_tokens=max_new_tokens,
                eos_token_id=self.end,
                pad_token_id=self.pad,
                **GREEDY,
                **UNFORCED,
            )
            return found[:, length:]

        return in_groups(mask, self.pad, max_new_tokens, written)

    def spelling(self) -> Mapping[str, Any]:
        return {**super().spelling(), "asked": list(self.asked)}

    def take(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        super().take(tokenizer)
        self.asked = (*self._begun(tokenizer), *ids_of(tokenizer, ASKED), self.end)

    def prompt(self, tokenizer: "PreTrainedTokenizerBase", text: str | None) -> list[int]:
        """BART's: the decoder's own start, and where a text begins."""
        own = [] if text is None else ids_of(tokenizer, text)
        return [self.start, *self._begun(tokenizer), *own]

    def _begun(self, tokenizer: "PreTrainedTokenizerBase") -> list[int]:
        begin = cast("int | None", tokenizer.bos_token_id)
        return [] if begin is None else [begin]

    def _read(self, pixels: Tensor) -> Tensor:
        """[B, 3, H, W] → what the decoder attends to, [B, places + words, D]."""
        seen = self.model.get_image_features(pixel_values=pixels).pooler_output
        words = torch.tensor(self.asked, dtype=torch.int64, device=pixels.device)
        embedded = self.model.get_input_embeddings()(words).expand(len(pixels), -1, -1)
        bart = self.model.model.language_model
        found: Tensor = bart.encoder(inputs_embeds=torch.cat([seen, embedded], 1)).last_hidden_state
        return found
