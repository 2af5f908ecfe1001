"""A card's files and no others, whatever else a cache holds."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import HubData, HubModel, ModelCard
from mmbench.data.sources import read_parts
from mmbench.hubs.files import alone
from mmbench.models import hub as models_hub
from tests.hubs.served import DATA, REPO, go_offline
from tests.hubs.server import COMMIT, Hub, Repository, sha256

FILES = {"a.json": b"{}", "deep/b.txt": b"words"}
DIGESTS = {name: sha256(content) for name, content in FILES.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "cache" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "cache"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_of_just_these_files_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    assert alone(folder, DIGESTS, tmp_path / "views") == folder
    assert not (tmp_path / "views").exists()


def test_other_files_are_left_out_and_links_survive_a_move(folder: Path, tmp_path: Path) -> None:
    (folder / "extra.json").write_bytes(b"not the card's")
    views = tmp_path / "views"
    view = alone(folder, DIGESTS, views)
    assert contents(view) == FILES
    assert alone(folder, DIGESTS, views) == view
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for each in ("cache", "views"):
        (tmp_path / each).rename(moved / each)
    assert contents(moved / "views" / view.name) == FILES


def test_a_link_that_leads_nowhere_or_to_something_else_is_made_anew(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "extra.json").write_bytes(b"")
    views = tmp_path / "views"
    view = alone(folder, DIGESTS, views)
    (view / "a.json").unlink()
    (view / "a.json").write_bytes(b"[]")
    (view / "deep" / "b.txt").unlink()
    (view / "deep" / "b.txt").symlink_to(tmp_path / "nowhere")
    assert contents(alone(folder, DIGESTS, views)) == FILES


def test_where_a_disk_knows_no_links_there_are_copies(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError("no links here")

    (folder / "extra.json").write_bytes(b"")
    monkeypatch.setattr("os.symlink", refuse)
    view = alone(folder, DIGESTS, tmp_path / "views")
    assert contents(view) == FILES
    assert not any(path.is_symlink() for path in view.rglob("*"))


@pytest.mark.usefixtures("served")
def test_what_an_earlier_download_left_is_not_the_model(
    tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    """The same commit, first in full, then by the files that a card names."""
    full = HubModel(via="hub", repo=REPO, revision=COMMIT)
    assert "tokenizer.json" in contents(models_hub.download(full))
    named = {n: sha256(c) for n, c in checkpoint.items() if n != "tokenizer.json"}
    folder = models_hub.download(replace(full, files=named))
    assert contents(folder) == {name: checkpoint[name] for name in named}


def test_rows_of_other_files_in_the_cache_are_not_the_data(
    hub: Hub, table: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a README every file would be read."""
    del table["README.md"]
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    every = {name: sha256(content) for name, content in table.items() if "data/" in name}
    source = HubData(via="hub", repo=DATA, revision=COMMIT, files=every)
    assert {part: len(rows) for part, rows in read_parts(source).items()} == {
        "train": 90,
        "test": 30,
    }
    one = {"data/train.csv": every["data/train.csv"]}
    assert read_parts(replace(source, files=one)).keys() == {"train"}
    go_offline(monkeypatch)
    assert read_parts(replace(source, files=one)).keys() == {"train"}
