"""A small data set, served by this machine, through the real `datasets` and our reader."""

from dataclasses import replace

import pytest

from mmbench.cards import HubData, TaskCard
from mmbench.data.hub_files import files_of_rows, sizes
from mmbench.data.identity import data_digest
from mmbench.data.sources import read_parts
from mmbench.data.tasks import load_task
from mmbench.errors import DataError
from tests.hubs.served import DATA, go_offline
from tests.hubs.server import COMMIT, Hub, Repository, sha256

SOURCE = HubData(via="hub", repo=DATA, subset="plain")
PINNED = replace(SOURCE, revision=COMMIT)


@pytest.fixture
def published(hub: Hub, table: dict[str, bytes]) -> Repository:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    return hub.repositories[f"datasets/{DATA}"]


@pytest.mark.usefixtures("published")
def test_the_parts_of_a_repository_are_read_and_make_a_task(hub: Hub, colours: TaskCard) -> None:
    data = load_task(replace(colours, source=SOURCE))
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 81,
        "validation": 9,
        "test": 30,
    }
    assert data.labels == ("blue", "green", "red")
    assert data_digest(SOURCE) == f"{COMMIT}:plain"
    assert not any("unused" in path for path in hub.paths() if "/resolve/" in path)


@pytest.mark.usefixtures("published")
def test_what_was_fetched_is_read_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    online = read_parts(PINNED)["train"].values("note")
    go_offline(monkeypatch)
    assert read_parts(PINNED)["train"].values("note") == online
    with pytest.raises(DataError, match=r"holds commit .* alone, not the pinned one"):
        read_parts(replace(SOURCE, revision="f" * 40))


@pytest.mark.usefixtures("published")
def test_a_download_that_stays_broken_is_an_error_and_no_data(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.cut["data/train.csv"] = 10_000
    with pytest.raises(DataError, match=f"cannot be read from {hub.endpoint}"):
        read_parts(PINNED)
    hub.cut.clear()
    assert len(read_parts(PINNED)["train"]) == 90


def test_a_gated_data_set_says_how_to_get_in(hub: Hub, published: Repository) -> None:
    published.gated = True
    with pytest.raises(DataError, match="gated") as caught:
        read_parts(SOURCE)
    assert hub.endpoint in str(caught.value)
    assert "hf auth login" in str(caught.value)
    assert "or name files of yours in a copy of the card: source.via: files" in str(caught.value)
    assert "--model-path" not in str(caught.value), "which is for models alone"


@pytest.mark.usefixtures("published")
def test_a_rate_limit_is_waited_for(hub: Hub) -> None:
    hub.limited = 1
    assert data_digest(SOURCE) == f"{COMMIT}:plain"
    hub.limited = 1
    assert len(read_parts(SOURCE)["test"]) == 30
    assert hub.limited == 0


@pytest.mark.usefixtures("published")
def test_a_rate_limit_that_stays_says_what_to_do(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.limited = 100_000
    with pytest.raises(DataError, match=r"\(429\)"):
        read_parts(SOURCE)
    with pytest.raises(DataError, match=r"\(429\)"):
        data_digest(SOURCE)


def test_files_that_a_card_names_are_read_and_no_others(
    hub: Hub, published: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {n: sha256(c) for n, c in published.files.items() if not n.startswith("other/")}
    source = replace(PINNED, files=named)
    before = data_digest(source)
    assert not hub.asked, "the card says what the data are"
    assert {part: len(table) for part, table in read_parts(source).items()} == {
        "train": 90,
        "test": 30,
    }
    assert not any("unused" in path for path in hub.paths() if "/resolve/" in path)
    assert data_digest(replace(source, revision=None)) == before
    go_offline(monkeypatch)
    assert len(read_parts(source)["train"]) == 90


def test_a_file_whose_digest_is_not_the_cards_is_refused(published: Repository) -> None:
    named = {n: sha256(c) for n, c in published.files.items() if not n.startswith("other/")}
    source = replace(PINNED, files=named | {"data/test.csv": "0" * 64})
    with pytest.raises(DataError, match=r"data/test\.csv has sha256 .*, the card says 000000"):
        read_parts(source)


def test_the_files_of_a_subset_and_their_sizes_are_told_without_fetching_them(
    hub: Hub, published: Repository
) -> None:
    assert files_of_rows(SOURCE) == ["data/test.csv", "data/train.csv"]
    assert sizes(SOURCE) == {
        name: (len(published.files[name]), False) for name in ("data/test.csv", "data/train.csv")
    }
    assert not any(".csv" in path for path in hub.paths() if "/resolve/" in path)
