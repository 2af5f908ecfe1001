"""The inputs of examples: those of the record's data, and of no others; small, and few."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mmbench.cards import FileData, Target, TaskCard
from mmbench.compare.cells import Cell
from mmbench.data.identity import data_digest, media_columns
from mmbench.records import SplitFacts
from mmbench.report import shown as room
from mmbench.report.shown import SIDE, Shown, shown
from tests.compare.conftest import make_record

TEXTS = ["short", "x" * 200, "two\nlines", "<script>", "e", "f"]


def cell_of(task: TaskCard, *, examples: int = 6) -> Cell:
    made = make_record(facts=(SplitFacts(split="test", examples=examples),))
    digests = {"task": data_digest(task.source, media_columns=media_columns(task))}
    return Cell(records=(replace(made, trial=replace(made.trial, task=task, digests=digests)),))


@pytest.fixture(name="texts")
def fixture_texts(tmp_path: Path) -> Cell:
    test, train = tmp_path / "test.csv", tmp_path / "train.csv"
    lines = [f'"{text}",{"ab"[row % 2]}' for row, text in enumerate(TEXTS)]
    test.write_text("\n".join(["text,label", *lines]) + "\n")
    train.write_text("text,label\n" + "".join(f"row {n},{'ab'[n % 2]}\n" for n in range(60)))
    source = FileData(via="files", files={"train": str(train), "test": str(test)})
    return cell_of(replace(make_record().trial.task, source=source))


@pytest.fixture(name="images")
def fixture_images(tmp_path: Path) -> Cell:
    for part in ("train", "test"):
        for label, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
            folder = tmp_path / part / label
            folder.mkdir(parents=True)
            for number in range(20 if part == "train" else 3):
                picture = Image.new("RGB", (300, 150 + number), colour)
                picture.putpixel((0, 0), (number, len(part), len(label)))
                picture.save(folder / f"{number}.png")
    source = FileData(via="files", files={part: str(tmp_path / part) for part in ("train", "test")})
    task = replace(
        make_record().trial.task,
        inputs={"image": "image"},
        target=Target(column="label"),
        source=source,
    )
    return cell_of(task)


def test_texts_are_one_line_and_no_longer_than_a_cell(texts: Cell) -> None:
    found = shown(texts, "test", ["test/2", "test/1", "test/99", "test/2"])
    assert found == Shown(texts={"test/2": "two lines", "test/1": "x" * 120 + "…"})


def test_pictures_are_small(images: Cell) -> None:
    found = shown(images, "test", ["blue/0.png", "red/2.png"])
    assert not found.texts
    read = {name: Image.open(BytesIO(file)) for name, file in found.pictures.items()}
    assert sorted(read) == ["blue/0.png", "red/2.png"]
    assert all(max(picture.size) == SIDE for picture in read.values())
    assert all(picture.format == "WEBP" for picture in read.values())
    colours = {name: picture.convert("RGB").getpixel((48, 24)) for name, picture in read.items()}
    assert colours["red/2.png"] == pytest.approx((200, 0, 0), abs=12)
    assert colours["blue/0.png"] == pytest.approx((0, 0, 200), abs=12)


def test_a_picture_that_cannot_be_read_is_left_out(
    images: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmbench.data.pictures.MAX_PIXELS", 10)
    assert shown(images, "test", ["red/0.png"]) == Shown()


def test_data_that_changed_or_are_gone_are_not_shown(texts: Cell) -> None:
    source = texts.task.source
    assert isinstance(source, FileData)
    path = Path(source.files["test"])
    path.write_text(path.read_text().replace("short", "edited"))
    assert shown(texts, "test", ["test/0"]) == Shown(why="gone")
    path.unlink()
    assert shown(texts, "test", ["test/0"]) == Shown(why="gone")


def test_much_data_is_not_read(texts: Cell, images: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    many = cell_of(images.task, examples=room.MOST_MEDIA + 1)
    assert shown(many, "test", ["test/0"]) == Shown(why="large")
    monkeypatch.setattr(room, "MOST_BYTES", 1)
    assert shown(texts, "test", ["test/0"]) == Shown(why="large")
    assert shown(images, "test", ["test/0"]) == Shown(why="large")
