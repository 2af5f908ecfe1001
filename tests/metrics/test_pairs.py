"""Which images and texts belong together, against sets built row by row; each guard fires."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmbench.metrics.pairs import Candidates, Relevant, candidates

Rows = list[tuple[Hashable, ...]]

ROWS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 4), st.integers(0, 4), st.integers(0, 6)),
    min_size=1,
    max_size=12,
)


def of(rows: Rows, *, grouped: bool = False) -> Candidates:
    """Return the candidates of rows of (image, text, key[, group])."""
    images, texts, keys, *groups = zip(*rows, strict=True)
    return candidates(images, texts, keys, groups[0] if grouped else None)


def as_sets(relevant: Relevant) -> list[set[int]]:
    """Return the relevant candidates of each query; none may stand there twice."""
    found = np.split(relevant.columns, relevant.starts[1:-1])
    assert all(len(set(columns)) == len(columns) for columns in found)
    return [set(columns.tolist()) for columns in found]


def reachable(rows: Rows, start: int, columns: int) -> set[int]:
    """Return the rows that are linked with row `start` by equal values, near or far."""
    found, ahead = {start}, [start]
    while ahead:
        row = rows[ahead.pop()]
        for other, values in enumerate(rows):
            if other not in found and any(row[c] == values[c] for c in range(columns)):
                found.add(other)
                ahead.append(other)
    return found


@settings(max_examples=100, deadline=None, database=None)
@given(ROWS)
def test_relevance_is_a_shared_key(rows: Rows) -> None:
    found = of(rows)
    images = sorted({row[0] for row in rows})  # type: ignore[type-var]
    texts = sorted({row[1] for row in rows})  # type: ignore[type-var]
    belong = {(a[0], b[1]) for a in rows for b in rows if a[2] == b[2]}
    of_images = [{t for t, text in enumerate(texts) if (image, text) in belong} for image in images]
    of_texts = [{i for i, image in enumerate(images) if (image, text) in belong} for text in texts]
    assert as_sets(found.i2t) == of_images
    assert as_sets(found.t2i) == of_texts
    assert found.i2t.counts.tolist() == [len(relevant) for relevant in of_images]
    assert (found.i2t.candidates, found.t2i.candidates) == (len(texts), len(images))


@settings(max_examples=100, deadline=None, database=None)
@given(ROWS)
def test_the_first_row_of_an_image_or_a_text_stands_for_it(rows: Rows) -> None:
    found = of(rows)
    images, texts = [row[0] for row in rows], [row[1] for row in rows]
    assert found.images.tolist() == [images.index(image) for image in sorted(set(images))]  # type: ignore[type-var]
    assert found.texts.tolist() == [texts.index(text) for text in sorted(set(texts))]  # type: ignore[type-var]


@settings(max_examples=100, deadline=None, database=None)
@given(ROWS, st.booleans())
def test_groups_are_what_is_linked_near_or_far(rows: Rows, grouped: bool) -> None:
    found = of(rows, grouped=grouped)
    columns = 4 if grouped else 3
    group = {row: found.image_groups[i] for i, row in enumerate(found.images.tolist())}
    for first in group:
        linked = reachable(rows, first, columns)
        assert {other for other in group if group[other] == group[first]} == linked & set(group)
        assert {
            t for t, row in enumerate(found.texts.tolist()) if found.text_groups[t] == group[first]
        } == {t for t, row in enumerate(found.texts.tolist()) if row in linked}
    assert set(found.image_groups) == set(found.text_groups) == set(range(found.groups))


def test_five_captions_of_an_image_are_its_texts() -> None:
    found = of([(image, 5 * image + text, image) for image in range(3) for text in range(5)])
    assert as_sets(found.i2t) == [{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}, {10, 11, 12, 13, 14}]
    assert as_sets(found.t2i) == [{image} for image in range(3) for _ in range(5)]
    assert found.image_groups.tolist() == [0, 1, 2]
    assert found.groups == 3


def test_a_name_drawn_twice_has_both_images() -> None:
    found = of([("a.png", "cat", "u1"), ("b.png", "cat", "u1"), ("c.png", "dog", "u2")])
    assert as_sets(found.t2i) == [{0, 1}, {2}]
    assert found.text_groups.tolist() == [0, 1]


def test_a_text_under_two_keys_belongs_to_the_images_of_both_and_links_them() -> None:
    found = of([(0, 0, 0), (1, 0, 1), (2, 2, 1)])
    assert as_sets(found.t2i) == [{0, 1, 2}, {1, 2}]
    assert found.groups == 1


def test_a_pair_under_two_keys_or_in_two_rows_counts_once() -> None:
    assert as_sets(of([(0, 0, 0), (0, 0, 1), (0, 0, 1), (0, 1, 1)]).i2t) == [{0, 1}]


def test_groups_join_what_shares_nothing_else() -> None:
    rows: Rows = [(0, 0, 0, "x"), (1, 1, 1, "x"), (2, 2, 2, "y")]
    assert of(rows).groups == 3
    assert of(rows, grouped=True).image_groups.tolist() == [0, 0, 1]


@pytest.mark.parametrize("seed", [None, 0])
def test_a_long_chain_is_one_group(seed: int | None) -> None:
    """Row i shares its image with one neighbour and its text with the other."""
    rows = np.arange(20_000)
    if seed is not None:
        rows = np.random.default_rng(seed).permutation(rows)
    assert candidates(rows // 2, (rows + 1) // 2, rows).groups == 1


def test_a_string_column_of_objects_is_an_identity() -> None:
    found = candidates(np.array(["b", "a"], dtype=object), ["x", "y"], [0, 1])
    assert found.images.tolist() == [1, 0]


@pytest.mark.parametrize("name", ["images", "texts", "keys", "groups"])
@pytest.mark.parametrize(
    ("values", "offence"),
    [
        ([0.0, 1.0], "expected integers or strings, none missing; got float64"),
        (["a", None], "expected integers or strings, none missing; got object"),
        ([True, False], "expected integers or strings, none missing; got bool"),
        ([[0], [1]], r"expected one value a row"),
        ([], "of one row or more"),
    ],
)
def test_unusable_columns_are_refused_by_name(name: str, values: Any, offence: str) -> None:
    columns: dict[str, Any] = {"images": [0, 1], "texts": [0, 1], "keys": [0, 1], "groups": [0, 1]}
    with pytest.raises(ValueError, match=f"^{name}: .*{offence}"):
        candidates(**columns | {name: values})


@pytest.mark.parametrize("name", ["texts", "keys", "groups"])
def test_columns_of_other_lengths_are_refused(name: str) -> None:
    columns: dict[str, Any] = {"images": [0, 1], "texts": [0, 1], "keys": [0, 1], "groups": [0, 1]}
    with pytest.raises(ValueError, match=f"2 images but 3 {name}; one a row is needed"):
        candidates(**columns | {name: [0, 1, 2]})


@pytest.mark.parametrize(
    ("starts", "columns", "offence"),
    [
        ([0, 1, 1], [0], "query 1 has no relevant candidate"),
        ([0, 2, 1], [0], "query 1 has no relevant candidate"),
        ([0, 1], [2], r"columns: 2\.\.2 are not within 0\.\.1"),
        ([0, 1], [-1], "columns: -1"),
        ([0, 1], [0, 1], "starts: expected 0 to 2"),
        ([1, 2], [0, 1], "starts: expected 0 to 2"),
        ([0], [], "one query or more"),
    ],
)
def test_a_relation_that_leaves_a_query_without_a_rank_is_refused(
    starts: list[int], columns: list[int], offence: str
) -> None:
    with pytest.raises(ValueError, match=offence):
        Relevant(
            starts=np.array(starts, dtype=np.int64),
            columns=np.array(columns, dtype=np.int64),
            candidates=2,
        )
