"""What a card states of its parameters is what its architecture has, counted without memory."""

import pytest

from mmbench.cards import HubModel, ModelCard
from mmbench.catalog import Catalog
from tools.count_parameters import count

CATALOG = Catalog.standard()
ON_A_HUB = [
    name for name in CATALOG.names(ModelCard) if isinstance(CATALOG.model(name).source, HubModel)
]


def test_there_are_cards_enough_of_both_regions() -> None:
    cards = [CATALOG.model(name) for name in ON_A_HUB]
    chinese = [card for card in cards if card.country == "CN"]
    assert len(cards) >= 40
    assert len(chinese) >= 0.4 * len(cards)


@pytest.mark.parametrize("name", ON_A_HUB)
def test_a_card_states_what_its_architecture_has(name: str) -> None:
    card = CATALOG.model(name)
    assert count(card) == card.parameters
