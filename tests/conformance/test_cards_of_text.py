"""Every card of the registry that is of texts keeps the contract of a model, at tiny size."""

import pytest

from tests.conformance.registry import TEXT, assert_keeps_its_contract


@pytest.mark.parametrize("name", TEXT)
def test_a_card_keeps_its_contract(name: str) -> None:
    assert_keeps_its_contract(name)
