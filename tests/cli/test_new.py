"""`mmbench new`: what is guessed of a table, and what is asked for where it is not plain."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from PIL import Image
from transformers import BertConfig, BertModel

from mmbench.drafting.tasks import draft_task
from mmbench.errors import DataError
from tests.cli.conftest import Command
from tests.models.samples import word_tokenizer


def written(
    folder: Path, rows: Sequence[Mapping[str, object]], name: str = "my reviews.csv"
) -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def reviews(count: int = 120) -> list[dict[str, object]]:
    return [
        {
            "row": i,
            "hotel": f"H{i // 3}",
            "title": f"stay {i}",
            "comment": f"the room number {i} was rather {'clean' if i % 2 else 'dirty'} this time",
            "stars": "good" if i % 2 else "bad",
        }
        for i in range(count)
    ]


@pytest.fixture(name="bert")
def fixture_bert(tmp_path: Path) -> Path:
    """A BERT of width 16 with its tokenizer, as `save_pretrained` writes it."""
    folder = tmp_path / "bert"
    tokenizer = word_tokenizer()
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_attention_heads=2,
            num_hidden_layers=2,
        )
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_card_is_written_checked_and_can_be_run(mm: Command, here: Path) -> None:
    file = written(here, reviews())
    ran = mm(
        "new", "task", "--from", file, "--target", "stars", "--group", "hotel", "--cards", "own"
    )
    assert ran.status == 0, ran.err
    assert ran.out.splitlines()[-1] == "own/tasks/my-reviews.yaml"
    card = yaml.safe_load((here / "own/tasks/my-reviews.yaml").read_text())
    assert card["inputs"] == {"text": "comment"}  # the longer of two texts
    assert (card["kind"], card["group"], card["languages"]) == ("classification", "hotel", ["en"])
    assert "task my-reviews   data-checked" in ran.out
    plan = mm(
        "run", "--cards", "own", "--models", "bert-zh-scratch", "--tasks", "my-reviews",
        "--recipes", "full-scratch", "--dry-run",
    )  # fmt: skip
    assert plan.status == 0, plan.err


def test_a_card_is_never_written_over(mm: Command, here: Path) -> None:
    file = written(here, reviews())
    assert mm("new", "task", "--from", file, "--target", "stars").status == 0
    ran = mm("new", "task", "--from", file, "--target", "stars")
    assert ran.status == 2
    assert "is there already" in ran.err


def test_a_target_with_a_usual_name_is_found(tmp_path: Path) -> None:
    rows = [{**row, "label": row.pop("stars")} for row in reviews()]
    draft = draft_task(written(tmp_path, rows))
    card = yaml.safe_load(draft.text)
    assert card["target"] == {"column": "label"}
    assert any("no group was set" in guess and "'hotel'" in guess for guess in draft.guesses)


def test_several_possible_targets_are_asked_about(tmp_path: Path) -> None:
    rows = [
        {"comment": row["comment"], "mood": row["stars"], "town": "AB"[i % 2]}
        for i, row in enumerate(reviews())
    ]
    with pytest.raises(DataError, match=r"Say --target \(.*mood.*town"):
        draft_task(written(tmp_path, rows))


def test_numbers_are_a_regression(tmp_path: Path) -> None:
    rows = [{"text": f"a note of some length {i}", "score": (i * 37 % 101) / 7} for i in range(200)]
    card = yaml.safe_load(draft_task(written(tmp_path, rows)).text)
    assert (card["kind"], card["metrics"][0]) == ("regression", "mae")


def test_chinese_is_seen(tmp_path: Path) -> None:
    rows = [{"text": f"房间号{i}，服务很好", "label": i % 2} for i in range(100)]
    assert yaml.safe_load(draft_task(written(tmp_path, rows)).text)["languages"] == ["zh"]


def test_a_folder_of_images_is_a_task(mm: Command, here: Path) -> None:
    for colour in ("red", "green"):
        (here / "pictures" / colour).mkdir(parents=True)
        for i in range(30):
            Image.new("RGB", (4 + i, 4), colour).save(here / "pictures" / colour / f"{i}.png")
    ran = mm("new", "task", "--from", "pictures")
    assert ran.status == 0, ran.err
    card = yaml.safe_load((here / "cards/tasks/pictures.yaml").read_text())
    assert card["source"]["format"] == "images"
    assert (list(card["inputs"]), card["languages"]) == (["image"], [])


def test_columns_and_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    file = written(tmp_path, reviews())
    with pytest.raises(DataError, match=r"--target star: no such column.*stars"):
        draft_task(file, target="star")
    with pytest.raises(DataError, match="no such file or folder"):
        draft_task(tmp_path / "none.csv")
    with pytest.raises(DataError, match="looks like a text, an image or a sound"):
        draft_task(written(tmp_path, [{"a": i % 2, "label": i % 2} for i in range(50)], "n.csv"))


def test_a_model_card_is_written_and_checked(mm: Command, here: Path, bert: Path) -> None:
    ran = mm("new", "model", "--from", bert, "--name", "mine", "--cards", "own")
    assert ran.status == 0, ran.err
    assert ran.out.splitlines()[-1] == "own/models/mine.yaml"
    assert "model mine   architecture-checked" in ran.out
    assert "guessed: text.pooling is cls" in ran.err
    assert "unknown, and null: organisation, country, licence" in ran.err
    card = yaml.safe_load((here / "own/models/mine.yaml").read_text())
    assert (card["adapter"], card["gives"]) == ("text", ["pooled", "tokens"])
    assert card["country"] is None
    plan = mm(
        "run", "--cards", "own", "--models", "mine", "--tasks", "emoji-keywords-group-en",
        "--recipes", "probe", "--dry-run",
    )  # fmt: skip
    assert plan.status == 0, plan.err
    again = mm("new", "model", "--from", bert, "--name", "mine", "--cards", "own")
    assert again.status == 2
    assert "is there already" in again.err
