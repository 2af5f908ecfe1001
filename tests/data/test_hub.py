"""The hub: read through `datasets`, offline with a clear word, never another commit."""

from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants

from mmbench.cards import HubData, Target
from mmbench.data.hub import commit_of
from mmbench.data.identity import data_digest
from mmbench.data.sources import read_parts
from mmbench.data.tasks import load_task
from mmbench.errors import DataError

PINNED = "0123456789" * 4
PNG = b"\x89PNG, never decoded here"
SOURCE = HubData(via="hub", repo="someone/some-data", subset="zh", revision=PINNED)

load_for_real = datasets.load_dataset


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """`load_dataset(repo, …)` reads Parquet files that were written here; gives the calls."""
    calls: list[Any] = []
    for part, count in (("train", 20), ("test", 8)):
        rows = {
            "picture": [{"bytes": PNG + bytes([i]), "path": None} for i in range(count)],
            "words": [f"{part} {i}" for i in range(count)],
            "kind": [i % 2 for i in range(count)],
        }
        features = datasets.Features(
            {
                "picture": datasets.Image(),
                "words": datasets.Value("string"),
                "kind": datasets.ClassLabel(names=["no", "yes"]),
            }
        )
        datasets.Dataset.from_dict(rows, features=features).to_parquet(tmp_path / f"{part}.parquet")

    def load(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        files = {part: str(tmp_path / f"{part}.parquet") for part in ("train", "test")}
        return load_for_real("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))

    monkeypatch.setattr(datasets, "load_dataset", load)
    return calls


def test_splits_become_parts_and_images_stay_encoded(repository: list[Any]) -> None:
    parts = read_parts(SOURCE)
    assert repository == [(("someone/some-data", "zh"), {"revision": PINNED, "token": None})]
    assert {part: len(table) for part, table in parts.items()} == {"train": 20, "test": 8}
    assert parts["test"].values("words")[0] == "test 0"
    assert parts["test"].values("kind")[:2] == [0, 1]
    assert parts["test"].values("picture")[1]["bytes"] == PNG + b"\x01"


def test_a_task_reads_them(repository: list[Any], make_card: Any) -> None:
    card = make_card(
        source=SOURCE, inputs={"image": "picture", "text": "words"}, target=Target(column="kind")
    )
    data = load_task(card)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 18,
        "test": 8,
        "validation": 2,
    }
    assert data.splits["test"].inputs["image"][1] == PNG + b"\x01"
    assert data.labels == (0, 1)


def test_offline_is_said_with_repository_endpoint_and_the_next_step() -> None:
    for call in (read_parts, data_digest):
        with pytest.raises(DataError) as caught:
            call(HubData(via="hub", repo="someone/some-data"))
        message = str(caught.value)
        assert "someone/some-data at main" in message
        assert constants.ENDPOINT in message
        assert "pin source.revision" in message
        assert len(message.splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (datasets.exceptions.DatasetNotFoundError("It doesn't exist"), "It doesn't exist"),
        (ValueError("Config name is missing.\nPick one of ['zh']"), r"missing\. Pick one of"),
        (datasets.exceptions.DatasetGenerationError("broken file"), "broken file"),
        (RuntimeError("Dataset scripts are no longer supported"), "no longer supported"),
    ],
)
def test_what_the_library_says_is_passed_on_in_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(DataError, match=message) as caught:
        read_parts(SOURCE)
    assert "Check source.repo, source.subset and source.revision" in str(caught.value)


def test_a_cached_commit_other_than_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, load_dataset falls back to whatever commit it has cached."""
    other = "f" * 40
    folder = tmp_path / "someone___some-data" / "zh" / "0.0.0"
    rows = datasets.Dataset.from_dict({"words": ["a"]})
    for commit in (other, PINNED):
        rows.save_to_disk(str(folder / commit))
    chosen = other

    def load(*args: Any, **kwargs: Any) -> Any:
        return datasets.DatasetDict({"train": datasets.load_from_disk(str(folder / chosen))})

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(DataError, match=f"holds commit {other} alone, not the pinned one"):
        read_parts(SOURCE)
    chosen = PINNED
    assert len(read_parts(SOURCE)["train"]) == 1


def test_a_folder_that_would_be_read_in_place_of_the_hub_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "someone" / "some-data").mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "someone" / "some-data" / "train.parquet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="hides the hub's 'someone/some-data'"):
        read_parts(SOURCE)


# -------------------------------------------------------------------------------- identity


def test_the_digest_is_the_commit_and_the_subset() -> None:
    assert data_digest(SOURCE) == f"{PINNED}:zh"
    assert data_digest(HubData(via="hub", repo="a/b", revision=PINNED)) == PINNED


def test_an_unpinned_revision_is_resolved_by_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        sha = PINNED

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *args, **kwargs: Answer())
    assert commit_of(HubData(via="hub", repo="a/b")) == PINNED


def test_offline_the_caches_reference_tells_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    reference = tmp_path / "datasets--a--b" / "refs" / "main"
    reference.parent.mkdir(parents=True)
    reference.write_text(PINNED)
    assert commit_of(HubData(via="hub", repo="a/b")) == PINNED
    reference.write_text("cut off")
    with pytest.raises(DataError, match="cannot be read"):
        commit_of(HubData(via="hub", repo="a/b"))
