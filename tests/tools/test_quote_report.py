"""The READMEs' excerpt follows the report."""

import pytest

from tools.quote_report import blocks_of, quote

REPORT = blocks_of("# Title\n\n- a: 1\n- b: 2\n\nscore (%)\n\n| x |\n\nscore (%)\n\n| y |\n")


def test_each_block_is_replaced_by_the_next_that_begins_alike() -> None:
    old = blocks_of("- a: 0\n\nscore (%)\n\n| old |")
    assert quote([old[0][:4], *old[1:]], REPORT) == "- a: 1\n- b: 2\n\nscore (%)\n\n| x |"


def test_a_block_that_the_report_has_lost_is_an_error() -> None:
    with pytest.raises(ValueError, match="no block"):
        quote(["> [!WARNING]"], REPORT)
