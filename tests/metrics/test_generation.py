"""Generated texts: which metric of which kind, in which language, after which steps."""

import pytest

from mmbench.errors import CardError
from mmbench.metrics.generation import MEASURES, measures
from mmbench.metrics.overlap import bleu
from mmbench.metrics.resampling import scored, values

CAPTIONS = ("cider", "chrf", "bleu", "exact_match")


def test_every_metric_of_captions_is_one_call() -> None:
    text = "a red cat sits on mats"
    found = values(measures("captioning", CAPTIONS, [text, "blue dog"], [text, "blue cat"]))
    assert set(found) == set(CAPTIONS) == set(MEASURES) - {"answer_accuracy"}
    assert found["exact_match"] == 0.5


def test_any_of_several_references_is_a_match() -> None:
    known = [("grinning face", "big smile"), ("cat",)]
    found = measures("question_answering", ["answer_accuracy"], known, ["big smile", "dog"])
    assert values(found) == {"answer_accuracy": 0.5}


def test_steps_are_done_to_both_sides() -> None:
    def accuracy(*steps: str) -> float | None:
        found = measures("question_answering", ["answer_accuracy"], ["Ｙes."], ["yes"], steps=steps)
        return values(found)["answer_accuracy"]

    assert accuracy() == 0.0
    assert accuracy("nfkc", "lower", "punctuation") == 1.0


def test_the_languages_of_the_task_choose_the_tokens_of_bleu() -> None:
    known, found = ["猫坐在垫子上"], ["猫坐在椅子上"]
    for languages, chinese in ((("zh",), True), (("en", "zh"), True), (("en",), False)):
        got = values(measures("captioning", ["bleu"], known, found, languages=languages))
        assert got["bleu"] == bleu([known], found, chinese=chinese).once()


def test_an_exact_match_has_the_interval_of_a_share() -> None:
    found = scored(measures("captioning", ["exact_match"], ["a"] * 9, ["a"] * 9))["exact_match"]
    assert found.interval is not None
    assert found.interval.method == "Wilson score"
    assert found.interval.low < 1.0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="1 references but 0 generated texts"):
        measures("captioning", CAPTIONS, ["a"], [])
    with pytest.raises(ValueError, match="0 references but 0"):
        measures("captioning", CAPTIONS, [], [])
    with pytest.raises(ValueError, match="example 1 has no reference"):
        measures("captioning", CAPTIONS, ["a", ()], ["a", "b"])


def test_a_metric_of_another_kind_is_refused() -> None:
    with pytest.raises(CardError, match="'bleu' is a metric of captioning, not of question"):
        measures("question_answering", ["bleu"], ["a"], ["a"])
