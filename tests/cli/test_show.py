"""One card in full."""

import json
from pathlib import Path

import pytest
import yaml

from mmbench.catalog import builtin_root
from tests.cli.conftest import Command
from tests.specimens import MODEL_FIELDS, RECIPE_FIELDS, TASK_FIELDS, write_card

NAMES = [(path.parent.name, path.stem) for path in builtin_root().glob("*/*.yaml")]


@pytest.mark.parametrize(("folder", "name"), NAMES)
def test_every_card_of_the_registry_can_be_shown(mm: Command, folder: str, name: str) -> None:
    ran = mm("show", name)
    assert ran.status == 0
    assert f"{folder.removesuffix('s')} {name} " in ran.out
    assert str(builtin_root() / folder / f"{name}.yaml") in ran.out


def test_what_is_shown_is_what_the_card_says(mm: Command, here: Path) -> None:
    ran = mm("show", "tiny", "--cards", "cards")
    fields = yaml.safe_load(ran.out.split("\n", 1)[1].split("  can do:")[0])
    assert fields["source"] == MODEL_FIELDS["source"]
    text = MODEL_FIELDS["text"]
    assert isinstance(text, dict)
    assert fields["text"] == {"padding": "longest", "lower_case": False} | text
    assert (fields["start"], fields["languages"]) == ("pretrained", ["en"])


def test_a_model_shows_the_tasks_it_can_do(mm: Command, here: Path) -> None:
    (line,) = (x for x in mm("show", "tiny", "--cards", "cards").out.splitlines() if "can do" in x)
    assert "moods" in line
    assert "emoji-group" not in line.split(", ")
    assert "mmbench run --models tiny --tasks " in mm("show", "tiny", "--cards", "cards").out


def test_a_task_shows_the_models_that_can_do_it(mm: Command, here: Path) -> None:
    ran = mm("show", "moods", "--cards", "cards")
    (line,) = (x for x in ran.out.splitlines() if "models that can do it" in x)
    assert "tiny" in line
    assert "eye" not in line


def test_a_name_of_two_kinds_shows_both(mm: Command, here: Path) -> None:
    write_card(here / "cards", "recipes", RECIPE_FIELDS, name="moods")
    ran = mm("show", "moods", "--cards", "cards")
    assert "task moods " in ran.out
    assert "recipe moods " in ran.out
    both = json.loads(mm("show", "moods", "--json", "--cards", "cards").out)
    assert [card["card"] for card in both] == ["task", "recipe"]


def test_an_unknown_name_is_told_with_the_nearest_of_any_kind(mm: Command) -> None:
    ran = mm("show", "quickstrat")
    assert ran.status == 2
    assert ran.err.startswith("error: no card 'quickstrat'; did you mean 'quickstart'")


def test_a_wrong_card_elsewhere_does_not_stop_it(mm: Command, here: Path) -> None:
    write_card(here / "cards", "tasks", TASK_FIELDS, name="odd", colour="red")
    assert mm("show", "tiny", "--cards", "cards").status == 0
    assert mm("show", "odd", "--cards", "cards").status == 2


def test_words_of_cards_are_no_markup_and_no_escape(mm: Command, here: Path) -> None:
    notes = "[/red]x [link=http://a]b[/link] \x1b]0;title\x07 \u202edrawkcab"
    write_card(here / "cards", "models", MODEL_FIELDS, name="odd", notes=notes)
    ran = mm("show", "odd", "--cards", "cards")
    assert ran.status == 0
    assert "[/red]x [link=http://a]b[/link]" in ran.out
    assert not set("\x1b\x07\u202e") & set(ran.out)


@pytest.mark.parametrize(
    ("task", "recipe"),
    [
        ("strokes-zh", "probe"),
        ("people-daily-ner", "head"),
        ("emoji-retrieval-zh", "probe"),
    ],
)
def test_what_to_run_next_is_no_refusal(mm: Command, task: str, recipe: str) -> None:
    """Taggers have no probe."""
    (line,) = (x for x in mm("show", task).out.splitlines() if "next: " in x)
    assert line.split(f"--tasks {task} --recipes ")[1] == f"{recipe} --dry-run"
