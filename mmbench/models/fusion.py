"""One vector of an image and a text together: two encoders, and a block that fuses them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self, cast

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from mmbench.cards import FusionModel, ModelCard, Side
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import SIDES, JointRows, inputs_of, pair_up
from mmbench.data.prepared import Inputs, Prepared
from mmbench.errors import CardError, TrialError
from mmbench.models.base import Adapter, Features
from mmbench.models.fusion_blocks import FusionBlock, block_for
from mmbench.models.loading import adapter_class_of
from mmbench.models.sources import FUSION, block_of, parts_of
from mmbench.models.synthetic import random_pairs


class FusionAdapter(Adapter):
    """Two adapters of one modality each, with their own preprocessing, and a `FusionBlock`.

    Where the encoders are frozen the block still trains, with the head: nobody has trained it.
    """

    towers_in_it: int = 2

    def __init__(self, card: ModelCard, image: Adapter, text: Adapter, block: FusionBlock) -> None:
        super().__init__()
        self.card = card
        self.parts = nn.ModuleDict({"image": image, "text": text})
        self.block = block
        self.width = block.width
        self.batch_statistics = image.batch_statistics or text.batch_statistics

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        """Random parts are drawn one after the other, the image encoder first, the block last."""
        source = card.source
        if not isinstance(source, FusionModel):
            raise CardError(
                f"{card.name}: adapter fusion needs source: {{via: fusion, image: …, text: …, "
                "by: …}"
            )
        cards = parts_of(card)
        image, text = (adapter_class_of(cards[side]).from_card(cards[side]) for side in SIDES)
        block = block_for(source, image.width, text.width)
        weights = block_of(source)
        if weights is not None:
            _read(block, weights)
        return cls(card, image, text, block)

    def part(self, side: Side) -> Adapter:
        return cast(Adapter, self.parts[side])

    def fresh(self) -> Sequence[nn.Module]:
        return (self.block,) if any(True for _ in self.block.parameters()) else ()

    def learn_vocabulary(self, train: Examples) -> bytes | None:
        return self.part("text").learn_vocabulary(train)

    def prepare(self, examples: Examples, cache: Cache) -> JointRows:
        """Each distinct image and text once; TrialError unless the examples have both."""
        missing = [side for side in SIDES if side not in examples.inputs]
        if missing:
            raise TrialError(f"{self.card.name} fuses image + text; there is no {missing[0]}")
        return pair_up(
            examples,
            image=lambda side: self.part("image").prepare(side, cache),
            text=lambda side: self.part("text").prepare(side, cache),
        )

    def random_rows(self, count: int, *, seed: int, tokens: int | None) -> Prepared:
        return random_pairs(
            self.part("image").random_rows(count, seed=seed, tokens=None),
            self.part("text").random_rows(count, seed=seed, tokens=tokens),
        )

    def forward(self, inputs: Inputs) -> Features:
        """The inputs of `JointRows`. pooled: [B, width]."""
        image, text = (self.encode(side, inputs_of(side, inputs)) for side in SIDES)
        return Features(pooled=self.block(image, text))

    def encode(self, side: Side, inputs: Inputs) -> Features:
        """What the encoder of one side makes of its inputs."""
        features: Features = self.part(side)(inputs)
        return features

    def encoder_card(self, side: Side) -> ModelCard:
        return self.part(side).card

    def save(self, folder: Path) -> None:
        """Each part as its own library writes it, in a sub-folder named by its side; the block,
        where it has weights, as safetensors."""
        for side in SIDES:
            self.part(side).save(folder / side)
        weights = self.block.state_dict()
        if weights:
            save_file({name: w.contiguous() for name, w in weights.items()}, folder / FUSION)


def _read(block: FusionBlock, path: Path) -> None:
    """TrialError unless the file holds the block's weights and nothing else."""
    try:
        block.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())
        raise TrialError(f"{path}: not the weights of this block: {reason[:300]}") from error
