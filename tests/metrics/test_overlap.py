"""BLEU and chrF of a corpus against sacrebleu, with one reference and with several."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from mmbench.metrics.overlap import bleu, chrf
from mmbench.metrics.resampling import Sums

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "3.5%",
    "don't",
    "red-hot,",
    "猫",
    "坐在",
    "垫子上。",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
Case = tuple[list[list[str]], list[str]]

OURS: dict[str, Callable[[Sequence[Sequence[str]], Sequence[str]], Sums]] = {
    "13a": lambda known, found: bleu(known, found, chinese=False),
    "zh": lambda known, found: bleu(known, found, chinese=True),
    "chrf": chrf,
}
THEIRS: dict[str, Callable[[], Any]] = {
    "13a": lambda: BLEU(tokenize="13a"),
    "zh": lambda: BLEU(tokenize="zh"),
    "chrf": CHRF,
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """As many references for each text; sacrebleu wants one at least to hold something."""
    count, references = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    known = [[draw(TEXTS) + "cat" for _ in range(references)] for _ in range(count)]
    return known, [draw(TEXTS) for _ in range(count)]


def expected(name: str, known: list[list[str]], found: list[str]) -> float:
    columns = [list(column) for column in zip(*known, strict=True)]
    return float(THEIRS[name]().corpus_score(found, columns).score) / 100


@pytest.mark.parametrize("name", OURS)
def test_values_equal_sacrebleu(name: str) -> None:
    @settings(max_examples=100, deadline=None, database=None)
    @given(cases())
    def check(case: Case) -> None:
        known, found = case
        assert OURS[name](known, found).once() == pytest.approx(
            expected(name, known, found), abs=1e-12
        )

    check()


@pytest.mark.parametrize("name", OURS)
def test_a_resample_is_the_corpus_of_the_texts_that_were_drawn(name: str) -> None:
    rng = np.random.default_rng(0)
    known = [[" ".join(rng.choice(WORDS, size=8))] for _ in range(30)]
    found = [
        text if row % 3 else " ".join(rng.choice(WORDS, size=7)) for row, [text] in enumerate(known)
    ]
    measure = OURS[name](known, found)
    for _ in range(10):
        drawn = rng.integers(30, size=30)
        sums = measure.statistics[drawn].sum(axis=0)
        again = expected(name, [known[row] for row in drawn], [found[row] for row in drawn])
        assert float(measure.value(sums)) == pytest.approx(again, abs=1e-12)


@pytest.mark.parametrize("name", OURS)
def test_equal_texts_are_one_and_empty_ones_zero(name: str) -> None:
    text = "the cat sat on a mat"
    assert OURS[name]([[text]], [text]).once() == pytest.approx(1.0)
    assert OURS[name]([[text]], [""]).once() == 0.0


def test_chinese_tokens_are_characters() -> None:
    known, found = [["猫坐在垫子上"]], ["猫坐在椅子上"]
    assert bleu(known, found, chinese=False).once() == 0.0
    assert bleu(known, found, chinese=True).once() > 0.3
