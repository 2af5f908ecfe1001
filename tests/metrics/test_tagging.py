"""Entities and their scores against seqeval, on random tags that need not be valid."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import metrics as reference
from seqeval.metrics.sequence_labeling import get_entities

from mmbench.errors import CardError
from mmbench.metrics.resampling import scored, values
from mmbench.metrics.tagging import MEASURES, Entity, entities, measures, type_report

NAMES = tuple(MEASURES)
Sentences = list[list[str]]
BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
BIOES = [*BIO, "E-PER", "S-PER", "E-LOC", "S-LOC", "B", "I"]


@st.composite
def cases(draw: st.DrawFn, tags: Sequence[str]) -> tuple[Sentences, Sentences]:
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    sides = []
    for _ in range(2):
        tag = st.sampled_from(tags)
        sides.append([draw(st.lists(tag, min_size=n, max_size=n)) for n in lengths])
    return sides[0], sides[1]


def quietly(function: Any, *given: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no entity on one side, which is what we test
        return function(*given, **options)


@pytest.mark.parametrize("tags", [BIO, BIOES], ids=["BIO", "BIOES"])
def test_entities_equal_those_of_seqeval(tags: list[str]) -> None:
    @settings(max_examples=100, deadline=None, database=None)
    @given(st.lists(st.sampled_from(tags), min_size=1, max_size=12))
    def check(sentence: list[str]) -> None:
        got = [(found.type, found.start, found.end - 1) for found in entities(sentence)]
        assert got == get_entities(sentence)

    check()


@pytest.mark.parametrize("tags", [BIO, BIOES], ids=["BIO", "BIOES"])
def test_values_equal_seqeval(tags: list[str]) -> None:
    @settings(max_examples=100, deadline=None, database=None)
    @given(cases(tags))
    def check(case: tuple[Sentences, Sentences]) -> None:
        targets, predicted = case
        got = values(measures(NAMES, targets, predicted))
        for name, function in (
            ("entity_f1", reference.f1_score),
            ("entity_precision", reference.precision_score),
            ("entity_recall", reference.recall_score),
            ("token_accuracy", reference.accuracy_score),
        ):
            assert got[name] == pytest.approx(quietly(function, targets, predicted)), name

    check()


@settings(max_examples=60, deadline=None, database=None)
@given(cases(BIO))
def test_the_report_of_types_equals_seqeval(case: tuple[Sentences, Sentences]) -> None:
    targets, predicted = case
    report = type_report(targets, predicted)
    if not report:
        return
    expected = quietly(
        reference.classification_report, targets, predicted, output_dict=True, zero_division=0
    )
    assert [*report] == [name for name in expected if not name.endswith("avg")]
    for name, row in report.items():
        assert (row.precision, row.recall, row.f1, row.support) == pytest.approx(
            (
                expected[name]["precision"],
                expected[name]["recall"],
                expected[name]["f1-score"],
                expected[name]["support"],
            )
        )


def test_an_inner_tag_of_another_type_begins_an_entity() -> None:
    assert entities(["O", "I-PER", "I-LOC", "B-LOC", "I-LOC"]) == [
        Entity(1, 2, "PER"),
        Entity(2, 3, "LOC"),
        Entity(3, 5, "LOC"),
    ]


def test_no_entity_reaches_from_one_sentence_into_the_next() -> None:
    targets = [["B-PER"], ["I-PER"]]
    assert values(measures(["entity_recall"], targets, targets)) == {"entity_recall": 1.0}
    assert type_report(targets, targets)["PER"].support == 2


def test_the_interval_resamples_whole_sentences() -> None:
    """One sentence of a hundred has all the entities, so about a third of the draws has none."""
    targets = [["B-PER", "O"] * 50, *[["O"]] * 99]
    predicted = [["B-PER", "O"] * 50, *[["O"]] * 99]
    span = scored(measures(["entity_f1"], targets, predicted))["entity_f1"].interval
    assert span is not None
    assert (span.low, span.high) == (0.0, 1.0)


def test_a_tag_that_is_none_is_refused() -> None:
    for tag in ("PER", "X-PER", "", "o", "-PER"):
        with pytest.raises(ValueError, match="is no tag; expected 'O' or a type after B-"):
            measures(["entity_f1"], [[tag]], [["O"]])


def test_unequal_lengths_are_refused_with_the_sentence() -> None:
    with pytest.raises(ValueError, match="2 tagged sentences but 1 predictions"):
        measures(NAMES, [["O"], ["O"]], [["O"]])
    with pytest.raises(ValueError, match="sentence 1: 2 tags but 1 predictions"):
        measures(NAMES, [["O"], ["O", "O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="0 tagged sentences"):
        measures(NAMES, [], [])


def test_sentences_without_a_word_have_no_accuracy() -> None:
    found = values(measures(NAMES, [[], []], [[], []]))
    assert found["token_accuracy"] is None
    assert found["entity_f1"] == 0.0


def test_types_are_as_they_are_named() -> None:
    assert np.all([found.type == "GPE-x" for found in entities(["B-GPE-x", "O", "S-GPE-x"])])


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'cer' is a metric of transcription"):
        measures(["cer"], [["O"]], [["O"]])
