"""Cells of several texts: a row each, or one text, and nothing else."""

from typing import Any

import pytest

from mmbench.data.reshaped import reshaped
from mmbench.data.tables import ArrowColumn, Table
from mmbench.errors import DataError


def table(**columns: list[Any]) -> Table:
    given: dict[str, list[Any] | ArrowColumn] = dict(columns)
    return Table(where="rows", columns=given, skipped={"blank": 1})


def test_a_row_for_each_text_with_the_rest_of_its_row() -> None:
    found = reshaped(table(image=[b"1", b"2"], captions=[["a", " b "], ["c"]]), "captions", {})
    assert {name: found.values(name) for name in found.columns} == {
        "image": [b"1", b"1", b"2"],
        "captions": ["a", "b", "c"],
    }
    assert found.skipped == {"blank": 1}


def test_the_lines_of_a_text_are_texts_and_a_cell_of_none_is_counted() -> None:
    found = reshaped(table(key=[1, 2], txt=["a dog\na cat\n\n", ""]), "txt", {})
    assert found.values("txt") == ["a dog", "a cat"]
    assert found.values("key") == [1, 1]
    assert found.skipped == {"blank": 1, "no text in 'txt'": 1}


def test_a_list_becomes_one_text() -> None:
    found = reshaped(table(keyword=[["水稻", "产量"], ["图"]]), None, {"keyword": "；"})
    assert found.values("keyword") == ["水稻；产量", "图"]


def test_nothing_is_done_unasked() -> None:
    plain = table(keyword=[["a"]])
    assert reshaped(plain, None, {}) is plain


def test_what_holds_no_texts_is_refused() -> None:
    with pytest.raises(DataError, match="column 'a' holds 3, which is no list of texts"):
        reshaped(table(a=[3]), "a", {})
    with pytest.raises(DataError, match=r"no column 'b'.*Set source\.unfold"):
        reshaped(table(a=["x"]), "b", {})
    with pytest.raises(DataError, match=r"no column 'b'.*Set source\.glue\.b"):
        reshaped(table(a=["x"]), None, {"b": " "})
