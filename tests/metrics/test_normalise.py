"""What each step does to a text, in the order that it states."""

import pytest

from mmbench.metrics.normalise import STEPS, normalise

ALL = tuple(STEPS)


@pytest.mark.parametrize(
    ("steps", "text", "expected"),
    [
        ((), "  Ａ，b ", "  Ａ，b "),
        (("nfkc",), "Ａ１，ﬁ", "A1,fi"),
        (("lower",), "Straße ÄB", "straße äb"),
        (("punctuation",), "don't stop -- no_way, 3.5% + $2!", "dont stop    no way 35 + $2"),
        (("punctuation",), "你好，世界。“是的”", "你好世界是的"),
        (("spaces",), " a \t b\n", "a b"),
        (("spaces",), "三 五 七 plus 八 9", "三五七plus八9"),
        (ALL, "Ｈello — 世界！ well-known", "hello世界well known"),
    ],
)
def test_each_step_does_what_it_says(steps: tuple[str, ...], text: str, expected: str) -> None:
    assert normalise(text, steps) == expected


def test_the_order_in_which_steps_are_named_changes_nothing() -> None:
    text = " Ｄon’t，  STOP "
    assert normalise(text, ALL) == normalise(text, ALL[::-1]) == "dont stop"


def test_doing_it_again_changes_nothing() -> None:
    once = normalise("Ａ - b，  世 界 ½ c", ALL)
    assert normalise(once, ALL) == once


def test_a_misspelt_step_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="no step 'space'; did you mean 'spaces'"):
        normalise("a", ["space"])
