"""The table of metrics: complete, closed, and helpful when a name is wrong."""

import dataclasses
import math

import pytest

from mmbench.errors import CardError
from mmbench.kinds import KINDS
from mmbench.metrics import (
    binary,
    classification,
    generation,
    multilabel,
    multitask,
    regression,
    retrieval,
    tagging,
    transcription,
)
from mmbench.metrics.table import METRICS, metric, metric_of

FUNCTIONS = {
    "classification": {*classification.VALUE, "roc_auc"},
    "multilabel": multilabel.MEASURES,
    "sentence_pair": binary.MEASURES,
    "regression": regression.MEASURES,
    "tagging": tagging.MEASURES,
    "retrieval": retrieval.VALUE,
    "multitask": multitask.MEASURES,
    "transcription": transcription.MEASURES,
    "captioning": set(generation.MEASURES) - {"answer_accuracy"},
    "question_answering": {"answer_accuracy"},
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_every_metric_of_a_kind_has_a_function_and_every_function_a_row(kind: str) -> None:
    assert {name for name, row in METRICS.items() if kind in row.kinds} == set(FUNCTIONS[kind])


def test_no_metric_belongs_to_a_kind_without_functions() -> None:
    assert {kind for row in METRICS.values() for kind in row.kinds} == set(FUNCTIONS)


def test_a_row_is_found_by_its_own_name() -> None:
    for name, row in METRICS.items():
        assert row.name == name
        assert metric(name) is row


def test_rows_say_range_direction_and_source() -> None:
    for row in METRICS.values():
        low, high = row.range
        assert low < high
        assert row.reference


def test_ranks_and_errors_are_better_low_and_all_else_is_better_high() -> None:
    for row in METRICS.values():
        low = row.unit in ("rank", "target") or row.name in ("cer", "wer")
        assert row.higher_is_better == (not low)
        assert (row.range[1] == math.inf) == low


def test_shares_and_error_rates_are_printed_in_percent_and_nothing_else_is() -> None:
    others = {"mae", "rmse", "pearson", "spearman", "cider", "i2t_median_rank", "t2i_median_rank"}
    assert {name for name, row in METRICS.items() if not row.is_share} == others


def test_rows_and_task_kinds_name_each_other() -> None:
    for kind in KINDS.values():
        assert set(kind.metrics) == {row.name for row in METRICS.values() if kind.name in row.kinds}


def test_a_misspelt_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CardError, match=r"no metric 'acuracy'; did you mean 'accuracy'"):
        metric("acuracy")


def test_an_unknown_metric_is_refused_with_all_names() -> None:
    with pytest.raises(CardError, match="f1_macro"):
        metric("zzz")


def test_a_metric_of_another_kind_is_refused_with_those_that_are_legal() -> None:
    assert metric_of("retrieval", "mean_recall") is metric("mean_recall")
    with pytest.raises(
        CardError, match=r"'accuracy' is a metric of classification and sentence_pair, not"
    ):
        metric_of("retrieval", "accuracy")
    with pytest.raises(CardError, match=r"not of classification \(it has accuracy, balanced_acc"):
        metric_of("classification", "mean_recall")
    with pytest.raises(CardError, match="did you mean 'mean_recall'"):
        metric_of("retrieval", "mean_recal")


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        METRICS["mine"] = metric("accuracy")  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric("accuracy").name = "mine"  # type: ignore[misc]
