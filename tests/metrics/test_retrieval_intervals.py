"""Intervals of retrieval metrics against a plain loop, and by their coverage; guards fire."""

import statistics
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from mmbench.errors import CardError
from mmbench.metrics.intervals import Interval, interval, wilson
from mmbench.metrics.pairs import Candidates, candidates
from mmbench.metrics.retrieval import DIRECTIONS, MEDIANS, RECALLS, VALUE, Ranked
from mmbench.metrics.retrieval_intervals import retrieval_interval

Integers = NDArray[np.int64]


def captioned(images: int, texts_each: int = 1, groups: Integers | None = None) -> Candidates:
    """Return images with so many texts of their own; groups: [images], or each on its own."""
    rows = np.arange(images * texts_each)
    found = None if groups is None else np.repeat(groups, texts_each)
    return candidates(rows // texts_each, rows, rows // texts_each, found)


def ranked_at_random(found: Candidates, seed: int = 0) -> Ranked:
    """Return ranks up to 100 whose logarithms are uniform: 15 % are 1, half are 10 or less."""
    rng = np.random.default_rng(seed)
    i2t, t2i = (
        np.minimum((100 ** rng.random(len(relevant))).astype(np.int64), relevant.candidates)
        for relevant in (found.i2t, found.t2i)
    )
    return Ranked(candidates=found, i2t=i2t, t2i=t2i)


def equal(found: Candidates, i2t: int, t2i: int) -> Ranked:
    """Return one rank for all images and one for all texts."""
    return Ranked(
        candidates=found,
        i2t=np.full(len(found.i2t), i2t),
        t2i=np.full(len(found.t2i), t2i),
    )


def uneven() -> Ranked:
    """40 images with three texts each, in 23 groups of unequal sizes."""
    return ranked_at_random(captioned(40, 3, groups=np.arange(40) ** 2 % 40))


def slow_values(name: str, ranked: Ranked, resamples: int, seed: int) -> list[float]:
    """Return the metric of each resample, from the lists of the ranks that were drawn."""
    found = ranked.candidates
    members = {
        direction: [
            ranked.of(direction)[found.groups_of(direction) == group].tolist()
            for group in range(found.groups)
        ]
        for direction in DIRECTIONS
    }
    rng = np.random.Generator(np.random.PCG64(seed))
    values = []
    for _ in range(resamples):
        picked = rng.integers(found.groups, size=found.groups).tolist()
        drawn = {
            direction: [rank for group in picked for rank in members[direction][group]]
            for direction in DIRECTIONS
        }
        recalls = {
            recall: sum(rank <= k for rank in drawn[direction]) / len(drawn[direction])
            for recall, (direction, k) in RECALLS.items()
        }
        if name in MEDIANS:
            values.append(float(statistics.median(drawn[MEDIANS[name]])))
        else:
            values.append(recalls.get(name, statistics.fmean(recalls.values())))
    return values


def some(found: Interval | None) -> Interval:
    assert found is not None
    return found


def width(of: Interval | None) -> float:
    return some(of).high - some(of).low


@pytest.mark.parametrize("name", VALUE)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_interval_is_that_of_a_slow_bootstrap(name: str, seed: int) -> None:
    ranked = uneven()
    values = slow_values(name, ranked, 200, seed)
    got = some(retrieval_interval(name, ranked, resamples=200, seed=seed))
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    expected = "cluster bootstrap over groups of queries, candidates fixed, 200 resamples"
    assert got.method == expected


@pytest.mark.parametrize("name", VALUE)
def test_the_same_input_gives_the_same_interval_around_the_value(name: str) -> None:
    ranked = uneven()
    first = some(retrieval_interval(name, ranked))
    assert first == retrieval_interval(name, ranked)
    assert first.low <= VALUE[name](ranked) <= first.high
    assert first.low < first.high
    assert first.method.endswith("candidates fixed, 2000 resamples")


def test_another_seed_gives_another_interval() -> None:
    ranked = uneven()
    other = retrieval_interval("mean_recall", ranked, seed=1)
    assert retrieval_interval("mean_recall", ranked) != other


@pytest.mark.parametrize("name", VALUE)
def test_the_interval_shrinks_with_the_root_of_the_queries(name: str) -> None:
    few, many = (ranked_at_random(captioned(count)) for count in (200, 3200))
    ratio = width(retrieval_interval(name, few)) / width(retrieval_interval(name, many))
    # Medians of whole numbers move in steps, which for the many are as wide as the interval.
    assert ratio > 2 if name in MEDIANS else 3.4 < ratio < 4.6


@pytest.mark.parametrize("name", ["t2i_recall@1", "i2t_recall@5", "mean_recall"])
def test_queries_that_come_twice_widen_the_interval_by_the_root_of_two(name: str) -> None:
    """Images 2i and 2i + 1 have the same ranks, and so have their texts."""
    half = ranked_at_random(captioned(300))
    doubled = captioned(600, groups=np.arange(600) // 2)
    alone = captioned(600)
    twice = {"i2t": np.repeat(half.i2t, 2), "t2i": np.repeat(half.t2i, 2)}
    grouped = retrieval_interval(name, Ranked(candidates=doubled, **twice), resamples=6000)
    naive = retrieval_interval(name, Ranked(candidates=alone, **twice), resamples=6000)
    assert width(grouped) / width(naive) == pytest.approx(2**0.5, rel=0.06)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """60 images with five texts each, which are all found or all missed, found with chance 0.7."""
    found = captioned(60, 5)
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        hit = rng.random(60) < 0.7
        t2i = np.repeat(np.where(hit, 1, 20), 5)
        ranked = Ranked(candidates=found, i2t=np.ones(60, dtype=np.int64), t2i=t2i)
        got = some(retrieval_interval("t2i_recall@10", ranked, resamples=200))
        covered += got.low <= 0.7 <= got.high
    assert 0.89 < covered / 200 < 0.99


@pytest.mark.parametrize("name", ["mean_recall", *RECALLS])
def test_where_all_hit_or_all_miss_the_groups_say_how_sure_that_is(name: str) -> None:
    found = captioned(40, 2, groups=np.arange(40) // 2)
    perfect, hopeless = wilson(20, 20), wilson(0, 20)
    all_hit = some(retrieval_interval(name, equal(found, 1, 1)))
    assert all_hit.low == pytest.approx(perfect.low)
    assert all_hit.high == 1.0
    all_miss = some(retrieval_interval(name, equal(found, 30, 30)))
    assert all_miss.low == 0.0
    assert all_miss.high == pytest.approx(hopeless.high)
    assert all_hit.method == all_miss.method == "Wilson score over groups"


def test_a_mean_of_recalls_that_are_0_or_1_has_the_mean_of_their_intervals() -> None:
    """Every image at rank 3, a miss at 1 and a hit at 5 and 10; every text at rank 1."""
    got = some(retrieval_interval("mean_recall", equal(captioned(25), 3, 1)))
    perfect, hopeless = wilson(25, 25), wilson(0, 25)
    assert got.low == pytest.approx((5 * perfect.low + hopeless.low) / 6)
    assert got.high == pytest.approx((5 * perfect.high + hopeless.high) / 6)
    assert got.low < 5 / 6 < got.high


@pytest.mark.parametrize("name", MEDIANS)
def test_equal_ranks_leave_a_median_without_width(name: str) -> None:
    got = some(retrieval_interval(name, equal(captioned(25), 3, 3)))
    assert (got.low, got.high) == (3.0, 3.0)
    assert got.method.startswith("cluster bootstrap")


@pytest.mark.parametrize("name", VALUE)
def test_one_group_has_no_interval(name: str) -> None:
    one = captioned(12, 2, groups=np.zeros(12, dtype=np.int64))
    assert retrieval_interval(name, ranked_at_random(one)) is None
    assert retrieval_interval(name, equal(one, 1, 1)) is None


def test_too_few_resamples_are_refused() -> None:
    with pytest.raises(ValueError, match="39 resamples are too few; use at least 40"):
        retrieval_interval("mean_recall", uneven(), resamples=39)
    found = some(retrieval_interval("mean_recall", uneven(), resamples=40))
    assert found.method.endswith("40 resamples")


def test_a_metric_of_another_kind_is_refused_on_both_sides() -> None:
    with pytest.raises(CardError, match="'accuracy' is a metric of classification"):
        retrieval_interval("accuracy", uneven())
    with pytest.raises(CardError, match="'mean_recall' is a metric of retrieval"):
        interval("mean_recall", [0], [0], 1)


@pytest.mark.parametrize("name", ["mean_recall", "t2i_median_rank"])
def test_many_queries_fit_in_memory(name: str) -> None:
    """All draws of 20,000 groups at once would be 320 MB."""
    ranked = ranked_at_random(captioned(20_000))
    tracemalloc.start()
    try:
        retrieval_interval(name, ranked)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10e6
