"""Decoders that attend to what an encoder saw or heard: VisionEncoderDecoder, Whisper, BLIP."""

from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from mmbench.errors import CardError
from mmbench.models.generators import GREEDY, Generator, ids_of, in_groups, single

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class EncoderDecoder(Generator):
    """`VisionEncoderDecoderModel`, and speech models such as Whisper."""

    remembers = True

    def __init__(self, model: nn.Module, where: str) -> None:
        super().__init__()
        self.model = cast(Any, model)
        config = self.model.config
        decoder = getattr(config, "decoder", config)
        start, end = config.decoder_start_token_id, single(config.eos_token_id)
        pad = config.pad_token_id
        if start is None or end is None or pad is None:
            raise CardError(
                f"{where}: the config needs decoder_start_token_id, eos_token_id and pad_token_id"
            )
        self.start, self.end, self.pad = int(start), int(end), int(pad)
        self.embedded = int(decoder.vocab_size)
        self.positions = _positions(decoder)

    @property
    def encoder(self) -> nn.Module:
        return cast(nn.Module, self.model.get_encoder())

    def encode(self, media: Tensor) -> Tensor:
        found: Tensor = self.encoder(media).last_hidden_state
        return found

    def logits(self, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.model(
            encoder_outputs=as_encoder_outputs(memory),
            decoder_input_ids=ids,
            decoder_attention_mask=mask,
            use_cache=False,
        ).logits
        return found

    def generate(self, memory: Tensor, ids: Tensor, mask: Tensor, max_new_tokens: int) -> Tensor:
        from transformers import GenerationMixin

        def written(rows: Tensor, length: int) -> Tensor:
            prompt = ids[rows, ids.shape[1] - length :]
            # not Whisper's own, which looks for languages and cuts long recordings
            found: Tensor = cast(Any, GenerationMixin).generate(
                self.model,
                encoder_outputs=as_encoder_outputs(memory[rows]),
                decoder_input_ids=prompt,
                max_new_tokens=max_new_tokens,
                eos_token_id=self.end,
                pad_token_id=self.pad,
                **GREEDY,
            )
            return found[:, length:]

        return in_groups(mask, self.pad, max_new_tokens, written)

    def prompt(self, tokenizer: "PreTrainedTokenizerBase", text: str | None) -> list[int]:
        """Whisper's tokens for the language and the task, where its tokenizer has them."""
        own: list[int] | None = getattr(tokenizer, "prefix_tokens", None)
        return [*(own or [self.start]), *([] if text is None else ids_of(tokenizer, text))]


class Blip(Generator):
    """`BlipForConditionalGeneration`: a BERT with cross-attention; answers end by [SEP]."""

    remembers = True

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = cast(Any, model)
        config = self.model.config.text_config
        self.start, self.end = int(config.bos_token_id), int(config.sep_token_id)
        self.pad, self.embedded = int(config.pad_token_id), int(config.vocab_size)
        self.positions = int(config.max_position_embeddings)

    @property
    def encoder(self) -> nn.Module:
        return cast(nn.Module, self.model.vision_model)

    def encode(self, media: Tensor) -> Tensor:
        found: Tensor = self.model.vision_model(pixel_values=media).last_hidden_state
        return found

    def logits(self, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        return decoder_logits(self.model.text_decoder, memory, ids, mask)

    def generate(self, memory: Tensor, ids: Tensor, mask: Tensor, max_new_tokens: int) -> Tensor:
        return decoder_generate(self, self.model.text_decoder, memory, ids, mask, max_new_tokens)

    def prompt(self, tokenizer: "PreTrainedTokenizerBase", text: str | None) -> list[int]:
        return [self.start, *([] if text is None else ids_of(tokenizer, text))]


def decoder_logits(decoder: Any, memory: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Of a language model with cross-attention."""
    seen = torch.ones(memory.shape[:2], dtype=torch.int64, device=memory.device)
    found: Tensor = decoder(
        input_ids=ids,
        attention_mask=mask,
        encoder_hidden_states=memory,
        encoder_attention_mask=seen,
        use_cache=False,
    ).logits
    return found


def decoder_generate(
    generator: Generator,
    decoder: Any,
    memory: Tensor,
    ids: Tensor,
    mask: Tensor,
    max_new_tokens: int,
) -> Tensor:
    """By such a language model's own `generate`."""

    def written(rows: Tensor, length: int) -> Tensor:
        prompt = ids[rows, ids.shape[1] - length :]
        found: Tensor = decoder.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            encoder_hidden_states=memory[rows],
            encoder_attention_mask=torch.ones(
                (len(rows), memory.shape[1]), dtype=torch.int64, device=memory.device
            ),
            max_new_tokens=max_new_tokens,
            eos_token_id=generator.end,
            pad_token_id=generator.pad,
            **GREEDY,
        )
        return found[:, length:]

    return in_groups(mask, generator.pad, max_new_tokens, written)


def as_encoder_outputs(memory: Tensor) -> Any:
    """[B, T, D] as what an encoder of transformers would have given."""
    from transformers.modeling_outputs import BaseModelOutput

    return BaseModelOutput(last_hidden_state=cast(Any, memory))


def _positions(config: Any) -> int | None:
    for name in ("max_target_positions", "max_position_embeddings", "n_positions"):
        found = getattr(config, name, None)
        if found is not None:
            return int(found)
    return None
