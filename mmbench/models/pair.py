"""An image encoder and a text encoder side by side, which were never trained together."""

from pathlib import Path
from typing import Literal, Self, cast

from torch import Tensor, nn

from mmbench.cards import ModelCard, Side
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import SIDES, JointRows, pair_up
from mmbench.data.prepared import Inputs, Prepared
from mmbench.models.base import Adapter, Features, PairedAdapter
from mmbench.models.loading import adapter_class_of
from mmbench.models.sources import parts_of
from mmbench.models.synthetic import random_pairs


class PairAdapter(PairedAdapter):
    """Two adapters of one modality each, with their own preprocessing; in no common space.

    width is that of the image features, as there is none of the whole: ask `widths`.
    """

    joint: Literal[False] = False
    similarity: Literal["softmax"] = "softmax"
    log_scale: None = None
    bias: None = None

    def __init__(self, card: ModelCard, image: Adapter, text: Adapter) -> None:
        super().__init__()
        self.card = card
        self.parts = nn.ModuleDict({"image": image, "text": text})
        self.widths = {"image": image.width, "text": text.width}
        self.width = image.width
        self.batch_statistics = image.batch_statistics or text.batch_statistics

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        """Random parts are drawn one after the other, the image encoder first."""
        cards = parts_of(card)
        image, text = (adapter_class_of(cards[side]).from_card(cards[side]) for side in SIDES)
        return cls(card, image, text)

    def part(self, side: Side) -> Adapter:
        return cast(Adapter, self.parts[side])

    def learn_vocabulary(self, train: Examples) -> bytes | None:
        return self.part("text").learn_vocabulary(train)

    def prepare(self, examples: Examples, cache: Cache) -> Prepared:
        """Both sides paired where the examples have both, else the rows of the one they have."""
        if "text" not in examples.inputs:
            return self.part("image").prepare(examples, cache)
        if "image" not in examples.inputs:
            return self.part("text").prepare(examples, cache)
        return pair_up(
            examples,
            image=lambda side: self.part("image").prepare(side, cache),
            text=lambda side: self.part("text").prepare(side, cache),
        )

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> JointRows:
        return random_pairs(
            self.part("image").random_rows(count, seed=seed, tokens=None),
            self.part("text").random_rows(count, seed=seed, tokens=tokens),
        )

    def forward(self, inputs: Inputs) -> Features:
        """One side's inputs. pooled: [B, D] of that side."""
        found: Features = self.part("image" if "pixels" in inputs else "text")(inputs)
        return found

    def encode(self, side: Side, inputs: Inputs) -> Tensor:
        features: Features = self.part(side)(inputs)
        return features.pooled

    def encoder_card(self, side: Side) -> ModelCard:
        return self.part(side).card

    def save(self, folder: Path) -> None:
        """Each part as its own library writes it, in a sub-folder named by its side."""
        for side in SIDES:
            self.part(side).save(folder / side)
