"""Setting one field of a card's text: the rest is the very same text."""

from textwrap import dedent

import pytest
import yaml

from mmbench.errors import CardError
from mmbench.pinning.card_text import set_field

BLOCK = dedent(
    """\
    # the first line
    name: tiny   # of the card

    source:
      via: hub
      repo: a/b   # where it lies
      # a config follows
      config:
        model_type: bert

        hidden: [1, 2]
    gives: [pooled]
    notes: >-
      Two lines
      of words.
    # the last line
    """
)
FLOW = "name: tiny\nsource: {via: hub, repo: a/b}   # where\nlicence: null   # not known\n"


def test_a_field_goes_behind_the_one_it_follows() -> None:
    text = set_field(BLOCK, ("source", "revision"), "v1", after=("repo",))
    assert text == BLOCK.replace(
        "  repo: a/b   # where it lies\n", "  repo: a/b   # where it lies\n  revision: v1\n"
    )


def test_a_field_that_nothing_names_goes_to_the_end_of_its_mapping() -> None:
    text = set_field(BLOCK, ("source", "revision"), "v1", after=("subset",))
    assert text == BLOCK.replace("    hidden: [1, 2]\n", "    hidden: [1, 2]\n  revision: v1\n")
    text = set_field(BLOCK, ("licence",), "mit", after=("parameters",))
    assert text == BLOCK.replace("  of words.\n", "  of words.\nlicence: mit\n")


def test_a_field_behind_a_block_of_words_or_a_list() -> None:
    text = set_field(BLOCK, ("licence",), "mit", after=("gives",))
    assert text == BLOCK.replace("gives: [pooled]\n", "gives: [pooled]\nlicence: mit\n")
    text = set_field(BLOCK, ("licence",), "mit", after=("source",))
    assert text == BLOCK.replace("    hidden: [1, 2]\n", "    hidden: [1, 2]\nlicence: mit\n")


def test_a_mapping_is_written_line_by_line() -> None:
    files = {"config.json": "0" * 64, "b c.json": "ab" * 32}
    text = set_field(BLOCK, ("source", "files"), files, after=("repo",))
    added = f'  files:\n    config.json: "{"0" * 64}"\n    b c.json: {"ab" * 32}\n'
    assert text == BLOCK.replace("# where it lies\n", "# where it lies\n" + added)
    assert yaml.safe_load(text)["source"]["files"]["config.json"] == "0" * 64


def test_braces_stay_braces_for_one_word() -> None:
    text = set_field(FLOW, ("source", "revision"), "v1", after=("repo",))
    assert text == FLOW.replace("repo: a/b}", "repo: a/b, revision: v1}")
    assert set_field(FLOW, ("source", "revision"), "v1", after=("x",)) == text


def test_braces_become_lines_for_a_mapping() -> None:
    text = set_field(FLOW, ("source", "files"), {"a.json": "ab"}, after=("repo",))
    assert text == (
        "name: tiny\n"
        "source:\n"
        "  via: hub\n"
        "  repo: a/b   # where\n"
        "  files:\n"
        "    a.json: ab\n"
        "licence: null   # not known\n"
    )


def test_a_value_that_is_there_is_replaced() -> None:
    assert set_field(FLOW, ("licence",), "mit", after=()) == FLOW.replace("null", "mit")
    nothing = FLOW.replace("licence: null", "licence:")
    assert "licence: mit" in set_field(nothing, ("licence",), "mit", after=())
    flow = "source: {via: hub, repo: a/b, revision: null, config: {x: 1}}\n"
    assert set_field(flow, ("source", "revision"), "v1", after=()) == flow.replace("null", "v1")


def test_a_text_without_a_last_line_break() -> None:
    assert set_field("name: a", ("licence",), "mit", after=("name",)) == "name: a\nlicence: mit\n"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "0" * 40,
            "1e5",
            "12345678901234567890123456789012345678e1",
            "no",
            "true",
            "null",
            "a: b",
        ),
        *("#x", "- x", '"', "", "apache-2.0", "Apache License 2.0", "~", "0x10", "1_000", "名"),
    ],
)
def test_a_word_is_read_as_the_very_string(value: str) -> None:
    for text in (BLOCK, FLOW):
        read = yaml.safe_load(set_field(text, ("source", "revision"), value, after=("repo",)))
        assert read["source"]["revision"] == value
        del read["source"]["revision"]
        assert read == yaml.safe_load(text)


def test_what_is_no_mapping_is_an_error() -> None:
    with pytest.raises(CardError, match=r"source\.modelscope is no mapping"):
        set_field(FLOW, ("source", "modelscope", "revision"), "v1", after=())
