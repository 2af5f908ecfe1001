"""Every card of the registry that is of sounds keeps the contract of a model, at tiny size."""

import pytest

from tests.conformance.registry import AUDIO, assert_keeps_its_contract


@pytest.mark.parametrize("name", AUDIO)
def test_a_card_keeps_its_contract(name: str) -> None:
    assert_keeps_its_contract(name)
