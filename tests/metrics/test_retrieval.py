"""Ranks against plain loops in exact numbers, chance against SciPy and simulation; guards fire."""

import statistics
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import hypergeom

from mmbench.errors import CardError
from mmbench.metrics import retrieval
from mmbench.metrics.pairs import Candidates, Direction, candidates
from mmbench.metrics.retrieval import (
    DIRECTIONS,
    MEDIANS,
    RECALLS,
    VALUE,
    Ranked,
    chance,
    evaluate_retrieval,
    rank_candidates,
    ranks,
)
from mmbench.metrics.table import metric

Floats = NDArray[np.float32]


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Draw up to 12 rows of few images, texts and keys, with small integers as embeddings.

    So there are ties, equal embeddings, shared texts and rows of one image that disagree; and
    every dot product is exact.
    """
    count, width = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    codes = st.lists(st.integers(0, 5), min_size=count, max_size=count)
    vector = st.lists(st.integers(-2, 2), min_size=width, max_size=width)
    vectors = st.lists(vector, min_size=count, max_size=count)
    return {
        "image_embeddings": np.array(draw(vectors), dtype=np.float32),
        "text_embeddings": np.array(draw(vectors), dtype=np.float32),
        "images": draw(codes),
        "texts": draw(codes),
        "keys": draw(codes),
    }


def by_hand(case: dict[str, Any], direction: Direction) -> list[int]:
    """Return the ranks of the queries in ascending order of their codes, by loops over rows."""
    sides = [(case["images"], case["image_embeddings"]), (case["texts"], case["text_embeddings"])]
    (asked, queries), (others, against) = sides if direction == "i2t" else reversed(sides)
    found = []
    for query in sorted(set(asked)):
        keys = {key for key, code in zip(case["keys"], asked, strict=True) if code == query}
        relevant = {o for key, o in zip(case["keys"], others, strict=True) if key in keys}
        first = queries[asked.index(query)].tolist()
        score = {
            other: sum(
                Fraction(a) * Fraction(b)
                for a, b in zip(first, against[others.index(other)].tolist(), strict=True)
            )
            for other in set(others)
        }
        best = max(score[other] for other in relevant)
        found.append(1 + sum(score[o] >= best for o in score if o not in relevant))
    return found


def unit(array: NDArray[np.float64]) -> Floats:
    lengths: NDArray[np.float64] = np.linalg.norm(array, axis=1, keepdims=True)
    return (array / lengths).astype(np.float32)


def one_each(count: int) -> Candidates:
    return candidates(np.arange(count), np.arange(count), np.arange(count))


def many_to_many(rows: int, seed: int = 0) -> Candidates:
    rng = np.random.default_rng(seed)
    return candidates(*(rng.integers(most, size=rows) for most in (rows // 3, rows // 2, rows)))


@settings(max_examples=300, deadline=None, database=None)
@given(cases())
def test_ranks_and_metrics_equal_loops_in_exact_numbers(case: dict[str, Any]) -> None:
    ranked = evaluate_retrieval(**case)
    expected = {direction: by_hand(case, direction) for direction in DIRECTIONS}
    assert ranked.i2t.tolist() == expected["i2t"]
    assert ranked.t2i.tolist() == expected["t2i"]
    recalls = {}
    for name, (direction, k) in RECALLS.items():
        hits = [rank <= k for rank in expected[direction]]
        recalls[name] = sum(hits) / len(hits)
        assert VALUE[name](ranked) == pytest.approx(recalls[name], abs=1e-12)
    assert VALUE["mean_recall"](ranked) == pytest.approx(statistics.fmean(recalls.values()))
    for name, direction in MEDIANS.items():
        assert VALUE[name](ranked) == statistics.median(expected[direction])
    for name, value in VALUE.items():
        low, high = metric(name).range
        assert low <= value(ranked) <= high


def test_values_worked_by_hand() -> None:
    """Ranks of 20 images: 1, 2, …, 20; of texts: 1 for all but the last, which is 11."""
    ranked = Ranked(
        candidates=one_each(20), i2t=np.arange(1, 21), t2i=np.array([1] * 19 + [11], dtype=np.int64)
    )
    assert {name: value(ranked) for name, value in VALUE.items()} == pytest.approx(
        {
            "mean_recall": (0.05 + 0.25 + 0.5 + 3 * 0.95) / 6,
            "i2t_recall@1": 0.05,
            "i2t_recall@5": 0.25,
            "i2t_recall@10": 0.5,
            "t2i_recall@1": 0.95,
            "t2i_recall@5": 0.95,
            "t2i_recall@10": 0.95,
            "i2t_median_rank": 10.5,
            "t2i_median_rank": 1.0,
        }
    )


@pytest.mark.parametrize("value", [0.0, 1.0, 1 / 3])
def test_a_model_that_says_the_same_of_everything_comes_last(value: float) -> None:
    found = many_to_many(60)
    same = np.full((1, 512), value, dtype=np.float32)
    ranked = rank_candidates(
        found,
        np.repeat(same, len(found.images), axis=0),
        np.repeat(same, len(found.texts), axis=0),
    )
    assert ranked.i2t.tolist() == (1 + len(found.texts) - found.i2t.counts).tolist()
    assert ranked.t2i.tolist() == (1 + len(found.images) - found.t2i.counts).tolist()


@pytest.mark.parametrize("width", [3, 17, 64, 512])
def test_equal_candidates_tie_wherever_they_stand(width: int) -> None:
    """Each vector occurs seven times, one is relevant: six others tie with it at least."""
    rng = np.random.default_rng(width)
    distinct = unit(rng.normal(size=(41, width)))
    copies = rng.permutation(np.repeat(np.arange(41), 7))
    relevant = candidates(np.arange(287), np.arange(287), np.arange(287)).i2t
    found = ranks(distinct[copies], distinct[copies], relevant)
    assert found.tolist() == [7] * 287


def test_a_difference_that_float32_can_hold_is_no_tie() -> None:
    up = np.nextafter(np.float32(1), np.float32(2))
    against = np.array([[1.0, 0.0], [up, 0.0]], dtype=np.float32)
    asked = np.array([[1.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    assert ranks(asked, against, one_each(2).i2t).tolist() == [2, 1]


def test_portions_change_no_rank() -> None:
    rng = np.random.default_rng(0)
    relevant = many_to_many(90).i2t
    asked = unit(rng.normal(size=(len(relevant), 7)))
    against = unit(rng.normal(size=(relevant.candidates, 7)))
    against[::3] = against[0]
    whole = ranks(asked, against, relevant)
    for chunk in range(1, len(relevant) + 2):
        assert ranks(asked, against, relevant, chunk=chunk).tolist() == whole.tolist()


def peak_bytes(chunk: int | None) -> int:
    relevant = candidates(np.arange(15_000) % 1000, np.arange(15_000), np.arange(15_000)).i2t
    rng = np.random.default_rng(0)
    asked, against = (unit(rng.normal(size=(size, 4))) for size in (1000, 15_000))
    tracemalloc.start()
    try:
        ranks(asked, against, relevant, chunk=chunk)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_similarities_are_bounded_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them would be 120 MB."""
    assert peak_bytes(chunk=1000) > 120e6  # the measure sees them
    assert peak_bytes(chunk=None) < 24e6
    monkeypatch.setattr(retrieval, "_CELLS_AT_ONCE", 2**18)
    assert peak_bytes(chunk=None) < 6e6


@pytest.mark.parametrize("rows", [1, 4, 60])
def test_chance_of_a_recall_is_that_of_drawing_without_replacement(rows: int) -> None:
    found = many_to_many(rows) if rows > 4 else one_each(rows)
    expected = {}
    for name, (direction, k) in RECALLS.items():
        relevant = found.of(direction)
        drawn = min(k, relevant.candidates)
        missed = hypergeom.pmf(0, relevant.candidates, relevant.counts, drawn)
        expected[name] = float(np.mean(1 - missed))
        assert chance(name, found) == pytest.approx(expected[name], abs=1e-12)
    assert chance("mean_recall", found) == pytest.approx(statistics.fmean(expected.values()))


def test_chance_is_what_random_orders_give_on_average() -> None:
    found = many_to_many(150)
    rng = np.random.default_rng(0)
    values: dict[str, list[float]] = {name: [] for name in VALUE}
    for _ in range(500):
        of_images, of_texts = (
            ranks(
                rng.random((len(relevant), relevant.candidates)),
                np.eye(relevant.candidates),  # so that the scores are the random numbers
                relevant,
            )
            for relevant in (found.i2t, found.t2i)
        )
        ranked = Ranked(candidates=found, i2t=of_images, t2i=of_texts)
        for name, drawn in values.items():
            drawn.append(VALUE[name](ranked))
    for name, drawn in values.items():
        error = np.std(drawn) / np.sqrt(len(drawn))
        # The median of the ranks' distribution is not quite the mean of the samples' medians.
        slack = 0.5 if name in MEDIANS else 0.0
        assert abs(chance(name, found) - np.mean(drawn)) < 4 * error + slack, name


@pytest.mark.parametrize("count", [1, 2, 9, 10, 1001])
def test_chance_of_a_median_rank_is_the_middle(count: int) -> None:
    assert chance("i2t_median_rank", one_each(count)) == (count + 1) / 2


def test_chance_of_a_median_rank_counts_what_is_relevant() -> None:
    """Five texts to each of 1,000 images: the best of five is earlier than one alone."""
    found = candidates(np.arange(5000) // 5, np.arange(5000), np.arange(5000) // 5)
    middle = next(m for m in range(1, 5000) if hypergeom.pmf(0, 5000, 5, m) <= 0.5)
    assert chance("i2t_median_rank", found) == middle
    assert chance("t2i_median_rank", found) == 500.5


def test_half_precision_is_understood() -> None:
    vectors = np.eye(3, dtype=np.float16)
    assert ranks(vectors, vectors, one_each(3).i2t).tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["queries", "candidates"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_embeddings_that_are_not_finite_are_refused(name: str, value: float) -> None:
    sides = {"queries": np.eye(3), "candidates": np.eye(3)}
    sides[name][1:, 0] = value
    with pytest.raises(ValueError, match=f"{name}: 2 have NaN or infinity .* the first is 1"):
        ranks(sides["queries"], sides["candidates"], one_each(3).i2t)


@pytest.mark.parametrize(
    ("queries", "against", "offence"),
    [
        (np.eye(3, dtype=np.int64), np.eye(3), "queries: expected floats, .* got int64"),
        (np.eye(3), np.ones(3), r"candidates: expected floats, .* got float64 \(3,\)"),
        (np.eye(3), np.ones((3, 0)), r"candidates: expected floats, .* \(3, 0\)"),
        (np.eye(3), np.ones((3, 4)), "queries have 3 dimensions, candidates 4"),
        (np.eye(3)[:2], np.eye(3), "2 queries and 3 candidates, but .* of 3 and 3"),
        (np.eye(3), np.ones((4, 3)), "3 queries and 4 candidates, but .* of 3 and 3"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(queries: Any, against: Any, offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        ranks(queries, against, one_each(3).i2t)


@pytest.mark.parametrize("chunk", [0, -1])
def test_a_chunk_of_no_query_is_refused(chunk: int) -> None:
    with pytest.raises(ValueError, match="chunk: expected one query or more"):
        ranks(np.eye(3), np.eye(3), one_each(3).i2t, chunk=chunk)


def test_one_embedding_a_row_is_needed() -> None:
    rows = np.arange(3)
    with pytest.raises(ValueError, match=r"text embeddings: expected one a row, \(3, D\)"):
        evaluate_retrieval(np.eye(3), np.ones((4, 3)), rows, rows, rows)


@pytest.mark.parametrize(
    ("i2t", "offence"),
    [
        ([1, 2], r"i2t: expected one rank a query, \(3,\); got \(2,\)"),
        ([0, 1, 1], r"i2t: ranks 0\.\.1 are not within 1\.\.3"),
        ([1, 1, 4], r"i2t: ranks 1\.\.4 are not within 1\.\.3"),
    ],
)
def test_ranks_that_cannot_be_are_refused(i2t: list[int], offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        Ranked(candidates=one_each(3), i2t=np.array(i2t), t2i=np.array([1, 1, 1]))


def test_chance_of_another_kinds_metric_is_refused() -> None:
    with pytest.raises(CardError, match="'accuracy' is a metric of classification"):
        chance("accuracy", one_each(2))
