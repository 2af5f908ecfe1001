"""What there is to choose from."""

import json
from pathlib import Path

import pytest

from mmbench.catalog import Catalog, builtin_root
from tests.cli.conftest import Command
from tests.specimens import IMAGE_MODEL_FIELDS, MODEL_FIELDS, write_card


@pytest.mark.parametrize("what", ["models", "tasks", "recipes", "suites"])
def test_every_card_of_the_registry_is_listed(mm: Command, what: str) -> None:
    ran = mm("list", what)
    names = sorted(path.stem for path in (builtin_root() / what).glob("*.yaml"))
    lines = ran.out.splitlines()
    assert ran.status == 0
    assert lines[0].split()[0] == "name"
    assert [line.split()[0] for line in lines[1:]] == names
    assert "mmbench show NAME" in ran.err


@pytest.mark.parametrize("what", ["models", "tasks", "recipes", "suites"])
def test_json_is_every_field_of_every_card_and_nothing_else(mm: Command, what: str) -> None:
    ran = mm("list", what, "--json")
    cards = json.loads(ran.out)
    assert ran.err == ""
    assert [card["name"] for card in cards] == sorted(
        path.stem for path in (builtin_root() / what).glob("*.yaml")
    )


def test_json_of_a_model_says_what_follows_from_it(mm: Command, here: Path) -> None:
    write_card(here / "cards", "models", MODEL_FIELDS, name="ours", country="CN")
    cards = {
        card["name"]: card
        for card in json.loads(mm("list", "models", "--json", "--cards", "cards").out)
    }
    assert (cards["ours"]["region"], cards["ours"]["start"]) == ("domestic", "pretrained")


def test_cards_of_a_folder_are_listed_too(mm: Command, here: Path) -> None:
    assert "\neye " in mm("list", "models", "--cards", "cards").out
    assert "\neye " not in mm("list", "models").out


def test_a_folder_without_cards_is_told(mm: Command, here: Path) -> None:
    ran = mm("list", "models", "--cards", here / "nowhere")
    assert ran.status == 2
    assert "no cards here" in ran.err


def test_one_wrong_card_hides_no_other_and_is_told(mm: Command, here: Path) -> None:
    write_card(here / "cards", "models", MODEL_FIELDS, name="odd", colour="red")
    ran = mm("list", "models", "--cards", "cards")
    assert ran.status == 2
    assert "\ntiny " in ran.out
    assert "odd.yaml" in ran.err
    assert "colour: unknown field" in ran.err


def test_words_of_cards_are_no_markup_and_no_escape(mm: Command, here: Path) -> None:
    word = "[/red][bold]x[/bold] \x1b[31mred :smile:"
    write_card(here / "cards", "models", IMAGE_MODEL_FIELDS, name="odd", languages=[word])
    assert Catalog((here / "cards",)).model("odd").languages == (word,)
    ran = mm("list", "models", "--cards", "cards")
    assert ran.status == 0
    assert "[/red][bold]x[/bold] \\x1b[31mred :smile:" in ran.out
    assert "\x1b" not in ran.out
