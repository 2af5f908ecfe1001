"""Count the parameters of model cards from their architectures, their weights nowhere.

    python -m tools.count_parameters            what differs from what a card states
    python -m tools.count_parameters --write    and write it into the cards

A card on the hub has its config (`source.config`) or the name of its architecture, so that nothing
is downloaded (`mmbench.models.counting`).
"""

import argparse
import re
import sys

from mmbench.cards import HubModel, ModelCard
from mmbench.catalog import Catalog
from mmbench.models.counting import architecture, parameters_of

STATED = re.compile(r"^parameters: .*$", re.MULTILINE)


def count(card: ModelCard) -> int:
    """CardError without a config."""
    return parameters_of(architecture(card))


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
