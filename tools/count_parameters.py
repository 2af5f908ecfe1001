"""Count the parameters of model cards from their architectures, their weights nowhere.

    python -m tools.count_parameters            what differs from what a card states
    python -m tools.count_parameters --write    and write it into the cards

A card on the hub has its config (`source.config`) or the name of its architecture, so that nothing
is downloaded: the model is built on torch's meta device, which has shapes and no memory.
"""

import argparse
import re
import sys

import torch
from torch import nn

from mmbench.cards import HubModel, ModelCard, RandomModel, as_random
from mmbench.catalog import Catalog

STATED = re.compile(r"^parameters: .*$", re.MULTILINE)


def architecture(card: ModelCard) -> nn.Module:
    """The model that the card's adapter loads, on the meta device; CardError without a config."""
    scratch = as_random(card)
    source = scratch.source
    assert isinstance(source, RandomModel), "a pair and a fusion are counted by their parts"
    with torch.device("meta"):
        if card.adapter == "generative":
            from mmbench.models import generative_loading

            return generative_loading.random(source.config, card.name)
        if card.adapter == "audio":
            from mmbench.models import speech

            return speech.random(scratch)
        if card.library == "transformers":
            from mmbench.models import from_transformers

            return from_transformers.random(source.config, card.name)
        assert card.architecture is not None, "a model of timm or open_clip names its architecture"
        if card.library == "timm":
            from mmbench.models import from_timm

            return from_timm.random(card.architecture, source.config, card.name)
        from mmbench.models import from_open_clip

        return from_open_clip.random(card.architecture, source.config, card.name)[0]


def count(card: ModelCard) -> int:
    """Of the whole model, a classifier that is cut off not among them."""
    return sum(parameter.numel() for parameter in architecture(card).parameters())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="of model cards; all that are on a hub without")
    parser.add_argument("--write", action="store_true", help="into the cards that differ")
    arguments = parser.parse_args()
    catalog = Catalog.standard()
    cards = [catalog.model(name) for name in arguments.names or catalog.names(ModelCard)]
    differing = 0
    for card in cards:
        if not isinstance(card.source, HubModel):
            continue
        counted = count(card)
        if counted == card.parameters:
            continue
        differing += 1
        print(f"{card.name}: states {card.parameters}, its architecture has {counted}")
        if arguments.write:
            path = catalog.path(ModelCard, card.name)
            path.write_text(STATED.sub(f"parameters: {counted}", path.read_text(), count=1))
    return 1 if differing and not arguments.write else 0


if __name__ == "__main__":
    sys.exit(main())
