"""What there is to choose from."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import ModelCard
from mmbench.catalog import Catalog, builtin_root
from tests.cli.conftest import Command, Ran
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


def listed(ran: Ran) -> set[str]:
    return {line.split()[0] for line in ran.out.splitlines()[1:]}


@pytest.mark.parametrize("region", ["domestic", "international"])
@pytest.mark.parametrize("modality", ["text", "image", "audio"])
def test_models_of_a_region_and_an_input(mm: Command, region: str, modality: str) -> None:
    ran = mm("list", "models", "--region", region, "--modality", modality)
    every = Catalog.standard()
    wanted = {
        name
        for name in every.names(ModelCard)
        if every.model(name).region == region and modality in every.model(name).modalities
    }
    assert listed(ran) == wanted
    assert wanted, "the registry has some of each"
    assert f"{len(wanted)} models of {len(every.names(ModelCard))}. " in ran.err


def test_some_that_everybody_knows_are_where_they_belong(mm: Command) -> None:
    domestic = listed(mm("list", "models", "--region", "domestic", "--modality", "image"))
    assert {"chinese-clip-vit-base-patch16", "qwen2-vl-2b-instruct"} <= domestic
    assert not {"clip-vit-base-patch16", "bert-base-chinese", "clip-scratch"} & domestic
    chinese = listed(mm("list", "models", "--language", "zh", "--modality", "text"))
    assert {"bert-base-chinese", "ernie-3.0-base-zh"} <= chinese
    assert "bert-base-uncased" not in chinese


def test_tasks_of_a_kind_a_language_and_an_input(mm: Command) -> None:
    assert listed(mm("list", "tasks", "--kind", "retrieval", "--language", "en")) == {
        "emoji-retrieval-en",
        "flickr30k",
        "xm3600-en",
    }
    pairs = listed(mm("list", "tasks", "--kind", "sentence_pair", "--modality", "text"))
    assert pairs == listed(mm("list", "tasks", "--kind", "sentence_pair"))


def test_filters_go_with_json_and_cards_of_ones_own(mm: Command, here: Path) -> None:
    write_card(here / "cards", "models", MODEL_FIELDS, name="ours", country="CN", languages=["de"])
    flags = ("--cards", "cards", "--region", "domestic", "--language", "de")
    assert [card["name"] for card in json.loads(mm("list", "models", "--json", *flags).out)] == [
        "ours"
    ]


def test_nothing_found_is_told_with_what_there_is(mm: Command) -> None:
    ran = mm("list", "models", "--language", "tlh")
    assert (ran.status, ran.out) == (0, "")
    assert "no models of this description; without the filters there are" in ran.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("tasks --region domestic", "--region goes with list models, not with list tasks"),
        ("models --kind retrieval", "--kind goes with list tasks, not with list models"),
        ("suites --modality image", "goes with list models and list tasks, not with list suites"),
        ("recipes --language zh", "goes with list models and list tasks, not with list recipes"),
        ("tasks --kind retreival", "--kind retreival: no such kind; did you mean 'retrieval'"),
    ],
)
def test_a_filter_that_such_cards_do_not_have_is_an_error(
    mm: Command, command: str, said: str
) -> None:
    ran = mm("list", *command.split())
    assert ran.status == 2
    assert said in ran.err


def test_only_the_cards_that_are_asked_for_are_read(
    mm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    kept = Path.read_text

    def seen(path: Path, *arguments: Any, **named: Any) -> str:
        if path.suffix == ".yaml":
            read.append(path.parent.name)
        return kept(path, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", seen)
    assert mm("list", "models", "--region", "domestic", "--modality", "image").status == 0
    assert set(read) == {"models"}
