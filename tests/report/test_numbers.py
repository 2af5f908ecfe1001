"""How numbers look."""

import pytest

from mmbench.compare.cells import Estimate
from mmbench.report import numbers


def estimate(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    return Estimate(value=value, low=low, high=high, values=(value,))


def test_a_fraction_is_printed_in_percent_with_its_interval() -> None:
    text = numbers.score_with_interval(estimate(0.8734, 0.851, 1.0), "accuracy")
    assert text.replace(numbers.NO_BREAK, " ") == "87.3 [85.1, 100.0]"
    assert numbers.score_with_unit(0.8734, "accuracy") == "87.3%"


def test_a_score_without_an_interval_has_no_brackets() -> None:
    assert numbers.score_with_interval(estimate(0.5), "accuracy") == "50.0"
    assert numbers.score_with_interval(None, "accuracy") == numbers.MISSING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4249, "0.42"), (8.311, "8.31"), (9.996, "10.0"), (83.11, "83.1"),
        (99.96, "100"), (831.4, "831"), (83114.2, "83,114"), (0.0, "0.00"), (None, "–"),
    ],
)  # fmt: skip
def test_amounts_keep_three_digits(value: float | None, text: str) -> None:
    assert numbers.amount(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (2.5, "2.5"), (1200.5, "1,200.5"), (17.04, "17"), (None, "–")]
)
def test_a_median_rank_is_a_whole_number_or_a_half(value: float | None, text: str) -> None:
    assert numbers.score(value, "i2t_median_rank") == text


def test_a_median_rank_carries_its_unit_in_a_sentence_and_its_interval_in_a_table() -> None:
    text = numbers.score_with_interval(estimate(12.5, 9.0, 1017.0), "t2i_median_rank")
    assert text.replace(numbers.NO_BREAK, " ") == "12.5 [9, 1,017]"
    told = numbers.score_with_unit(12.5, "t2i_median_rank")
    assert told.replace(numbers.NO_BREAK, " ") == "rank 12.5"


def test_a_recall_is_printed_as_an_accuracy_is() -> None:
    assert numbers.score_with_unit(0.384, "i2t_recall@1") == "38.4%"
    assert numbers.score(0.68, "mean_recall") == "68.0"


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (0.1234, "accuracy", "+12.3"), (-0.22, "mean_recall", "−22.0"),
        (0.0001, "accuracy", "0.0"), (-0.0001, "accuracy", "0.0"), (0.0, "accuracy", "0.0"),
        (-3.5, "i2t_median_rank", "−3.5"), (10.0, "i2t_median_rank", "+10"),
        (0.01, "i2t_median_rank", "0"),
    ],
)  # fmt: skip
def test_a_difference_has_a_sign_unless_it_prints_as_nothing(
    value: float, name: str, text: str
) -> None:
    assert numbers.difference(value, name) == text


@pytest.mark.parametrize(
    ("value", "text"), [(5.5, "5.500"), (0.0005, "0.001"), (2.4e-5, "2.4e-05"), (0.0, "0.000")]
)
def test_a_loss_keeps_its_size(value: float, text: str) -> None:
    assert numbers.loss(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.0001, "< 0.1%"), (0.0321, "3.2%"), (1.0, "100.0%"), (None, "–")],
)
def test_shares_that_are_there_are_never_printed_as_zero(share: float | None, text: str) -> None:
    assert numbers.percent(share) == text


def test_sizes_and_counts_carry_their_unit() -> None:
    found = [numbers.size(512 * 2**20), numbers.size(1.25 * 2**30), numbers.many(22_713_216)]
    assert [text.replace(numbers.NO_BREAK, " ") for text in found] == [
        "512 MiB",
        "1.25 GiB",
        "22.7 M",
    ]
    assert numbers.many(770) == "770"
    assert numbers.size(None) == numbers.MISSING


def test_learning_rates_have_their_shortest_spelling() -> None:
    assert [numbers.rate(value) for value in (2e-5, 0.003)] == ["2e-05", "0.003"]
