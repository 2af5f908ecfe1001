"""CIDEr-D against the formulas of the paper, written with dense vectors and nothing of ours."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmbench.metrics.cider import cider, tokens
from mmbench.metrics.resampling import scored

TEXTS = st.lists(st.sampled_from(["red", "cat", "on", "mat", "the"]), max_size=8).map(" ".join)
Case = tuple[list[list[str]], list[str]]
Floats = NDArray[np.float64]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    known = draw(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=6))
    return known, [draw(TEXTS) for _ in known]


def by_the_paper(known: list[list[str]], found: list[str]) -> float:
    """arXiv:1411.5726, section 4, but with counts in place of shares, as in the authors' code:

    CIDEr-Dₙ(c, S) = 10/m Σⱼ exp(-(l(c) - l(sⱼ))² / 2σ²) · min(gⁿ(c), gⁿ(sⱼ)) · gⁿ(sⱼ) /
    (‖gⁿ(c)‖ ‖gⁿ(sⱼ)‖), gⁿₖ(s) = hₖ(s) log(|I| / Σ_p min(1, Σ_q hₖ(s_pq))); CIDEr-D is the mean
    over n of 1 to 4.
    """

    def grams(text: str, n: int) -> list[str]:
        words = text.split()
        return ["_".join(words[i : i + n]) for i in range(len(words) - n + 1)]

    scores = []
    for candidate, references in zip(found, known, strict=True):
        total = 0.0
        for n in (1, 2, 3, 4):
            texts = [candidate, *(t for some in known for t in some)]
            vocabulary = sorted({g for text in texts for g in grams(text, n)})
            images = [{g for text in some for g in grams(text, n)} for some in known]
            rarity = np.array(
                [math.log(len(known) / max(1, sum(g in i for i in images))) for g in vocabulary]
            )

            def vector(
                text: str, n: int = n, words: list[str] = vocabulary, rare: Floats = rarity
            ) -> Floats:
                counts: Floats = np.array([grams(text, n).count(g) for g in words], dtype=float)
                return counts * rare

            for reference in references:
                c, s = vector(candidate), vector(reference)
                norm = np.linalg.norm(c) * np.linalg.norm(s)
                gap = len(candidate.split()) - len(reference.split())
                if norm:
                    cosine = float(np.minimum(c, s) @ s / norm)
                    total += 10 / len(references) / 4 * cosine * math.exp(-(gap**2) / 72)
        scores.append(total)
    return float(np.mean(scores))


@settings(max_examples=60, deadline=None, database=None)
@given(cases())
def test_values_equal_the_formulas(case: Case) -> None:
    assert cider(*case).once() == pytest.approx(by_the_paper(*case), abs=1e-9)


def test_a_perfect_long_caption_is_ten_and_one_of_two_words_is_five() -> None:
    long, short = "a red cat sits on mats", "blue dog"
    assert cider([[long], [short]], [long, short]).once() == pytest.approx((10 + 5) / 2)


def test_saying_a_word_more_often_does_not_help() -> None:
    known = [["red cat"], ["blue dog"]]
    assert cider(known, ["red red red", ""]).once() < cider(known, ["red", ""]).once()


def test_a_single_example_has_nothing_particular() -> None:
    assert cider([["red cat"]], ["red cat"]).once() == 0.0


def test_document_frequencies_stay_when_examples_are_resampled() -> None:
    known = [["red cat"], ["blue dog"], ["red dog"]]
    each = cider(known, ["red cat", "blue cat", ""]).statistics[:, 0]
    span = scored({"cider": cider(known, ["red cat", "blue cat", ""])})["cider"].interval
    assert span is not None
    assert 10 * each.min() <= span.low <= span.high <= 10 * each.max()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A red-hot Cat, isn't it?", ["a", "red", "hot", "cat", "isn't", "it"]),
        ("戴着3D眼镜的猫。", ["戴", "着", "3d", "眼", "镜", "的", "猫"]),
        ("naïve café_au", ["naïve", "café", "au"]),
        (" ，。", []),
    ],
)
def test_tokens_are_chinese_characters_and_other_words(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected
