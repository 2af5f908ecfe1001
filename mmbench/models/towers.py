"""What the `dual` adapter asks of a library: two towers into one space, and what texts they take.

A card's text rules are held against the model here: a dual encoder that is fed otherwise than it
was trained gives features all the same, and a lower score with no word about it.
"""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor, nn

from mmbench.cards import ImageRules, ModelCard, RandomModel, TextRules, TrainedTokenizer
from mmbench.data.prepared import Inputs
from mmbench.errors import CardError
from mmbench.models.cutting import FastTokenizer, SlowTokenizer, Tokenizer

PROBES = ("a red dog", "猫")
CLOSE = 1e-3  # between two spellings of the same mean


@dataclass(frozen=True, slots=True, kw_only=True)
class TextNeeds:
    """What a text tower takes. positions: tokens of the longest text.

    padding: `max` where the towers' vector depends on it, so that every text is padded to exactly
    `positions`. end: the id at whose place the tower reads its vector, `highest` for the highest
    of the text; None if it reads elsewhere. pad: the id that it takes for padding; None if any
    does. lower_case: it was trained on texts without capitals. embedded: ids it has a vector for.
    """

    positions: int
    padding: Literal["longest", "max"]
    embedded: int
    end: int | Literal["highest"] | None = None
    pad: int | None = None
    lower_case: bool = False


Normalisation = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and standard deviation of a channel, of pixels between 0 and 1."""


class Towers(nn.Module):
    """A dual encoder of one library, in eval mode, in float32.

    similarity: the loss that it was made for. normalisation: what its own files say of its pixels,
    None if nothing. log_scale, bias: its own parameters, never copies.
    """

    text: TextNeeds
    similarity: Literal["softmax", "sigmoid"]
    normalisation: Normalisation | None

    @property
    @abstractmethod
    def log_scale(self) -> nn.Parameter: ...

    @property
    @abstractmethod
    def bias(self) -> nn.Parameter | None: ...

    @abstractmethod
    def encode_image(self, pixels: Tensor) -> Tensor:
        """[B, 3, H, W] float, normalised → [B, D]."""

    @abstractmethod
    def encode_text(self, inputs: Inputs) -> Tensor:
        """input_ids and attention_mask: [B, T] int64, padded as `text` says → [B, D]."""

    @abstractmethod
    def clean(self, text: str) -> str:
        """What the library makes of a text before a tokenizer of transformers sees it."""

    @abstractmethod
    def around(self, inner: FastTokenizer | SlowTokenizer) -> Tokenizer:
        """A tokenizer of transformers behind `clean`."""

    @abstractmethod
    def save(self, folder: Path, tokenizer: Tokenizer | None, rules: ImageRules) -> None:
        """Write model and tokenizer (if it has one yet) so that the library loads the folder."""


def rules_of(card: ModelCard) -> tuple[ImageRules, TextRules]:
    """CardError unless the card has both."""
    if card.image is None or card.text is None:
        raise CardError(f"{card.name}: adapter dual needs modalities: [image, text], and rules")
    if card.text.pooling != "own":
        raise CardError(
            f"{card.name}: text.pooling is {card.text.pooling}; a dual encoder has its own: "
            "set pooling: own"
        )
    return card.image, card.text


def check_text(where: str, rules: TextRules, needs: TextNeeds) -> None:
    """CardError where texts would be padded otherwise than the model was trained, or too long."""
    if rules.padding != needs.padding:
        raise CardError(
            f"{where}: text.padding is {rules.padding}; this model's texts are padded to "
            f"{'max_tokens' if needs.padding == 'max' else 'the longest of a batch'}: "
            f"set padding: {needs.padding}"
        )
    if needs.padding == "max" and rules.max_tokens != needs.positions:
        raise CardError(
            f"{where}: text.max_tokens is {rules.max_tokens}; this model pads every text to "
            f"exactly {needs.positions}"
        )
    if rules.max_tokens > needs.positions:
        raise CardError(
            f"{where}: text.max_tokens is {rules.max_tokens}; the model takes at most "
            f"{needs.positions}"
        )


def check_room(card: ModelCard, needs: TextNeeds) -> None:
    """CardError where a tokenizer that is yet to be trained may grow beyond what is embedded."""
    asked = card.source.tokenizer if isinstance(card.source, RandomModel) else None
    if isinstance(asked, TrainedTokenizer) and asked.vocabulary > needs.embedded:
        raise CardError(
            f"{card.name}: source.tokenizer.vocabulary is {asked.vocabulary}, the model embeds "
            f"only {needs.embedded}; set vocab_size in source.config to {asked.vocabulary}"
        )


def check_tokenizer(where: str, rules: TextRules, needs: TextNeeds, tokenizer: Tokenizer) -> None:
    """CardError where the tokenizer's ids mean something else to the model."""
    if tokenizer.entries > needs.embedded:
        raise CardError(
            f"{where}: the tokenizer has {tokenizer.entries} entries, the model embeds only "
            f"{needs.embedded}"
        )
    if needs.pad is not None and tokenizer.pad_id != needs.pad:
        raise CardError(
            f"{where}: the tokenizer pads with {tokenizer.pad_id}, the model with {needs.pad}"
        )
    _check_end(where, rules, needs, tokenizer)
    _check_case(where, rules, needs, tokenizer)


def _check_end(where: str, rules: TextRules, needs: TextNeeds, tokenizer: Tokenizer) -> None:
    """A text whose end the model does not find would give the vector of its first token."""
    if needs.end is None:
        return
    wanted = tokenizer.entries - 1 if needs.end == "highest" else needs.end
    ends = {row[-1] for row in tokenizer.encode(PROBES, rules.max_tokens)[0] if row}
    if ends != {wanted}:
        said = "the highest id of the tokenizer" if needs.end == "highest" else "the id"
        found = ", ".join(map(str, sorted(ends))) or "nothing"
        raise CardError(
            f"{where}: the model reads a text's vector at {said}, {wanted}, but the tokenizer ends "
            f"texts by {found}; set the end token in the config"
        )


def _check_case(where: str, rules: TextRules, needs: TextNeeds, tokenizer: Tokenizer) -> None:
    capital, small = tokenizer.encode(("A RED DOG", "a red dog"), rules.max_tokens)[0]
    if capital == small or rules.lower_case == needs.lower_case:
        return
    if needs.lower_case:
        raise CardError(
            f"{where}: the model was trained on texts without capitals, and its tokenizer keeps "
            "them: set text.lower_case: true"
        )
    raise CardError(
        f"{where}: the model was trained on texts with capitals: remove text.lower_case"
    )


def check_normalisation(where: str, rules: ImageRules, stated: Normalisation | None) -> None:
    """CardError where the card's mean or std are not those that the model's own files state."""
    if stated is None:
        return
    for name, own, theirs in (("mean", rules.mean, stated[0]), ("std", rules.std, stated[1])):
        if any(abs(a - b) > CLOSE for a, b in zip(own, theirs, strict=True)):
            raise CardError(
                f"{where}: image.{name} is {list(own)}; the model's own files say {list(theirs)}"
            )
