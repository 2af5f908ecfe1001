"""Models of `transformers` that answer in words: of an image, of an image and a question, of a
sound."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmbench.cards import ModelCard, Recipe, Side, TaskCard, TrainedTokenizer, prompt_language
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import images_once
from mmbench.data.prepared import Inputs, Prepared
from mmbench.digests import digest_of
from mmbench.errors import CardError, TrialError
from mmbench.models.base import Adapter, Features, has_batch_statistics
from mmbench.models.captioner import Captioner
from mmbench.models.cutting import FastTokenizer
from mmbench.models.generative_checks import check_room, check_rules
from mmbench.models.generative_rows import GenerationRows, Spelling, spell
from mmbench.models.generators import Generator
from mmbench.models.pixels import decode, normalised, per_channel
from mmbench.models.sources import parts_of, why_no_tokenizer
from mmbench.models.spelling import train_spelling

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

QUESTION = "{}"
"""What a prompt of a task has where the question goes."""


class GenerativeAdapter(Adapter):
    """Encoder–decoders (`models.encoder_decoder`, `models.captioner`) and image–text-to-text models
    (`models.vision_language`) alike: prompts and answers are cut into ids when rows are prepared.

    A model that reads text is told what to do in the words of the task's prompts, if it has any;
    one that reads none begins to write at once. width: of the vectors its encoder gives.
    """

    mean: Tensor
    std: Tensor
    towers_in_it = 2

    def __init__(
        self,
        card: ModelCard,
        generator: Generator,
        tokenizer: "PreTrainedTokenizerFast | None",
    ) -> None:
        """tokenizer: None where `learn_vocabulary` will train one."""
        super().__init__()
        if card.generation is None:
            raise CardError(f"{card.name}: adapter generative needs rules under generation")
        self.card = card
        self.most = card.generation.max_new_tokens
        self.generator = generator.eval()
        self.batch_statistics = has_batch_statistics(generator)
        if card.image is not None:
            self.register_buffer("mean", per_channel(card.image.mean), persistent=False)
            self.register_buffer("std", per_channel(card.image.std), persistent=False)
        self.instruction: str | None = None
        self.tokenizer: PreTrainedTokenizerFast | None = None
        if tokenizer is not None:
            self._take(tokenizer)
        self._memory_shape: tuple[int, int] | None = None
        check_rules(card, self.generator)

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        from mmbench.models.generative_loading import load  # seconds of import

        return cls(card, *load(card))

    @property
    def width(self) -> int:  # type: ignore[override]  # measured where it is asked for
        return self.memory_shape[1]

    def for_task(self, task: TaskCard, recipe: Recipe) -> None:
        """The prompt in the language of the recipe, or of the model; and Whisper's language."""
        language = prompt_language(self.card, task, recipe)
        reads = "text" in self.card.modalities and language is not None
        self.instruction = task.prompts[language][0] if reads and language is not None else None
        if self.instruction and ("text" in task.inputs) != (QUESTION in self.instruction):
            raise CardError(
                f"{task.name}: prompts.{language} {'lacks' if 'text' in task.inputs else 'has'} a "
                f"place for a question: {QUESTION}"
            )
        if hasattr(self.tokenizer, "set_prefix_tokens"):
            spoken = task.languages[0] if task.languages else None
            cast(Any, self.tokenizer).set_prefix_tokens(
                language=spoken, task="transcribe", predict_timestamps=False
            )

    def learn_vocabulary(self, train: Examples) -> bytes | None:
        """Of the answers and the questions of the training split."""
        wanted = _trained(self.card)
        if wanted is None:
            return None
        assert isinstance(train.targets, tuple), "a task that is answered in words has texts"
        asked = cast("Sequence[str]", train.inputs.get("text", ()))
        told = [] if self.instruction is None else [self.instruction.replace(QUESTION, "")]
        self._take(train_spelling([*train.targets, *asked, *told], vocabulary=wanted.vocabulary))
        content: str = cast(Any, self._tokenizer().backend_tokenizer).to_str()
        return content.encode()

    def prepare(self, examples: Examples, cache: Cache) -> GenerationRows:
        """DataError names media that cannot be read."""
        questions = examples.inputs.get("text")
        prompts = [
            self._prompt(None if questions is None else cast("Sequence[str]", questions)[row])
            for row in range(len(examples))
        ]
        answers = examples.targets
        assert answers is None or isinstance(answers, tuple), "answers are texts"
        media = self._media(examples, cache)
        asked, written, digest, facts = spell(self._spelling(), prompts, answers, cache)
        check_room(self.card, self.generator, int(asked.lengths.max(initial=0)))
        return GenerationRows(
            media=media,
            prompts=asked,
            answers=written,
            pad_id=self.generator.pad,
            digest=digest_of([media.digest, digest]),
            facts=replace(
                facts,
                truncated=facts.truncated + media.facts.truncated,
                sampling_rate=media.facts.sampling_rate,
            ),
        )

    def forward(self, inputs: Inputs) -> Features:
        """tokens: [B, T, D], what the decoder attends to; pooled: [B, D], their mean."""
        self.check_remembers()
        memory = self.memory(inputs)
        return Features(pooled=memory.float().mean(1), tokens=memory)

    def check_remembers(self) -> None:
        """TrialError where what the encoder gives is not all that the decoder reads."""
        if not self.generator.remembers:
            raise TrialError(
                f"{self.card.name} reads an image among its tokens, so no features of it can be "
                "kept: take strategy head, lora or full in place of probe"
            )

    # ------------------------------------------------------------------------- generation

    def memory(self, inputs: Inputs) -> Tensor:
        """What the decoder attends to, from the media or from their features: [B, T, D]."""
        if "features" in inputs:
            return inputs["features"].view(-1, *self.memory_shape)
        if "input_features" in inputs:
            return self.generator.encode(inputs["input_features"])
        if isinstance(self.generator, Captioner):  # whose encoder has rules of its own
            return self.generator.encode(inputs["pixels"])
        return self.generator.encode(normalised(inputs["pixels"], self.mean, self.std))

    def logits(self, inputs: Inputs) -> Tensor:
        """[B, T - 1, V]: of the token after each of input_ids but the last."""
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        return self.generator.logits(self.memory(inputs), ids[:, :-1], mask[:, :-1])

    def generate(self, inputs: Inputs) -> Tensor:
        """[B, max_new_tokens] ids of the likeliest answer, token by token, padded on the right."""
        memory = self.memory(inputs)
        prompt, mask = inputs["prompt_ids"], inputs["prompt_mask"]
        written = self.generator.generate(memory, prompt, mask, self.most)
        room = (0, self.most - written.shape[1])
        return torch.nn.functional.pad(written, room, value=self.generator.pad)

    def texts(self, ids: NDArray[np.int64]) -> tuple[str, ...]:
        """What N rows of generated ids say."""
        tokenizer, end = self._tokenizer(), self.generator.end
        found = []
        for row in ids.tolist():
            kept = row[: row.index(end)] if end in row else row
            found.append(str(tokenizer.decode(kept, skip_special_tokens=True)).strip())
        return tuple(found)

    @property
    def memory_shape(self) -> tuple[int, int]:
        """T and D of a row's memory, measured once: libraries name them differently, if at all."""
        if self._memory_shape is None:
            with torch.no_grad():
                _, length, width = self.memory(self._blank()).shape
            self._memory_shape = (length, width)
        return self._memory_shape

    def pieces(self) -> Iterator[tuple[ModelCard, nn.Module]]:
        """Of a captioner the encoder, and the decoder unless it is fresh: all of it trains."""
        if not isinstance(self.generator, Captioner):
            yield self.card, self
            return
        yield self.card.parts["image"], self.generator.seeing
        if not self.fresh():
            yield self.card.parts["text"], self.generator.model

    def fresh(self) -> Sequence[nn.Module]:
        """A captioner's decoder, where it starts at random."""
        if self.card.parts and self.card.parts["text"].start == "scratch":
            return (self.generator.model,)
        return ()

    def encoder_card(self, side: Side) -> ModelCard:
        return self.card.parts.get(side, self.card)

    def save(self, folder: Path) -> None:
        """A captioner's parts lie in sub-folders, named by their sides."""
        if isinstance(self.generator, Captioner):
            self.generator.seeing.save(folder / "image")
            folder = folder / "text"
        from mmbench.models.from_transformers import quiet

        with quiet():
            self.generator.model.save_pretrained(folder)
            FastTokenizer(self._tokenizer()).save(folder)
        if self.card.audio is not None:
            from mmbench.models.speech import save_preprocessing

            save_preprocessing(self.card.audio, folder)

    # ---------------------------------------------------------------------------- helpers

    def _prompt(self, question: str | None) -> str | None:
        if question is None or self.instruction is None:
            return self.instruction if question is None else question
        return self.instruction.replace(QUESTION, question)

    def _spelling(self) -> Spelling:
        longest = None if self.card.text is None else self.card.text.max_tokens
        return Spelling(self._tokenizer(), self.generator, longest=longest, most=self.most)

    def _media(self, examples: Examples, cache: Cache) -> Prepared:
        if "audio" in examples.inputs:
            from mmbench.models.clips import prepare_clips

            assert self.card.audio is not None, "plan refuses other models"
            return prepare_clips(self.card.name, self.card.audio, examples, cache, _frames)
        if isinstance(self.generator, Captioner):
            seen = replace(examples, inputs={"image": examples.inputs["image"]}, targets=None)
            return self.generator.seeing.prepare(seen, cache)
        rules = self.card.image
        assert rules is not None, "plan refuses other models"
        return images_once(examples, lambda images: decode(rules, images, cache, centre="floor"))

    def _blank(self) -> Mapping[str, Tensor]:
        """One row of nothing to see or hear."""
        device = next(self.generator.parameters()).device
        card = parts_of(self.card)["image"] if self.card.parts else self.card
        if card.image is not None:
            shape = (1, 3, card.image.size, card.image.size)
            return {"pixels": torch.zeros(shape, dtype=torch.uint8, device=device)}
        config = self.generator.model.config
        frames = 2 * int(config.max_source_positions)
        return {"input_features": torch.zeros(1, int(config.num_mel_bins), frames, device=device)}

    def _tokenizer(self) -> "PreTrainedTokenizerFast":
        if self.tokenizer is None:
            raise TrialError(f"{self.card.name}: {why_no_tokenizer(self.card)}")
        return self.tokenizer

    def _take(self, tokenizer: "PreTrainedTokenizerFast") -> None:
        try:
            self.generator.take(tokenizer)
        except CardError as error:
            raise CardError(f"{self.card.name}: {error}") from None
        self.tokenizer = tokenizer


def _trained(card: ModelCard) -> TrainedTokenizer | None:
    """What the card, or that of a captioner's decoder, wants to be trained."""
    source = parts_of(card)["text"].source if card.parts else card.source
    wanted = getattr(source, "tokenizer", None)
    return wanted if isinstance(wanted, TrainedTokenizer) else None


def _frames(samples: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of Whisper's encoder, 50 a second."""
    return (samples + 319) // 320
