"""What `mmbench bench` is to time, spelled out: one order a case, to be handed to a process."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from mmbench.cards import BenchBlock, ModelCard
from mmbench.catalog import Catalog
from mmbench.speed_record import SpeedCase, name_at_largest

Init = Literal["random", "pretrained"]

USUAL_TOKENS = 128
"""Of a text where nothing is said, or what the model takes, if that is less."""


USUAL_AUDIO_SECONDS = 10.0
"""The same of a sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A case as its card has it. largest: at the largest batch that the device has room for, in
    place of the case's own. seconds: how long windows are timed, at least. price_per_hour: of the
    machine, in any currency; None gives no cost."""

    case: SpeedCase
    init: Init
    device: str
    largest: bool = False
    seconds: float = 10.0
    price_per_hour: float | None = None

    @property
    def name(self) -> str:
        """The case's, with `bmax` for the largest batch."""
        return name_at_largest(self.case) if self.largest else self.case.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How all cases of a bench are timed."""

    init: Init
    device: str
    seconds: float
    price_per_hour: float | None = None


def orders_of(blocks: tuple[BenchBlock, ...], catalog: Catalog, timing: Timing) -> list[Order]:
    """Every case of the blocks, once; CardError for a name that is unknown.

    Cases of one model stand together, in the order in which it is first named, so that it is loaded
    by one process where one serves several.
    """
    found: dict[str, dict[str, Order]] = {}
    for block in blocks:
        for name in block.models:
            card = catalog.model(name)
            for order in _of_model(card, block, timing):
                found.setdefault(card.name, {}).setdefault(order.name, order)
    return [order for orders in found.values() for order in orders.values()]


def _of_model(card: ModelCard, block: BenchBlock, timing: Timing) -> Iterator[Order]:
    sizes: tuple[int | None, ...] = (None,)
    if "image" in card.modalities and block.image_sizes:
        sizes = block.image_sizes
    for mode, precision, batch, tokens, image_size, seconds in product(
        block.modes,
        block.precisions,
        block.batch_sizes,
        _tokens(card, block),
        sizes,
        _audio_seconds(card, block),
    ):
        yield Order(
            case=SpeedCase(
                model=card,
                mode=mode,
                batch_size=1 if batch == "max" else batch,
                precision=precision,
                tokens=tokens,
                image_size=image_size,
                audio_seconds=seconds,
            ),
            init=timing.init,
            device=timing.device,
            largest=batch == "max",
            seconds=timing.seconds,
            price_per_hour=timing.price_per_hour,
        )


def _tokens(card: ModelCard, block: BenchBlock) -> tuple[int | None, ...]:
    if "text" not in card.modalities:
        return (None,)
    if block.tokens:
        return block.tokens
    rules = card.parts["text"].text if card.parts else card.text
    return (USUAL_TOKENS if rules is None else min(USUAL_TOKENS, rules.max_tokens),)


def _audio_seconds(card: ModelCard, block: BenchBlock) -> tuple[float | None, ...]:
    """A model that pads every clip to one length takes no other."""
    if card.audio is None:
        return (None,)
    if card.audio.padding == "max":
        return (card.audio.max_seconds,)
    return block.audio_seconds or (min(USUAL_AUDIO_SECONDS, card.audio.max_seconds),)
