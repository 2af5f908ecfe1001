"""Dual encoders of `transformers` and `open_clip`: images and texts in one space."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self, cast

import torch
from torch import Tensor, nn

from mmbench.cards import ModelCard, RandomModel, Side, TrainedTokenizer
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import JointRows, images_once, pair_up
from mmbench.data.prepared import Inputs, Prepared
from mmbench.errors import CardError, TrialError
from mmbench.models.base import Features, PairedAdapter, has_batch_statistics
from mmbench.models.cutting import FastTokenizer, Tokenizer
from mmbench.models.pixels import Centre, PixelRows, decode, normalised, per_channel
from mmbench.models.sources import why_no_tokenizer
from mmbench.models.synthetic import RandomIds, random_pairs, random_pixels, random_tokens
from mmbench.models.tokens import TokenRows, cut
from mmbench.models.towers import (
    Towers,
    check_normalisation,
    check_room,
    check_text,
    check_tokenizer,
    rules_of,
)


class DualAdapter(PairedAdapter):
    """CLIP and its kin: two towers whose vectors are compared by their cosine.

    Either side is the model's own projected vector, before its normalisation. Pixels are normalised
    here, on the model's device. Texts are cut, padded and masked as the model was trained, and a
    card that says otherwise is refused: `models.towers` holds the rules. A text is padded on its
    right, whatever the tokenizer's files say, since all these models were trained so.
    """

    mean: Tensor
    std: Tensor
    joint: Literal[True] = True

    def __init__(self, card: ModelCard, towers: Towers, tokenizer: Tokenizer | None) -> None:
        """tokenizer: None where `learn_vocabulary` will train one, or where no text is read."""
        super().__init__()
        self.card = card
        self.image_rules, self.text_rules = rules_of(card)
        self.towers = towers.eval()
        self.similarity = towers.similarity
        self.batch_statistics = has_batch_statistics(towers)
        self.register_buffer("mean", per_channel(self.image_rules.mean), persistent=False)
        self.register_buffer("std", per_channel(self.image_rules.std), persistent=False)
        check_text(card.name, self.text_rules, towers.text)
        check_room(card, towers.text)
        check_normalisation(card.name, self.image_rules, towers.normalisation)
        self.tokenizer: Tokenizer | None = None
        if tokenizer is not None:
            self._take(tokenizer)
        self.width = self._measured_width()
        self.widths = {"image": self.width, "text": self.width}

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        rules_of(card)
        if card.library == "open_clip":  # either library is seconds of import
            from mmbench.models.dual_open_clip import load as of_open_clip

            return cls(card, *of_open_clip(card))
        if card.library == "transformers":
            from mmbench.models.dual_transformers import load as of_transformers

            return cls(card, *of_transformers(card))
        raise CardError(f"{card.name}: adapter dual needs library: transformers or open_clip")

    @property
    def log_scale(self) -> nn.Parameter:  # type: ignore[override]  # the towers' own, by any move
        return self.towers.log_scale

    @property
    def bias(self) -> nn.Parameter | None:  # type: ignore[override]
        return self.towers.bias

    def learn_vocabulary(self, train: Examples) -> bytes | None:
        source = self.card.source
        asked = source.tokenizer if isinstance(source, RandomModel) else None
        if not isinstance(asked, TrainedTokenizer) or "text" not in train.inputs:
            return None
        from mmbench.models.vocabulary import train_tokenizer

        inner = train_tokenizer(
            [self.towers.clean(text) for text in cast("Sequence[str]", train.inputs["text"])],
            vocabulary=asked.vocabulary,
            lower_case=self.text_rules.lower_case,
        )
        self._take(self.towers.around(FastTokenizer(inner)))
        return inner.backend_tokenizer.to_str().encode()

    def prepare(self, examples: Examples, cache: Cache) -> Prepared:
        """Both sides paired where the examples have both, else the rows of the one they have."""
        if "text" not in examples.inputs:
            return images_once(examples, lambda images: self._pixels(images, cache))
        if "image" not in examples.inputs:
            return self._tokens(examples, cache)
        return pair_up(
            examples,
            image=lambda side: self._pixels(side, cache),
            text=lambda side: self._tokens(side, cache),
        )

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> JointRows:
        """Each text ends as the tower looks for it."""
        needs = self.towers.text
        ids = RandomIds(embedded=needs.embedded, pad=needs.pad or 0, end=needs.end)
        name = self.card.name
        texts = random_tokens(name, self.text_rules, ids, count, seed=seed, tokens=tokens)
        return random_pairs(random_pixels(self.image_rules, count, seed=seed), texts)

    def forward(self, inputs: Inputs) -> Features:
        """One side's inputs. pooled: [B, D], the side's vector in the common space."""
        return Features(pooled=self.encode("image" if "pixels" in inputs else "text", inputs))

    def encode(self, side: Side, inputs: Inputs) -> Tensor:
        """pixels: [B, 3, H, W] uint8, or input_ids and attention_mask: [B, T] int64."""
        if side == "text":
            return self.towers.encode_text(inputs)
        pixels = normalised(inputs["pixels"], self.mean, self.std)
        return self.towers.encode_image(pixels)

    def encoder_card(self, side: Side) -> ModelCard:
        return self.card

    def save(self, folder: Path) -> None:
        self.towers.save(folder, self.tokenizer, self.image_rules)

    def _pixels(self, examples: Examples, cache: Cache) -> PixelRows:
        centre: Centre = "floor" if self.card.library == "transformers" else "rounded"
        return decode(self.image_rules, examples, cache, centre=centre)

    def _tokens(self, examples: Examples, cache: Cache) -> TokenRows:
        return cut(self._tokenizer(), self.text_rules, examples, cache)

    def _tokenizer(self) -> Tokenizer:
        if self.tokenizer is not None:
            return self.tokenizer
        raise TrialError(f"{self.card.name}: {why_no_tokenizer(self.card)}")

    def _take(self, tokenizer: Tokenizer) -> None:
        check_tokenizer(self.card.name, self.text_rules, self.towers.text, tokenizer)
        self.tokenizer = tokenizer

    def _measured_width(self) -> int:
        """D, by a black image and an empty text: it shows that the model takes both."""
        size, length = self.image_rules.size, self.text_rules.max_tokens
        ids = torch.zeros(1, length, dtype=torch.int64)
        try:
            with torch.no_grad():
                black = torch.zeros(1, 3, size, size, dtype=torch.uint8)
                image = self.encode("image", {"pixels": black}).shape[1]
                text = self.encode("text", {"input_ids": ids, "attention_mask": ids + 1}).shape[1]
        except (AssertionError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise CardError(
                f"{self.card.name}: the model takes no image of {size} × {size} pixels with a text "
                f"of {length} tokens: {error}"
            ) from error
        if image != text:
            raise CardError(
                f"{self.card.name}: an image has {image} features, a text {text}; they do not lie "
                "in one space"
            )
        return image
