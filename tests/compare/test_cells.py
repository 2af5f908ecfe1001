"""Cells: what is averaged, what is kept apart, and how wide the interval of several seeds is."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mmbench.compare.cells import by_basis, cells
from mmbench.compare.seeds import over_seeds
from mmbench.fingerprint import Fingerprint
from mmbench.records import Measurement, Record

MakeRecord = Callable[..., Record]


def test_seeds_of_one_cell_are_averaged_in_seed_order(make_record: MakeRecord) -> None:
    values = {2: 0.9, 0: 0.8, 1: 0.7}
    found = cells([make_record(seed=s, test=(v, v - 0.1, v + 0.05)) for s, v in values.items()])
    assert [cell.seeds for cell in found] == [(0, 1, 2)]
    outcome = found[0].outcome("test", "accuracy")
    assert outcome is not None
    assert outcome.value == pytest.approx(0.8)
    assert outcome.values == (0.8, 0.7, 0.9)
    assert outcome.count == 200


def test_one_seed_keeps_its_own_interval(make_record: MakeRecord) -> None:
    outcome = cells([make_record(test=(0.8, 0.71, 0.86))])[0].outcome("test", "accuracy")
    assert outcome is not None
    assert (outcome.low, outcome.high) == (0.71, 0.86)


def test_several_seeds_get_an_interval_over_seeds_and_examples(make_record: MakeRecord) -> None:
    intervals = [(0.80, 0.74, 0.85), (0.82, 0.76, 0.87), (0.70, 0.63, 0.76)]
    records = [make_record(seed=s, test=reached) for s, reached in enumerate(intervals)]
    outcome = cells(records)[0].outcome("test", "accuracy")
    assert outcome is not None
    low, high = over_seeds(*zip(*intervals, strict=True), examples=200)
    assert outcome.low == pytest.approx(float(low))
    assert outcome.high == pytest.approx(float(high))


def test_an_interval_ends_where_the_metric_does(make_record: MakeRecord) -> None:
    intervals = [(0.98, 0.95, 1.0), (0.90, 0.85, 0.95), (0.99, 0.96, 1.0)]
    records = [make_record(seed=s, test=reached) for s, reached in enumerate(intervals)]
    outcome = cells(records)[0].outcome("test", "accuracy")
    assert outcome is not None
    assert outcome.high == 1.0


def test_a_seed_without_an_interval_leaves_the_cell_without_one(make_record: MakeRecord) -> None:
    records = [make_record(seed=0), make_record(seed=1, test=(0.8, None, None))]
    outcome = cells(records)[0].outcome("test", "accuracy")
    assert outcome is not None
    assert (outcome.low, outcome.high) == (None, None)


def test_a_seed_without_a_value_leaves_the_cell_without_one(make_record: MakeRecord) -> None:
    found = cells([make_record(seed=0), make_record(seed=1, test=None)])
    assert found[0].outcome("test", "accuracy") is None


def test_a_repeat_is_not_a_second_seed(make_record: MakeRecord) -> None:
    early = make_record(test=(0.6, 0.5, 0.7), started_at="2026-11-01T10:00:00+00:00")
    late = make_record(test=(0.8, 0.7, 0.9), started_at="2026-11-02T10:00:00+00:00")
    for order in ([early, late], [late, early]):
        (cell,) = cells(order)
        assert cell.records == (late,)


@pytest.mark.parametrize(
    "change",
    [
        {"threads": 4},
        {"device": "cuda"},
        {"libraries": {"torch": "2.12.0"}},
    ],
)
def test_another_fingerprint_is_another_cell_and_another_setup(
    make_record: MakeRecord, fingerprint: Fingerprint, change: dict[str, object]
) -> None:
    elsewhere = replace(fingerprint, **change)  # type: ignore[arg-type]
    found = cells([make_record(seed=0), make_record(seed=1, fingerprint=elsewhere)])
    assert [cell.seeds for cell in found] == [(0,), (1,)]
    assert found[0].setup != found[1].setup


def test_our_code_version_alone_parts_nothing(
    make_record: MakeRecord, fingerprint: Fingerprint
) -> None:
    newer = replace(fingerprint, code="0.2.0")
    (cell,) = cells([make_record(seed=0), make_record(seed=1, fingerprint=newer)])
    assert cell.seeds == (0, 1)


def test_precision_belongs_to_the_recipe_and_not_to_the_setup(
    make_record: MakeRecord, fingerprint: Fingerprint
) -> None:
    half = replace(fingerprint, precision="bf16")
    found = cells([make_record("a"), make_record("b", fingerprint=half)])
    assert len({cell.setup for cell in found}) == 1


def test_other_data_or_another_limit_is_another_basis(make_record: MakeRecord) -> None:
    records = [make_record("a"), make_record("b"), make_record("a", limit=100)]
    records.append(make_record("a", data="d2"))
    groups = by_basis(cells(records))
    assert sorted(len(group) for group in groups.values()) == [1, 1, 2]


def test_a_seed_that_failed_is_remembered_by_its_cell(make_record: MakeRecord) -> None:
    records = [make_record(seed=0), make_record(seed=1, status="failed", data="unresolved")]
    assert cells(records)[0].unfinished == (1,)


def test_a_seed_that_failed_and_was_run_again_is_not_held_against_it(
    make_record: MakeRecord,
) -> None:
    failed = make_record(seed=0, status="failed", started_at="2026-11-01T09:00:00+00:00")
    assert cells([failed, make_record(seed=0)])[0].unfinished == ()


def test_refused_and_failed_trials_alone_make_no_cell(make_record: MakeRecord) -> None:
    assert cells([make_record(status="failed"), make_record("b", status="refused")]) == []


def test_a_zero_shot_cell_is_judged_by_its_only_score(make_record: MakeRecord) -> None:
    (cell,) = cells([make_record(strategy="zero_shot", test=(0.61, 0.55, 0.67))])
    outcome = cell.outcome("test", "accuracy")
    assert outcome is not None
    assert outcome.value == 0.61


def test_measurements_are_averaged_with_the_envelope_of_their_intervals(
    make_record: MakeRecord,
) -> None:
    def timed(seed: int, value: float) -> Record:
        rate = Measurement(
            name="train_samples_per_second",
            unit="samples/s",
            value=value,
            low=value - 1,
            high=value + 2,
        )
        return make_record(seed=seed, measurements=(rate,))

    (cell,) = cells([timed(0, 50.0), timed(1, 54.0)])
    found = cell.measured("train_samples_per_second")
    assert found is not None
    assert (found.value, found.low, found.high) == (52.0, 49.0, 56.0)
    assert cell.measured("peak_rss_bytes") is None
