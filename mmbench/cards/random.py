"""The architecture of a card alone: what is timed where no weights are at hand."""

from dataclasses import replace

from mmbench.cards.model import ModelCard
from mmbench.cards.sources import (
    FusionModel,
    HubModel,
    ModelScopeModel,
    NoTokenizer,
    PairModel,
    RandomModel,
)
from mmbench.errors import CardError


def as_random(card: ModelCard) -> ModelCard:
    """The card of the same architecture with random weights and no tokenizer, to be timed.

    It keeps its name and its size; its start is `scratch`, so that nothing of the model's origin
    is claimed. A transformers model needs `source.config`; CardError if the card has none.
    """
    if isinstance(card.source, PairModel | FusionModel):
        parts = {side: as_random(part) for side, part in card.parts.items()}
        return replace(card, family="scratch", licence=None, published=(), notes=None, parts=parts)
    return replace(
        card,
        family="scratch",
        source=_random_source(card),
        organisation=None,
        country=None,
        licence=None,
        homepage=None,
        published=(),
        notes=None,
    )


def _random_source(card: ModelCard) -> RandomModel:
    source = card.source
    tokenizer = NoTokenizer(via="none") if card.text is not None else None
    if isinstance(source, RandomModel):
        return replace(source, tokenizer=tokenizer)
    config = source.config if isinstance(source, HubModel | ModelScopeModel) else {}
    if not config and card.library == "transformers":
        raise CardError(
            f"{card.name}: no config to start at random from; write its config.json's fields under "
            "source.config (via: hub), name a card with source: {via: random, config: …}, or use "
            "--init pretrained"
        )
    return RandomModel(via="random", config=config, tokenizer=tokenizer)
