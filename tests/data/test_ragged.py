"""Rows of different lengths."""

import numpy as np
import pytest

from mmbench.data.ragged import IGNORED, Ragged

ROWS = [[1, 2, 3], [], [4], [5, 6]]


def test_rows_come_back_as_they_went_in() -> None:
    found = Ragged.of(ROWS)
    assert [row.tolist() for row in found.rows()] == ROWS
    assert found.lengths.tolist() == [3, 0, 1, 2]
    assert len(found) == 4


def test_rows_are_taken_in_the_order_asked() -> None:
    assert [row.tolist() for row in Ragged.of(ROWS).take([3, 0, 3]).rows()] == [
        [5, 6],
        [1, 2, 3],
        [5, 6],
    ]


def test_a_batch_is_padded_to_its_own_longest_row() -> None:
    padded = Ragged.of(ROWS).padded([2, 3])
    np.testing.assert_array_equal(padded, [[4, IGNORED], [5, 6]])
    assert Ragged.of([[], []]).padded([0, 1]).shape == (2, 0)


def test_offsets_that_do_not_end_the_values_are_no_rows() -> None:
    with pytest.raises(AssertionError, match="ends the values"):
        Ragged(np.arange(3), np.asarray([0, 2]))
