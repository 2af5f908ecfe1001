"""Intervals of any measure against plain loops and against those of classification."""

import time

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics import binary, multilabel, regression
from mmbench.metrics.classification import VALUE
from mmbench.metrics.intervals import Interval, cluster_bootstrap, grouped_confusion, wilson
from mmbench.metrics.margins import f1_macro, margins, one_hot
from mmbench.metrics.resampling import (
    Counted,
    Measure,
    Share,
    Sums,
    Values,
    interval_from,
    known_values,
    scored,
    values,
)


def example(count: int = 300, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    targets = rng.integers(3, size=count)
    return targets, np.where(rng.random(count) < 0.6, targets, rng.integers(3, size=count))


def mean_of(numbers: ArrayLike) -> Sums:
    column = np.asarray(numbers, dtype=np.float64)
    statistics = np.stack([column, np.ones_like(column)], axis=1)
    return Sums(statistics=statistics, value=lambda sums: sums[..., 0] / sums[..., 1])


def span_of(measure: Measure, groups: ArrayLike | None = None) -> Interval:
    found = scored({"it": measure}, groups)["it"].interval
    assert found is not None
    return found


def assert_same_quantiles(found: Interval, loop: list[float]) -> None:
    """Both from 2,000 resamples: four times the Monte-Carlo error of their difference."""
    low, high = np.quantile(loop, [0.025, 0.975])
    assert abs(found.low - low) < 0.35 * np.std(loop)
    assert abs(found.high - high) < 0.35 * np.std(loop)


def test_a_cluster_bootstrap_of_sums_is_that_of_classification_to_the_last_digit() -> None:
    """The same draws of the same groups, so the very same numbers."""
    targets, predicted = example()
    groups = np.arange(300) // 3
    grouped = grouped_confusion(targets, predicted, 3, groups=groups)
    expected = cluster_bootstrap(VALUE["f1_macro"], grouped)
    statistics = margins(one_hot(targets, 3), one_hot(predicted, 3))
    found = interval_from(f1_macro, statistics, groups)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.method == expected.method


def test_a_share_has_the_intervals_that_accuracy_has_in_classification() -> None:
    targets, predicted = example()
    right = targets == predicted
    assert span_of(Share(right=right)) == wilson(int(right.sum()), 300)
    groups = np.arange(300) // 3
    grouped = grouped_confusion(targets, predicted, 3, groups=groups)
    assert span_of(Share(right=right), groups) == cluster_bootstrap(VALUE["accuracy"], grouped)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_the_bootstrap_has_the_distribution_of_resampled_rows(name: str) -> None:
    rng = np.random.default_rng(2)
    targets = rng.integers(10, size=120)
    predicted = targets + rng.integers(9, size=120)
    loop = []
    for _ in range(2000):
        rows = rng.integers(120, size=120)
        found = values(regression.measures([name], targets[rows], predicted[rows]))[name]
        assert found is not None
        loop.append(found)
    measure = regression.measures([name], targets, predicted)[name]
    assert_same_quantiles(span_of(measure), loop)


def test_groups_are_drawn_whole_by_counts_too() -> None:
    """A group's rows come together: each of 60 groups is four times the same example."""
    rng = np.random.default_rng(3)
    targets, chances = np.repeat(rng.integers(2, size=60), 4), np.repeat(rng.random(60), 4)
    groups = np.repeat([f"g{i:02}" for i in range(60)], 4)
    auc = binary.measures(["roc_auc"], targets, chances)["roc_auc"]
    once = binary.measures(["roc_auc"], targets[::4], chances[::4])["roc_auc"]
    together, alone = span_of(auc, groups), span_of(once)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert together.method == "cluster bootstrap over groups, 2000 resamples"
    assert alone.method == "bootstrap over examples, 2000 resamples"
    naive = span_of(auc)
    assert (together.high - together.low) > 1.7 * (naive.high - naive.low)


def test_an_interval_is_the_same_whichever_other_metrics_are_asked_for() -> None:
    rng = np.random.default_rng(4)
    targets, predicted = rng.random((2, 80))
    all_of_them = scored(regression.measures(tuple(regression.MEASURES), targets, predicted))
    for name, found in all_of_them.items():
        assert scored(regression.measures([name], targets, predicted))[name] == found


def test_one_group_has_values_and_no_interval() -> None:
    found = scored({"share": Share(right=np.array([True, False])), "sum": mean_of([1, 2])}, [7, 7])
    assert {name: (one.value, one.interval) for name, one in found.items()} == {
        "share": (0.5, None),
        "sum": (1.5, None),
    }


def test_one_example_has_no_interval_but_of_a_share() -> None:
    found = scored({"share": Share(right=np.array([True])), "sum": mean_of([3.0])})
    assert found["sum"].interval is None
    assert found["share"].interval == wilson(1, 1)


@pytest.mark.parametrize("right", [True, False])
def test_a_share_that_no_resample_moves_is_taken_from_wilson_over_the_groups(right: bool) -> None:
    span = span_of(Share(right=np.full(20, right)), np.arange(20) // 2)
    expected = wilson(10 if right else 0, 10)
    assert (span.low, span.high) == (expected.low, expected.high)
    assert span.method == "Wilson score over groups"


def test_without_errors_there_is_nothing_to_resample_and_the_interval_has_no_width() -> None:
    span = span_of(mean_of(np.zeros(50)))
    assert (span.low, span.high) == (0.0, 0.0)


def test_a_metric_that_hardly_any_resample_defines_has_no_interval() -> None:
    def of_all_but_one(times: Values) -> float:
        return 1.0 if times.min() > 0 else float("nan")  # never, of 200 drawn of 200

    found = scored({"it": Counted(count=200, value=of_all_but_one, cells=1)})["it"]
    assert found.value == 1.0
    assert found.interval is None


def test_a_costly_metric_gets_fewer_resamples_and_says_how_many() -> None:
    rng = np.random.default_rng(5)
    numbers = rng.random(50)

    def costly(cells: int) -> Counted:
        return Counted(count=50, value=lambda times: float(times @ numbers / 50), cells=cells)

    assert costly(1000).resamples == 2000
    assert costly(2**18).resamples == 1000
    assert costly(10**12).resamples == 200
    both = scored({"cheap": mean_of(numbers), "costly": costly(10**12)})
    assert both["cheap"].interval is not None
    assert both["costly"].interval is not None
    assert both["cheap"].interval.method == "bootstrap over examples, 2000 resamples"
    assert both["costly"].interval.method == "bootstrap over examples, 200 resamples"


def test_values_to_choose_by_must_all_be_defined() -> None:
    assert known_values({"it": mean_of([1, 2])}) == {"it": 1.5}
    nothing = Sums(
        statistics=np.zeros((3, 1)), value=lambda sums: sums[..., 0] * np.nan, undefined="no word"
    )
    assert values({"it": nothing}) == {"it": None}
    with pytest.raises(ValueError, match="it is not defined: no word; choose by another metric"):
        known_values({"it": nothing})


def test_what_cannot_be_resampled_is_refused() -> None:
    with pytest.raises(ValueError, match=r"same one example or more; got \{'a': 2, 'b': 3\}"):
        scored({"a": mean_of([1, 2]), "b": mean_of([1, 2, 3])})
    with pytest.raises(ValueError, match=r"one example or more; got \{\}"):
        scored({})
    with pytest.raises(ValueError, match="39 resamples are too few"):
        scored({"a": mean_of([1, 2])}, resamples=39)
    for groups, offence in (([1], r"\(2,\); got \(1,\)"), ([0.5, 1.0], "none missing; got float")):
        with pytest.raises(ValueError, match=offence):
            scored({"a": mean_of([1, 2])}, groups)


def test_ten_thousand_examples_take_seconds_at_most() -> None:
    """Far above what it takes, so that a busy machine passes; a loop over examples would not."""
    rng = np.random.default_rng(6)
    targets, predicted = rng.random((2, 10_000))
    labels, chances = rng.integers(2, size=(10_000, 40)), rng.random((10_000, 40))
    began = time.process_time()
    scored(regression.measures(["mae", "rmse", "pearson"], targets, predicted))
    scored(multilabel.measures(["f1_micro"], labels, chances))
    assert time.process_time() - began < 20
