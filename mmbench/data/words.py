"""Texts → words, and words → texts, where a task speaks of single words."""

import re
from collections.abc import Sequence

from mmbench.data.examples import Words

_WITHOUT_SPACES = (
    "\u2e80-\u303f"  # radicals, and the punctuation of Chinese and Japanese
    "\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # ideographs
    "\ufe30-\ufe4f\uff00-\uffef"  # forms of full and half width
)
_WORD = re.compile(rf"[{_WITHOUT_SPACES}]|[^\s{_WITHOUT_SPACES}]+")
_UNSPACED = re.compile(rf"[{_WITHOUT_SPACES}]")


def words_of(text: str) -> Words:
    """Each character of a script that is written without spaces (Chinese, Japanese) is a word, with
    its punctuation; whatever else stands between spaces or such characters is one."""
    return tuple(match for match in _WORD.findall(text) if match.strip())


def text_of(words: Sequence[str]) -> str:
    """The words with spaces between them, or, if one holds a Chinese or Japanese character,
    without."""
    return ("" if any(map(_UNSPACED.search, words)) else " ").join(words)
