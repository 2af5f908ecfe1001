"""The catalogue of messages: every sentence of a report, in English and in Chinese.

A text may hold `{name}`, replaced by a value, and `{name:trial|trials}`, replaced by a count and
the word in the number that it asks for.
"""

import string
from collections.abc import Mapping
from functools import cache

from mmbench.report.document import Lang
from mmbench.report.messages_compare_en import MESSAGES as COMPARE_EN
from mmbench.report.messages_compare_zh import MESSAGES as COMPARE_ZH
from mmbench.report.messages_en import MESSAGES as MESSAGES_EN
from mmbench.report.messages_facts_en import MESSAGES as FACTS_EN
from mmbench.report.messages_facts_zh import MESSAGES as FACTS_ZH
from mmbench.report.messages_gate_en import MESSAGES as GATE_EN
from mmbench.report.messages_gate_zh import MESSAGES as GATE_ZH
from mmbench.report.messages_notes_en import MESSAGES as NOTES_EN
from mmbench.report.messages_notes_zh import MESSAGES as NOTES_ZH
from mmbench.report.messages_page_en import MESSAGES as PAGE_EN
from mmbench.report.messages_page_zh import MESSAGES as PAGE_ZH
from mmbench.report.messages_pick_en import MESSAGES as PICK_EN
from mmbench.report.messages_pick_zh import MESSAGES as PICK_ZH
from mmbench.report.messages_tune_en import MESSAGES as TUNE_EN
from mmbench.report.messages_tune_zh import MESSAGES as TUNE_ZH
from mmbench.report.messages_views_en import MESSAGES as VIEWS_EN
from mmbench.report.messages_views_zh import MESSAGES as VIEWS_ZH
from mmbench.report.messages_zh import MESSAGES as MESSAGES_ZH
from mmbench.report.terms_en import TERMS as TERMS_EN
from mmbench.report.terms_zh import TERMS as TERMS_ZH

CATALOGUE: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        **TERMS_EN,
        **MESSAGES_EN,
        **NOTES_EN,
        **FACTS_EN,
        **VIEWS_EN,
        **PICK_EN,
        **TUNE_EN,
        **PAGE_EN,
        **COMPARE_EN,
        **GATE_EN,
    },
    "zh": {
        **TERMS_ZH,
        **MESSAGES_ZH,
        **NOTES_ZH,
        **FACTS_ZH,
        **VIEWS_ZH,
        **PICK_ZH,
        **TUNE_ZH,
        **PAGE_ZH,
        **COMPARE_ZH,
        **GATE_ZH,
    },
}


class Messages:
    """The messages of one language: `say = Messages("zh")`, then `say("summary.trials", ok=3)`."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._texts = CATALOGUE[lang]

    def __call__(self, key: str, **values: object) -> str:
        """The text with its placeholders filled in.

        KeyError if the language lacks the key; TypeError if the placeholders of the text and the
        values given are not the same names. Both are our mistakes, not a user's.
        """
        if key not in self._texts:
            raise KeyError(f"the {self.lang} catalogue has no {key!r}")
        text = self._texts[key]
        if not values and "{" not in text and "}" not in text:
            return text
        if placeholders(text) != set(values):
            raise TypeError(
                f"the {self.lang} {key!r} has {sorted(placeholders(text))}; "
                f"it was given {sorted(values)}"
            )
        return "".join(
            literal if name is None else literal + _told(values[name], form)
            for literal, name, form in _parts(text)
        )

    def pick(self, texts: Mapping[str, str]) -> str | None:
        """Of texts by language, as cards hold them: this language, else English, else any."""
        return texts.get(self.lang) or texts.get("en") or next(iter(texts.values()), None)


@cache
def placeholders(text: str) -> frozenset[str]:
    """The names of the values that a text of the catalogue needs."""
    return frozenset(name for _, name, _ in _parts(text) if name is not None)


@cache
def _parts(text: str) -> tuple[tuple[str, str | None, str], ...]:
    """Literal text, the name of the value that follows it, and how that is told."""
    parsed = string.Formatter().parse(text)
    return tuple((literal, name, form or "") for literal, name, form, _ in parsed)


def _told(value: object, form: str) -> str:
    """`{n:one|many}` gives the count and the word; no other form is known to the catalogue."""
    if not form:
        return str(value)
    one, many = form.split("|")
    return f"{value} {one if value == 1 else many}"
