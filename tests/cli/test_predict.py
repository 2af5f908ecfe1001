"""`mmbench predict`: which samples go in, and the lines that come out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.answers import Labelled
from mmbench.records import Artefact
from mmbench.store import Store, Stored
from tests.cli.conftest import Command, FakeApi
from tests.specimens import MODEL, TASK, TRIAL, record

ANSWER = Labelled(
    id="0",
    label="good",
    names={"en": "good", "zh": "好"},
    probabilities={"good": 0.75, "bad": 0.25},
)


def kept(root: Path, seed: int = 0, *, inputs: tuple[str, ...] = ("text",)) -> Stored:
    """A record that names a model, of a task with these inputs."""
    columns = {"text": "note", "image": "picture"}
    task = replace(TASK, inputs={name: columns[name] for name in inputs})  # type: ignore[misc]
    trial = replace(TRIAL, seed=seed, model=MODEL, task=task)
    weights = Artefact(path="model/model.safetensors", sha256="0", bytes=1)
    with Store(root).claim(trial) as folder:
        return Store(root).put(replace(record(trial), artefacts={"model": weights}), folder)


@pytest.fixture
def stored(here: Path) -> Stored:
    return kept(here / "results")


def test_texts_give_one_json_line_each(mm: Command, api: FakeApi, stored: Stored) -> None:
    api.predictions = [ANSWER, replace(ANSWER, id="1")]
    ran = mm("predict", stored.folder, "--text", "很好", "--text", "[/red]")
    assert ran.status == 0
    assert api.calls == [{"stored": stored, "texts": ["很好", "[/red]"]}]
    first, second = map(json.loads, ran.out.splitlines())
    assert first == {
        "id": "0",
        "label": "good",
        "names": {"en": "good", "zh": "好"},
        "probabilities": {"good": 0.75, "bad": 0.25},
    }
    assert second["id"] == "1"
    assert "好" in ran.out


def test_images_are_given_as_files(mm: Command, api: FakeApi, stored: Stored) -> None:
    api.predictions = [ANSWER]
    mm("predict", stored.folder, "--image", "a.png", "--image", "b c.png")
    assert api.calls[0]["images"] == [Path("a.png"), Path("b c.png")]


@pytest.mark.parametrize("where", ["", "record.json", "..", "../.."])
def test_the_record_is_named_by_its_file_or_any_folder_above(
    mm: Command, api: FakeApi, stored: Stored, where: str
) -> None:
    api.predictions = [ANSWER]
    assert mm("predict", stored.folder / where, "--text", "a").status == 0
    assert api.calls[0]["stored"].record == stored.record


def test_a_folder_of_several_models_asks_for_one(
    mm: Command, here: Path, api: FakeApi, stored: Stored
) -> None:
    other = kept(here / "results", seed=1)
    ran = mm("predict", "results", "--text", "a")
    assert ran.status == 1
    assert "2 models are kept under it; name one" in ran.err
    assert other.folder.name in ran.err


def test_a_record_without_a_model_is_told_what_to_do(mm: Command, here: Path, api: FakeApi) -> None:
    with Store(here / "r").claim(TRIAL) as folder:
        Store(here / "r").put(record(), folder)
    ran = mm("predict", "r", "--text", "a")
    assert ran.status == 1
    assert "none of its 1 records kept its model; run again with --keep best" in ran.err
    ran = mm("predict", "nowhere", "--text", "a")
    assert ran.status == 1
    assert "no record here; mmbench run --keep best writes one" in ran.err


def test_it_asks_for_samples_from_one_place(mm: Command, api: FakeApi, stored: Stored) -> None:
    for more in ([], ["--text", "a", "--file", "b.csv"], ["--file", "b.csv", "--image", "c"]):
        ran = mm("predict", stored.folder, *more)
        assert ran.status == 2
        assert "say what to predict on: --text, --image or --audio, or else --file" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "ids"),
    [
        ("a.csv", "note,mood\n很好,good\nno way,bad\n", ["0", "1"]),
        ("a.csv", "id,note\nx,很好\ny,no way\n", ["x", "y"]),
        ("a.tsv", "note\tother\n很好\t1\nno way\t2\n", ["0", "1"]),
        ("a.jsonl", '{"note": "很好"}\n{"note": "no way"}\n', ["0", "1"]),
        ("a.jsonl", '{"id": 7, "note": "很好"}\n{"id": 8, "note": "no way"}\n', ["7", "8"]),
        ("a.txt", "很好\n\nno way\n", ["0", "1"]),
    ],
)
def test_a_file_gives_the_tasks_column(
    mm: Command, here: Path, api: FakeApi, stored: Stored, name: str, content: str, ids: list[str]
) -> None:
    (here / name).write_text(content, encoding="utf-8")
    api.predictions = [ANSWER, replace(ANSWER, id="1")]
    ran = mm("predict", stored.folder, "--file", name)
    assert ran.status == 0
    assert api.calls[0]["texts"] == ["很好", "no way"]
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ids


def test_a_file_gives_both_columns_of_a_task_of_two_inputs(
    mm: Command, here: Path, api: FakeApi
) -> None:
    both = kept(here / "both", inputs=("text", "image"))
    (here / "a.png").write_bytes(b"x")
    (here / "t.csv").write_text("note,picture\nhello,a.png\n")
    api.predictions = [ANSWER]
    assert mm("predict", both.folder, "--file", "t.csv").status == 0
    assert api.calls[0]["texts"] == ["hello"]
    assert [Path(image).name for image in api.calls[0]["images"]] == ["a.png"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "nota\nx\n", "no column 'note'; did you mean 'nota'?"),
        ("a.csv", "note\n", "has no rows"),
        ("a.xyz", "note\nx\n", "does not tell how to read it"),
        ("absent.csv", None, "no such file"),
        ("absent.txt", None, "no such file"),
        ("a.jsonl", '{"note": ', "a.jsonl"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    mm: Command,
    here: Path,
    api: FakeApi,
    stored: Stored,
    name: str,
    content: str | None,
    said: str,
) -> None:
    if content is not None:
        (here / name).write_text(content)
    ran = mm("predict", stored.folder, "--file", name)
    assert ran.status == 2
    assert said in ran.err
    assert api.calls == []


def test_lines_go_to_a_file_whole(mm: Command, here: Path, api: FakeApi, stored: Stored) -> None:
    api.predictions = [ANSWER]
    ran = mm("predict", stored.folder, "--text", "a", "--out", "new/p.jsonl")
    assert (ran.status, ran.out) == (0, "")
    assert json.loads((here / "new" / "p.jsonl").read_text())["label"] == "good"
    ran = mm("predict", stored.folder, "--text", "a", "--out", "cards")
    assert ran.status == 1
    assert "cards: cannot be written" in ran.err
