"""The table of metrics: complete, closed, and helpful when a name is wrong."""

import dataclasses

import pytest

from mmbench.errors import CardError
from mmbench.kinds import KINDS
from mmbench.metrics.classification import VALUE
from mmbench.metrics.table import METRICS, metric


def test_every_metric_has_a_function_and_every_function_a_row() -> None:
    assert set(METRICS) == set(VALUE)


def test_a_row_is_found_by_its_own_name() -> None:
    for name, row in METRICS.items():
        assert row.name == name
        assert metric(name) is row


def test_rows_say_range_direction_and_source() -> None:
    for row in METRICS.values():
        low, high = row.range
        assert low < high
        assert row.higher_is_better
        assert row.reference


def test_rows_and_task_kinds_name_each_other() -> None:
    for kind in KINDS.values():
        assert set(kind.metrics) == {row.name for row in METRICS.values() if kind.name in row.kinds}


def test_a_misspelt_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CardError, match=r"no metric 'acuracy'; did you mean 'accuracy'"):
        metric("acuracy")


def test_an_unknown_metric_is_refused_with_all_names() -> None:
    with pytest.raises(CardError, match="f1_macro"):
        metric("zzz")


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        METRICS["mine"] = metric("accuracy")  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric("accuracy").name = "mine"  # type: ignore[misc]
