"""Error rates against jiwer, on random texts of both languages."""

import jiwer
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mmbench.errors import CardError
from mmbench.metrics.resampling import Scored, scored, values
from mmbench.metrics.transcription import MEASURES, measures

NAMES = tuple(MEASURES)
TEXTS = st.text(alphabet="ab 三五", max_size=12)
CASES = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None, database=None)
@given(CASES)
def test_values_equal_jiwer(case: list[tuple[str, str]]) -> None:
    references, hypotheses = ([pair[side] for pair in case] for side in (0, 1))
    assume(any(text.strip() for text in references))
    got = values(measures(NAMES, references, hypotheses))
    assert got["cer"] == pytest.approx(jiwer.cer(references, hypotheses))
    assert got["wer"] == pytest.approx(jiwer.wer(references, hypotheses))


def test_errors_of_all_utterances_are_added_before_they_are_divided() -> None:
    got = values(measures(NAMES, ["a", "a b c d"], ["b", "a b c d"]))
    assert got["wer"] == pytest.approx(1 / 5)
    assert got["cer"] == pytest.approx(1 / 8)


def test_an_error_rate_may_pass_one() -> None:
    assert values(measures(["wer"], ["a"], ["b c d"])) == {"wer": 3.0}


def test_a_line_break_parts_words_where_jiwer_keeps_them() -> None:
    assert values(measures(["wer"], ["a b"], ["a\nb"])) == {"wer": 0.0}
    assert jiwer.wer("a b", "a\nb") == 1.0


def test_steps_are_done_to_both_sides() -> None:
    steps = ("nfkc", "lower", "punctuation", "spaces")
    assert values(measures(NAMES, ["三，五"], ["三 五。"], steps=steps)) == {"cer": 0.0, "wer": 0.0}
    assert values(measures(NAMES, ["Ａ-b"], ["a B!"], steps=steps)) == {"cer": 0.0, "wer": 0.0}


def test_without_a_word_in_any_reference_there_is_no_rate_and_a_note_says_so() -> None:
    found = scored(measures(["wer"], ["", " "], ["a", ""]))
    assert found["wer"] == Scored(value=None, note="not defined: all references are empty")


def test_resamples_without_a_reference_are_left_out_and_the_method_counts_the_others() -> None:
    """Both draws are the empty reference in a quarter of the resamples."""
    span = scored(measures(["cer"], ["", "ab"], ["", "ac"]))["cer"].interval
    assert span is not None
    assert (span.low, span.high) == (0.5, 0.5)
    stand = int(span.method.split(", ")[1].split()[0])
    assert stand == pytest.approx(1500, abs=100)


def test_no_text_and_unequal_numbers_are_refused() -> None:
    nothing: list[str] = []
    for references, hypotheses in ((nothing, nothing), (["a"], nothing)):
        with pytest.raises(ValueError, match="references but 0 hypotheses; one each is needed"):
            measures(NAMES, references, hypotheses)


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'bleu' is a metric of captioning"):
        measures(["bleu"], ["a"], ["a"])
