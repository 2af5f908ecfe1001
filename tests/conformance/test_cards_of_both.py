"""Every card of the registry that is of images with texts keeps the contract of a model."""

import pytest

from tests.conformance.registry import (
    AUDIO,
    BOTH,
    CARDS,
    HALVES,
    IMAGE,
    TEXT,
    assert_keeps_its_contract,
)


@pytest.mark.parametrize("name", BOTH)
def test_a_card_keeps_its_contract(name: str) -> None:
    assert_keeps_its_contract(name)


def test_every_card_is_in_one_of_the_files() -> None:
    assert sorted([*TEXT, *IMAGE, *AUDIO, *BOTH, *HALVES]) == sorted(card.name for card in CARDS)


def test_every_half_belongs_to_a_model_that_is_checked() -> None:
    wholes = {part.name for card in CARDS for part in card.parts.values() if card.name in BOTH}
    assert set(HALVES) <= wholes
