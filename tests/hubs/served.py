"""A hub on this machine in place of the real ones, and a download folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import datasets
import huggingface_hub
import pytest
from huggingface_hub import constants

from mmbench.cards import FolderModel, ModelCard
from tests.hubs.server import Hub, Listening, Repository

REPO = "acme/tiny-bert"
COPY = "mirror/tiny-bert"
DATA = "acme/colours"


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the client libraries keep what they fetch."""
    root = tmp_path / "downloads"
    monkeypatch.setattr(constants, "HF_HOME", str(root))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(root / "hub"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", root / "datasets")
    monkeypatch.setattr(
        datasets.config, "DOWNLOADED_DATASETS_PATH", root / "datasets" / "downloads"
    )
    return root


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, downloads: Path) -> Iterator[Hub]:
    """HF_ENDPOINT is this machine, and a connection is allowed."""
    listening = Listening()
    go_online(monkeypatch, listening.hub.endpoint)
    yield listening.hub
    huggingface_hub.close_session()
    listening.close()


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch, downloads: Path) -> Iterator[Hub]:
    """ModelScope is this machine."""
    listening = Listening()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", listening.hub.endpoint)
    yield listening.hub
    huggingface_hub.close_session()
    listening.close()


@pytest.fixture
def checkpoint(tiny_bert: ModelCard) -> dict[str, bytes]:
    return checkpoint_of(tiny_bert)


def checkpoint_of(card: ModelCard) -> dict[str, bytes]:
    """What save_pretrained wrote, by name."""
    assert isinstance(card.source, FolderModel)
    return {path.name: path.read_bytes() for path in Path(card.source.path).iterdir()}


@pytest.fixture
def served(hub: Hub, checkpoint: dict[str, bytes]) -> Repository:
    """The checkpoint on Hugging Face, beside files that nobody needs."""
    extra = {"README.md": b"# tiny", "onnx/model.onnx": b"x" * 5000, "pytorch_model.bin": b"pickle"}
    found = Repository(files={**checkpoint, **extra})
    hub.repositories[f"models/{REPO}"] = found
    return found


@pytest.fixture
def copied(copies: Hub, checkpoint: dict[str, bytes]) -> Repository:
    """The checkpoint on ModelScope, beside files that nobody needs."""
    extra = {"README.md": b"# tiny", "configuration.json": b"{}", "onnx/model.onnx": b"x"}
    copies.repositories[f"models/{COPY}"] = Repository(files={**checkpoint, **extra})
    return copies.repositories[f"models/{COPY}"]


@pytest.fixture
def table() -> dict[str, bytes]:
    return parts_of()


def parts_of() -> dict[str, bytes]:
    """Notes that name a colour, as a repository of two parts; its README says which is which."""
    nouns = {"red": ("rose", "brick"), "green": ("grass", "leaf"), "blue": ("sky", "ink")}
    rows = [
        f"a {nouns[colour][row % 2]} of sort {'abcdefghij'[row % 10] * (1 + row % 7)},{colour}"
        for row in range(120)
        for colour in (list(nouns)[row % 3],)
    ]
    readme = """---
configs:
- config_name: plain
  data_files:
  - {split: train, path: data/train.csv}
  - {split: test, path: data/test.csv}
---
"""
    return {
        "README.md": readme.encode(),
        "data/train.csv": "\n".join(["note,colour", *rows[:90]]).encode(),
        "data/test.csv": "\n".join(["note,colour", *rows[90:]]).encode(),
        "other/unused.csv": b"a\n1\n",
    }


def go_online(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """What HF_ENDPOINT and an unset HF_HUB_OFFLINE do to libraries that are imported already."""
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        endpoint + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", endpoint)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
