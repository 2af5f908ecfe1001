"""The catalogue: the same keys and placeholders in both languages, all of them used."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

from mmbench.cards import Strategy
from mmbench.kinds import KINDS, Baseline
from mmbench.metrics.table import METRICS
from mmbench.report import document
from mmbench.report.document import Lang
from mmbench.report.i18n import CATALOGUE, Messages, placeholders

LANGS: tuple[Lang, ...] = ("en", "zh")
SOURCE = Path(document.__file__).parent


def strings_of(*files: Path) -> tuple[set[str], set[str]]:
    """The string constants of modules, and how their f-strings begin (`metric.` and the like)."""
    constants: set[str] = set()
    beginnings: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
    return constants, beginnings


def unused(keys: Iterable[str]) -> list[str]:
    """Keys that stand nowhere in the code, neither whole nor as a beginning and a known name."""
    catalogues = ("messages_", "terms_")
    report = [f for f in SOURCE.glob("*.py") if not f.name.startswith(catalogues)]
    package = SOURCE.parent
    names, _ = strings_of(
        *report,
        *package.glob("cards/*.py"),
        *package.glob("compare/*.py"),
        package / "kinds.py",
        package / "records.py",
        package / "metrics" / "table.py",
    )
    whole, beginnings = strings_of(*report)
    for template in SOURCE.glob("assets/*.j2"):
        whole |= set(re.findall(r'page\.say\("([\w.]+)"', template.read_text(encoding="utf-8")))
    beginnings |= {"column."}  # inputs._columns is given the prefix and adds the dot
    return [
        key
        for key in keys
        if key not in whole
        and not any(
            key.startswith(start) and key.removeprefix(start) in names for start in beginnings
        )
    ]


def test_both_languages_have_the_same_keys() -> None:
    assert set(CATALOGUE["en"]) == set(CATALOGUE["zh"])


def test_both_languages_fill_in_the_same_values() -> None:
    for key, text in CATALOGUE["en"].items():
        assert placeholders(text) == placeholders(CATALOGUE["zh"][key]), key


@pytest.mark.parametrize("lang", LANGS)
def test_no_key_stands_in_two_files(lang: Lang) -> None:
    files = ["terms", "messages", "messages_notes", "messages_facts", "messages_gate"]
    files += [
        "messages_views",
        "messages_pick",
        "messages_page",
        "messages_tune",
        "messages_compare",
    ]
    found = [strings_of(SOURCE / f"{name}_{lang}.py")[0] & set(CATALOGUE[lang]) for name in files]
    assert sum(len(keys) for keys in found) == len(CATALOGUE[lang])


def test_every_key_is_used() -> None:
    assert unused(CATALOGUE["en"]) == []


def test_the_check_for_unused_keys_sees_one() -> None:
    invented = ["verdict.nobody", "quality.nobody", "metric.nobody"]
    assert unused(invented) == invented


@pytest.mark.parametrize("lang", LANGS)
def test_what_cards_may_name_has_a_text(lang: Lang) -> None:
    known = CATALOGUE[lang]
    assert {f"metric.{name}" for name in METRICS} <= set(known)
    assert {f"strategy.{name}" for name in get_args(Strategy)} <= set(known)
    assert {f"short.{name}" for name in KINDS["retrieval"].metrics} <= set(known)
    assert {f"unit.{metric.unit}" for metric in METRICS.values() if metric.unit} <= set(known)
    for name in get_args(Baseline):
        assert {f"baseline.{name}", f"against.{name}", f"notice.below_{name}"} <= set(known)


@pytest.mark.parametrize("lang", LANGS)
def test_a_missing_key_is_an_error(lang: Lang) -> None:
    with pytest.raises(KeyError, match=r"no 'quality\.nonsense'"):
        Messages(lang)("quality.nonsense")


@pytest.mark.parametrize("values", [{}, {"model": "m", "other": "x"}, {"modell": "m"}])
def test_values_that_do_not_fit_the_placeholders_are_an_error(values: dict[str, str]) -> None:
    with pytest.raises(TypeError, match=r"name\.cell"):
        Messages("en")("name.cell", **values)


def test_counts_choose_singular_or_plural() -> None:
    say = Messages("en")
    assert say("notice.failed", count=1).startswith("1 trial failed")
    assert say("notice.failed", count=2).startswith("2 trials failed")


def test_values_with_braces_are_not_read_as_placeholders() -> None:
    assert Messages("en")("models.note", model="{x}", note="{0} {") == "{x}: {0} {"


def test_a_text_of_a_card_is_picked_by_language_then_english_then_any() -> None:
    say = Messages("zh")
    assert say.pick({"en": "a", "zh": "b"}) == "b"
    assert say.pick({"en": "a"}) == "a"
    assert say.pick({"fr": "c"}) == "c"
    assert say.pick({}) is None


def test_chinese_texts_are_chinese_and_english_ones_are_not() -> None:
    neutral = {
        "language.this", "environment.cpu", "environment.gpu", "environment.python",
        "environment.code", "quality.not_applicable",
        "metric.mean_average_precision", "metric.bleu", "metric.chrf",
        "strategy_short.lora", "strategy_short.bitfit",
    }  # fmt: skip
    for key, text in CATALOGUE["en"].items():
        if key != "language.this":
            assert not any("一" <= c <= "鿿" for c in text), key
    for key, text in CATALOGUE["zh"].items():
        words = [word for word in text.split() if word.isascii() and word.isalpha()]
        if key not in neutral and not any("一" <= c <= "鿿" for c in text):
            assert words == [] or key.startswith("column."), key
