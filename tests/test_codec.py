"""Reading cards: what is refused, with which words."""

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmbench.cards import ModelCard, Recipe, Suite, TaskCard
from mmbench.codec import load_card
from mmbench.errors import CardError

RECIPE_TEXT = """\
name: probe
strategy: probe
learning_rates: [2e-5, 1E-4, 3.e-5, .1, 1]
epochs: 2
"""
MODEL_TEXT = """\
name: tiny
family: BERT
languages: [en]
modalities: [text]
adapter: text
library: transformers
source:
  via: hub
  repo: someone/tiny
gives: [pooled]
text: {max_tokens: 16, pooling: mean}
"""


def recipe(tmp_path: Path, text: str) -> Recipe:
    path = tmp_path / "probe.yaml"
    path.write_text(text, encoding="utf-8")
    return load_card(Recipe, path)


def model(tmp_path: Path, text: str) -> ModelCard:
    path = tmp_path / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    return load_card(ModelCard, path)


def complaint(tmp_path: Path, text: str) -> str:
    """What is said of a model card, without its folder."""
    with pytest.raises(CardError) as caught:
        model(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "")


# ------------------------------------------------------------------ YAML means what it says


def test_scientific_notation_is_a_number(tmp_path: Path) -> None:
    assert recipe(tmp_path, RECIPE_TEXT).learning_rates == (2e-5, 1e-4, 3e-5, 0.1, 1.0)


def test_norwegian_is_a_language_and_not_false(tmp_path: Path) -> None:
    text = MODEL_TEXT.replace("[en]", "[no, y, off]")
    assert model(tmp_path, text).languages == ("no", "y", "off")


@pytest.mark.parametrize("word", ["12:30:00", "2026-11-23", "1_000", "0x1f", ".inf", "=", "<<"])
def test_what_yaml_1_1_would_convert_stays_a_string(tmp_path: Path, word: str) -> None:
    assert model(tmp_path, MODEL_TEXT + f"notes: {word}\n").notes == word


def test_null_and_nothing_are_unset(tmp_path: Path) -> None:
    card = model(tmp_path, MODEL_TEXT + "notes: null\nlicence: ~\nhomepage:\n")
    assert (card.notes, card.licence, card.homepage) == (None, None, None)


def test_a_quoted_number_is_no_number(tmp_path: Path) -> None:
    said = complaint(tmp_path, MODEL_TEXT.replace("16", '"16"'))
    assert said == "tiny.yaml:11: text.max_tokens: input should be a valid integer (found '16')"


@pytest.mark.parametrize("value", ["16.0", "true", "[16]"])
def test_another_type_is_not_converted(tmp_path: Path, value: str) -> None:
    assert "text.max_tokens: input should be a valid integer" in complaint(
        tmp_path, MODEL_TEXT.replace("16", value)
    )


def test_yes_is_no_truth_value(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("name: t\nunique: yes\n")
    with pytest.raises(CardError, match=r"t\.yaml:2: unique: input should be a valid boolean"):
        load_card(TaskCard, path)


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_beyond_floats_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(CardError, match=r"probe\.yaml:3: .*too large"):
        recipe(tmp_path, RECIPE_TEXT.replace("2e-5", number))


def test_a_number_with_too_many_digits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"probe\.yaml:4: "):
        recipe(tmp_path, RECIPE_TEXT.replace("epochs: 2", f"epochs: {'9' * 5000}"))


def test_a_suite_with_two_blocks_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "name: s\nseeds: [0, 1]\nlimit: 5\nblocks:\n"
        "  - {models: [a], tasks: [b], recipes: [c]}\n"
        "  - {models: [d], tasks: [e], recipes: [f]}\n"
    )
    suite = load_card(Suite, path)
    assert [block.models for block in suite.blocks] == [("a",), ("d",)]
    assert suite.seeds == (0, 1)


# ---------------------------------------------------------------------- what is not allowed


def test_an_unknown_field_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    said = complaint(tmp_path, MODEL_TEXT.replace("family:", "famly:"))
    assert "tiny.yaml:2: famly: unknown field; did you mean 'family'?" in said
    assert "tiny.yaml:1: ModelCard: field 'family' is missing" in said


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = MODEL_TEXT.replace("adapter: text", "adapter: 3") + "zzz: 1\n"
    assert complaint(tmp_path, text).splitlines() == [
        "tiny.yaml:5: adapter: input should be a valid string (found 3)",
        "tiny.yaml:12: zzz: unknown field",
    ]


def test_lines_are_right_inside_nested_lists(tmp_path: Path) -> None:
    text = MODEL_TEXT + dedent(
        """\
        published:
          - {task: a, metric: b, value: 1, protocol: c, source: d}
          - task: a
            metric: b
            value: high
            protocol: c
            source: d
        """
    )
    said = complaint(tmp_path, text)
    assert said == (
        "tiny.yaml:16: published.1.value: input should be a valid number (found 'high')"
    )


def test_a_rule_of_the_card_itself_is_told_with_the_line(tmp_path: Path) -> None:
    said = complaint(tmp_path, MODEL_TEXT.replace("16", "2"))
    assert said == "tiny.yaml:11: text: text.max_tokens is 2; at least 4 are needed"


def test_only_the_member_of_a_union_that_was_meant_is_told(tmp_path: Path) -> None:
    text = MODEL_TEXT.replace(
        "  via: hub\n  repo: someone/tiny", "  via: package\n  distribution: d\n  pth: x"
    )
    assert complaint(tmp_path, text).splitlines() == [
        "tiny.yaml:7: source: field 'version' is missing; field 'path' is missing",
        "tiny.yaml:10: source.pth: unknown field",
    ]


def test_a_wrong_via_is_told_once_even_beside_another_mistake(tmp_path: Path) -> None:
    text = MODEL_TEXT.replace("via: hub", "via: hug") + "zzz: 1\n"
    assert complaint(tmp_path, text).splitlines() == [
        "tiny.yaml:8: source.via: 'hug' is not one of folder, fusion, hub, modelscope, package, "
        "pair, random; did you mean 'hub'?",
        "tiny.yaml:12: zzz: unknown field",
    ]


def test_a_missing_via_is_told_with_what_it_may_be(tmp_path: Path) -> None:
    """Not with `trained`, which a tokenizer alone can be."""
    said = complaint(tmp_path, MODEL_TEXT.replace("  via: hub\n", ""))
    ways = "folder, fusion, hub, modelscope, package, pair, random"
    assert said == f"tiny.yaml:7: source: field 'via' is missing; it is one of {ways}"


def test_a_union_inside_a_union_is_told_at_its_own_place(tmp_path: Path) -> None:
    text = MODEL_TEXT.replace(
        "  via: hub\n  repo: someone/tiny",
        "  via: random\n  tokenizer:\n    via: hub\n    rep: a/b",
    )
    assert complaint(tmp_path, text).splitlines() == [
        "tiny.yaml:9: source.tokenizer: field 'repo' is missing",
        "tiny.yaml:11: source.tokenizer.rep: unknown field",
    ]
    wrong = complaint(tmp_path, text.replace("    via: hub", "    via: hubb"))
    assert "tiny.yaml:10: source.tokenizer.via: 'hubb' is not one of" in wrong
    assert len(wrong.splitlines()) == 1


def test_a_label_that_is_neither_text_nor_number_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("name: t\ntarget:\n  column: c\n  labels:\n    - value: 1.5\n")
    with pytest.raises(CardError) as caught:
        load_card(TaskCard, path)
    (line,) = (line for line in str(caught.value).splitlines() if "1.5" in line)
    assert "t.yaml:5: target.labels.0.value: " in line


def test_the_name_is_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(MODEL_TEXT)
    with pytest.raises(CardError, match=r"name is 'tiny'; it must be the file's name, 'other'"):
        load_card(ModelCard, path)


def test_a_field_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert complaint(tmp_path, MODEL_TEXT + "family: other\n") == (
        "tiny.yaml:12: 'family' stands twice; remove one"
    )


@pytest.mark.parametrize(
    "text",
    ["notes: &a x\n", "notes: &a x\nlicence: *a\n", "published: &a [*a]\n"],
    ids=["anchor", "alias", "circle"],
)
def test_anchors_and_aliases_are_refused(tmp_path: Path, text: str) -> None:
    assert "tiny.yaml:12: anchors and aliases are not used" in complaint(
        tmp_path, MODEL_TEXT + text
    )


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "!!python/object/new:os.system ['touch {}']",
        "!!python/name:os.system",
        "!!int 3",
        "!mine x",
        "! x",
        "!!binary aGk=",
    ],
)
def test_a_tag_runs_nothing_and_is_refused(tmp_path: Path, value: str) -> None:
    trace = tmp_path / "trace"
    said = complaint(tmp_path, MODEL_TEXT + "notes: " + value.format(trace) + "\n")
    assert "tiny.yaml:12: the tag " in said
    assert not trace.exists()


def test_a_tag_on_a_fields_name_is_refused(tmp_path: Path) -> None:
    assert "the tag" in complaint(tmp_path, MODEL_TEXT + "!!str notes: x\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a card is a mapping of fields"),
        ("- a\n- b\n", "a card is a mapping of fields"),
        ("just words\n", "a card is a mapping of fields"),
        ("a: [1\n", "tiny.yaml:2: not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("a: \x07\n", "not YAML"),
        ("? [a, b]\n: c\n", "a field's name is a word"),
        ("notes: as written: badly\n", "tiny.yaml:1: not YAML: .*stands in quotes"),
        ("a: " + "[" * 5000 + "]" * 5000, "tiny.yaml:1: nested more than"),
        ("a: " + "{b: " * 5000 + "}" * 5000, "tiny.yaml:1: nested more than"),
    ],
    ids=range(10),
)
def test_what_is_no_card_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    with pytest.raises(CardError, match=said):
        load_card(ModelCard, path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot be read"):
        load_card(ModelCard, tmp_path / "absent.yaml")
    with pytest.raises(CardError, match="cannot be read"):
        load_card(ModelCard, tmp_path)
    (tmp_path / "tiny.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(CardError, match="cannot be read"):
        load_card(ModelCard, tmp_path / "tiny.yaml")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.text(alphabet="abn:-[]{}&*!|>'\"#%@,?~ \n\t0.e", max_size=60))
def test_no_text_does_anything_but_load_or_be_refused(tmp_path: Path, noise: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(MODEL_TEXT + noise)
    try:
        load_card(ModelCard, path)
    except CardError as error:
        said = str(error)
    else:
        said = str(path)
    assert str(path) in said
