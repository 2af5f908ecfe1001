"""What is done to texts before they are compared, step by step, so that a score can state it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from mmbench.errors import did_you_mean

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, as a range of a regular expression."""

_BESIDE_HAN = re.compile(rf"(?<=[{HAN}])\s+|\s+(?=[{HAN}])")


def _without_punctuation(text: str) -> str:
    found = []
    for char in text:
        category = unicodedata.category(char)
        if category in ("Pd", "Pc"):
            found.append(" ")
        elif not category.startswith("P"):
            found.append(char)
    return "".join(found)


def _spaces(text: str) -> str:
    return " ".join(_BESIDE_HAN.sub("", text).split())


STEPS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "nfkc": lambda text: unicodedata.normalize("NFKC", text),
        "lower": str.lower,
        "punctuation": _without_punctuation,
        "spaces": _spaces,
    }
)


def normalise(text: str, steps: Iterable[str]) -> str:
    """Make texts comparable. The steps that are named are taken in this order:

    nfkc: Unicode's compatibility form, which makes full-width letters and digits half-width. lower:
    lower case. punctuation: dashes and underscores (Unicode categories Pd, Pc) become spaces, all
    other punctuation (P) is removed, so that `don't` is `dont`; symbols, such as `+`, stay. spaces:
    white space beside a Chinese character is removed, all other runs of it become one space, and
    none is left at the ends.

    ValueError for a step that there is not.
    """
    named = set(steps)
    for step in sorted(named - STEPS.keys()):
        raise ValueError(f"no step {step!r}{did_you_mean(step, STEPS)} ({', '.join(STEPS)})")
    for step, taken in STEPS.items():
        if step in named:
            text = taken(text)
    return text
