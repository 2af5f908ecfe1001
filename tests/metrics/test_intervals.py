"""Wilson against SciPy; each bootstrap against a plain loop, and by its coverage."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from mmbench.errors import CardError
from mmbench.metrics import intervals
from mmbench.metrics.classification import VALUE, Counts, accuracy, balanced_accuracy, confusion
from mmbench.metrics.intervals import (
    Interval,
    Value,
    bootstrap,
    cluster_bootstrap,
    grouped_confusion,
    interval,
    wilson,
)

Integers = NDArray[np.int64]


def examples(count: int, classes: int, seed: int = 0) -> tuple[Integers, Integers]:
    """Return unbalanced targets, and predictions of which about 70 % are right."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(classes, size=count) * rng.integers(2, size=count)
    predicted = np.where(rng.random(count) < 0.6, targets, rng.integers(classes, size=count))
    return targets, predicted


def width(of: Interval) -> float:
    return of.high - of.low


def assert_same_quantiles(found: list[Interval], levels: list[float], loop: list[float]) -> None:
    """Compare ends with those of a loop, both from 6,000 resamples.

    The Monte-Carlo error of the difference of two 2.5 % quantiles is then 0.05 standard
    deviations of the distribution; four times that is allowed.
    """
    for got, level in zip(found, levels, strict=True):
        low, high = np.quantile(loop, [(1 - level) / 2, (1 + level) / 2])
        assert abs(got.low - low) < 0.2 * np.std(loop)
        assert abs(got.high - high) < 0.2 * np.std(loop)


@pytest.mark.parametrize("count", [1, 2, 17, 100, 5000])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_wilson_equals_scipy(count: int, level: float) -> None:
    for successes in {0, 1, count // 3, count - 1, count}:
        expected = binomtest(successes, count).proportion_ci(level, method="wilson")
        got = wilson(successes, count, level)
        assert (got.low, got.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
        assert 0 <= got.low <= successes / count <= got.high <= 1


@pytest.mark.parametrize("count", [40, 200])
def test_wilson_covers_the_truth_about_as_often_as_it_says(count: int) -> None:
    """Exact coverage, over all outcomes: near nominal on average and never far below."""
    got = [wilson(successes, count) for successes in range(count + 1)]
    lows, highs = np.array([i.low for i in got]), np.array([i.high for i in got])
    shares = np.linspace(0.1, 0.9, 161)
    coverage = [
        float(binom.pmf(np.flatnonzero((lows <= p) & (p <= highs)), count, p).sum()) for p in shares
    ]
    assert np.mean(coverage) == pytest.approx(0.95, abs=0.005)
    assert min(coverage) > 0.92


@pytest.mark.parametrize(("successes", "count"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(successes: int, count: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson(successes, count)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_outside_zero_to_one_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level: expected a share"):
        wilson(1, 2, level)
    with pytest.raises(ValueError, match="level: expected a share"):
        bootstrap(accuracy, np.eye(2, dtype=np.int64), level=level)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "f1_macro"])
def test_the_bootstrap_has_the_distribution_of_resampled_indices(name: str) -> None:
    targets, predicted = examples(600, 4)  # so that one example is a small step of accuracy
    rng = np.random.default_rng(1)
    loop = []
    for _ in range(6000):
        picked = rng.integers(len(targets), size=len(targets))
        loop.append(float(VALUE[name](confusion(targets[picked], predicted[picked], 4))))
    levels = [0.5, 0.8, 0.95]
    counts = confusion(targets, predicted, 4)
    found = [bootstrap(VALUE[name], counts, resamples=6000, level=level) for level in levels]
    assert_same_quantiles(found, levels, loop)


@pytest.mark.parametrize("name", ["accuracy", "f1_macro"])
def test_the_cluster_bootstrap_has_the_distribution_of_resampled_groups(name: str) -> None:
    targets, predicted = examples(600, 3)
    rng = np.random.default_rng(1)
    groups = rng.integers(100, size=600) * rng.integers(1, 3, size=600)  # of unequal sizes
    members = [np.flatnonzero(groups == key) for key in np.unique(groups)]
    loop = []
    for _ in range(6000):
        drawn = rng.integers(len(members), size=len(members))
        picked = np.concatenate([members[g] for g in drawn])
        loop.append(float(VALUE[name](confusion(targets[picked], predicted[picked], 3))))
    levels = [0.5, 0.8, 0.95]
    grouped = grouped_confusion(targets, predicted, 3, groups=groups)
    found = [
        cluster_bootstrap(VALUE[name], grouped, resamples=6000, level=level) for level in levels
    ]
    assert_same_quantiles(found, levels, loop)


@pytest.mark.parametrize("name", VALUE)
def test_duplicated_examples_widen_the_cluster_interval_by_the_root_of_two(name: str) -> None:
    targets, predicted = (np.repeat(array, 2) for array in examples(400, 4))
    groups = np.repeat(np.arange(400), 2)
    grouped = grouped_confusion(targets, predicted, 4, groups=groups)
    naive = bootstrap(VALUE[name], confusion(targets, predicted, 4), resamples=6000)
    clustered = cluster_bootstrap(VALUE[name], grouped, resamples=6000)
    assert width(clustered) / width(naive) == pytest.approx(2**0.5, rel=0.06)


def test_groups_of_one_example_are_the_plain_bootstrap() -> None:
    targets, predicted = examples(300, 3)
    grouped = grouped_confusion(targets, predicted, 3, groups=np.arange(300))
    plain = bootstrap(balanced_accuracy, confusion(targets, predicted, 3), resamples=6000)
    clustered = cluster_bootstrap(balanced_accuracy, grouped, resamples=6000)
    assert width(clustered) == pytest.approx(width(plain), rel=0.06)


def test_only_the_cluster_bootstrap_covers_when_examples_depend() -> None:
    """60 groups of 5 examples that are all right or all wrong, right with chance 0.7."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 5)
    targets = np.zeros(300, dtype=np.int64)
    covered = {"examples": 0, "groups": 0}
    for _ in range(200):
        predicted = np.repeat((rng.random(60) > 0.7).astype(np.int64), 5)
        grouped = grouped_confusion(targets, predicted, 2, groups=groups)
        clustered = cluster_bootstrap(accuracy, grouped, resamples=200)
        plain = bootstrap(accuracy, confusion(targets, predicted, 2), resamples=200)
        covered["groups"] += clustered.low <= 0.7 <= clustered.high
        covered["examples"] += plain.low <= 0.7 <= plain.high
    assert 0.89 < covered["groups"] / 200 < 0.99
    assert covered["examples"] / 200 < 0.75


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    """Balanced accuracy of three unbalanced classes with the recalls 0.9, 0.7 and 0.5."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        targets = rng.choice(3, p=[0.6, 0.25, 0.15], size=300)
        right = rng.random(300) < np.array([0.9, 0.7, 0.5])[targets]
        got = interval("balanced_accuracy", targets, np.where(right, targets, (targets + 1) % 3), 3)
        covered += got.low <= 0.7 <= got.high
    assert 0.92 < covered / 400 < 0.98


@pytest.mark.parametrize("name", VALUE)
@pytest.mark.parametrize("keys", [None, np.arange(200) // 2])
def test_the_same_input_gives_the_same_interval_around_the_value(
    name: str, keys: Integers | None
) -> None:
    targets, predicted = examples(200, 3)
    first = interval(name, targets, predicted, 3, groups=keys)
    assert first == interval(name, targets, predicted, 3, groups=keys)
    assert first.low < float(VALUE[name](confusion(targets, predicted, 3))) < first.high
    shuffled = np.random.default_rng(0).permutation(200)
    keys = None if keys is None else keys[shuffled]
    assert first == interval(name, targets[shuffled], predicted[shuffled], 3, groups=keys)


def test_another_seed_gives_another_interval() -> None:
    counts = confusion(*examples(200, 3), 3)
    assert bootstrap(balanced_accuracy, counts) != bootstrap(balanced_accuracy, counts, seed=1)


def test_portions_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    targets, predicted = examples(200, 3)
    keys = np.arange(200) // 4
    before = [interval("f1_macro", targets, predicted, 3, groups=g) for g in (None, keys)]
    monkeypatch.setattr(intervals, "_CELLS_AT_ONCE", 9 * 7)
    assert before == [interval("f1_macro", targets, predicted, 3, groups=g) for g in (None, keys)]


@pytest.mark.parametrize(
    ("name", "keys", "method"),
    [
        ("accuracy", None, "Wilson score"),
        ("f1_micro", None, "Wilson score"),
        ("balanced_accuracy", None, "bootstrap over examples, 2000 resamples"),
        ("f1_macro", None, "bootstrap over examples, 2000 resamples"),
        ("accuracy", ["a", "b", "b"], "cluster bootstrap over groups, 2000 resamples"),
        ("f1_macro", [7, 7, -8], "cluster bootstrap over groups, 2000 resamples"),
    ],
)
def test_the_method_suits_the_metric_and_the_groups(name: str, keys: Any, method: str) -> None:
    assert interval(name, [0, 1, 1], [0, 1, 0], 2, groups=keys).method == method


def test_the_wilson_interval_is_that_of_the_hits() -> None:
    assert interval("accuracy", [0, 1, 1, 2], [0, 1, 0, 2], 3) == wilson(3, 4)


def test_without_errors_only_wilson_admits_doubt() -> None:
    labels = np.arange(30) % 3
    assert interval("accuracy", labels, labels, 3).low < 0.9
    assert interval("f1_macro", labels, labels, 3).low == 1.0


def test_a_string_column_of_objects_is_a_key() -> None:
    keys = np.array(["a", "b", "b"], dtype=object)
    grouped = grouped_confusion([0, 1, 1], [0, 1, 1], 2, groups=keys)
    assert grouped.size == 2
    assert grouped.counts.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("keys", "offence"),
    [
        (["a", "b"], "expected one key an example"),
        ([["a"], ["b"], ["c"]], "expected one key an example"),
        ([0.5, 1.0, 1.0], "expected integers or strings, none missing; got float64"),
        (["a", None, "b"], "none missing; got object"),
        ([1, float("nan"), 2], "none missing; got float64"),
        (["a", "a", "a"], "at least two groups"),
    ],
)
def test_unusable_groups_are_refused(keys: Any, offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        interval("accuracy", [0, 1, 1], [0, 1, 0], 2, groups=keys)


@pytest.mark.parametrize("keys", [None, [0, 1]])
def test_bad_examples_are_refused_with_and_without_groups(keys: Any) -> None:
    with pytest.raises(ValueError, match="predicted: class index 5 is outside"):
        interval("f1_macro", [0, 1], [0, 5], 2, groups=keys)
    with pytest.raises(ValueError, match="empty"):
        interval("f1_macro", [], [], 2, groups=keys)


@pytest.mark.parametrize(
    ("counts", "offence"),
    [
        (np.zeros((2, 2), dtype=np.int64), "holds no example"),
        (np.ones((4, 2, 2), dtype=np.int64), "expected one confusion matrix"),
        (np.full((2, 2), 0.5), "expected integer counts"),
    ],
)
def test_the_bootstrap_refuses_what_is_not_one_matrix(counts: Counts, offence: str) -> None:
    with pytest.raises(ValueError, match=offence):
        bootstrap(accuracy, counts)


@pytest.mark.parametrize("value", VALUE.values())
def test_too_few_resamples_for_the_level_are_refused(value: Value) -> None:
    counts = confusion([0, 1, 1], [0, 1, 0], 2)
    with pytest.raises(ValueError, match="use at least 40"):
        bootstrap(value, counts, resamples=39)
    assert bootstrap(value, counts, resamples=40).method.endswith("40 resamples")


def test_an_unknown_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CardError, match="did you mean 'accuracy'"):
        interval("acuracy", [0], [0], 1)


def test_many_groups_of_many_classes_fit_in_memory() -> None:
    targets, predicted = examples(40_000, 100)
    groups = np.random.default_rng(0).integers(20_000, size=40_000)
    tracemalloc.start()
    try:
        grouped = grouped_confusion(targets, predicted, 100, groups=groups)
        cluster_bootstrap(balanced_accuracy, grouped)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 100e6


def test_a_flawless_score_over_groups_is_as_sure_as_its_groups_are_many() -> None:
    targets = np.arange(60) % 3
    groups = np.repeat(np.arange(20), 3)
    found = interval("accuracy", targets, targets, 3, groups)
    theirs = wilson(20, 20)
    assert (found.low, found.high) == (theirs.low, theirs.high)
    assert found.low < 0.9
    assert found.method == "Wilson score over groups"
    almost = targets.copy()
    almost[0] = (almost[0] + 1) % 3
    assert "cluster bootstrap" in interval("accuracy", targets, almost, 3, groups).method
