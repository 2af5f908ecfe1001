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
