"""Hub models, without the hub: a local cache, a local server, and no connection at all."""

import shutil
import threading
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import huggingface_hub
import pytest
import torch

from mmbench.cards import HubModel
from mmbench.errors import TrialError
from mmbench.models import hub
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from tests.models.samples import text_card

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "acme/tiny-bert"
MAIN = HubModel(via="hub", repo=REPO)
PINNED = HubModel(via="hub", repo=REPO, revision=COMMIT)


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(root))
    return root


@pytest.fixture
def cached_repo(hub_cache: Path, bert_folder: Path) -> Path:
    """The repository as an earlier download left it."""
    repo = hub_cache / "models--acme--tiny-bert"
    shutil.copytree(bert_folder, repo / "snapshots" / COMMIT)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(COMMIT)
    return repo


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, hub_cache: Path) -> Iterator[dict[str, str]]:
    """An endpoint on this machine that answers every request with one status and error code."""
    answer = {"status": "404", "code": ""}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(answer["status"]))
            self.send_header("X-Error-Code", answer["code"])
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    answer["endpoint"] = f"http://127.0.0.1:{listening.server_port}"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", answer["endpoint"])
    yield answer
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.mark.usefixtures("offline")
def test_a_downloaded_model_loads_offline(cached_repo: Path, bert_folder: Path) -> None:
    for source in (MAIN, PINNED):
        ours, theirs = load(text_card(source)), load(text_card(bert_folder))
        assert all(
            torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)
        )


@pytest.mark.usefixtures("offline")
def test_a_hub_model_is_its_commit(cached_repo: Path) -> None:
    assert weights_digest(text_card(PINNED)) == COMMIT
    assert weights_digest(text_card(MAIN)) == COMMIT  # by the local reference
    tagged = HubModel(via="hub", repo=REPO, revision="v1")
    with pytest.raises(TrialError, match=r"v1 on https(.|\n)*pin source\.revision to a commit"):
        weights_digest(text_card(tagged))


@pytest.mark.usefixtures("offline", "hub_cache")
def test_a_pinned_commit_needs_no_hub() -> None:
    assert weights_digest(text_card(PINNED)) == COMMIT


@pytest.mark.usefixtures("offline", "hub_cache")
def test_offline_says_that_it_is_and_how_to_fetch() -> None:
    with pytest.raises(TrialError) as caught:
        load(text_card(PINNED))
    message = str(caught.value)
    assert f"{REPO}@{COMMIT} on {huggingface_hub.constants.ENDPOINT} is not in the local" in message
    assert "HF_HUB_OFFLINE" in message
    assert message.endswith(f"hf download {REPO} --revision {COMMIT}")
    assert len(message.splitlines()) <= 2


@pytest.mark.usefixtures("offline")
def test_a_partial_copy_without_weights_says_how_to_fetch(cached_repo: Path) -> None:
    (cached_repo / "snapshots" / COMMIT / "model.safetensors").unlink()
    with pytest.raises(TrialError, match=r"neither model\*\.safetensors .* hf download acme/tiny"):
        load(text_card(MAIN))


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        ("404", "RepoNotFound", "does not exist, or is private: check source.repo"),
        ("401", "RepoNotFound", "does not exist, or is private: check source.repo"),
        ("403", "GatedRepo", "is gated: accept its terms on the hub, then .*run: hf auth login"),
        ("404", "RevisionNotFound", "has no revision 'v9': check source.revision"),
        ("418", "", "cannot be fetched: .*418.*\nCheck the connection, .*set HF_ENDPOINT"),
    ],
)
def test_what_the_hub_refuses_is_said_in_its_own_words(
    status: str, code: str, message: str, server: dict[str, str]
) -> None:
    server.update(status=status, code=code)
    card = text_card(HubModel(via="hub", repo=REPO, revision="v9"))
    for ask in (load, weights_digest):
        with pytest.raises(TrialError, match=message) as caught:
            ask(card)
        assert f"{REPO}@v9 on {server['endpoint']}" in str(caught.value)
        assert len(str(caught.value).splitlines()) <= 2


def test_no_connection_names_the_endpoint(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = "http://127.0.0.1:9"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", closed)
    with pytest.raises(TrialError, match=f"{REPO} on {closed} cannot be fetched: ConnectError"):
        load(text_card(MAIN))
    with pytest.raises(
        TrialError, match=r"pin source\.revision to a commit, or set HF_ENDPOINT to a mirror"
    ):
        weights_digest(text_card(MAIN))


def test_without_an_answer_the_local_reference_holds(
    cached_repo: Path, server: dict[str, str]
) -> None:
    server.update(status="500")
    assert weights_digest(text_card(MAIN)) == COMMIT
    load(text_card(MAIN))


@pytest.mark.usefixtures("hub_cache")
def test_a_name_that_the_hub_knows_to_be_none_is_refused() -> None:
    with pytest.raises(TrialError, match="is no name of a repository"):
        load(text_card(HubModel(via="hub", repo=f"a/{'b' * 100}")))


@pytest.mark.parametrize("pickled", [False, True])
def test_pickled_weights_are_fetched_only_where_nothing_else_is(
    pickled: bool, tmp_path: Path, bert_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote, local = tmp_path / "remote", tmp_path / "local"
    shutil.copytree(bert_folder, remote)
    (remote / "pytorch_model.bin").write_bytes(b"pickle")
    (remote / "onnx").mkdir()
    (remote / "onnx" / "config.json").write_text("{}")
    (remote / "modeling_own.py").write_text("")
    if pickled:
        (remote / "model.safetensors").unlink()

    def fetch(repo: str, *, revision: str | None, **rules: list[str]) -> str:
        names = [p.relative_to(remote).as_posix() for p in remote.rglob("*") if p.is_file()]
        local.mkdir(exist_ok=True)
        for name in names:  # the client matches with fnmatch as well
            allowed = any(fnmatch(name, pattern) for pattern in rules["allow_patterns"])
            if allowed and not any(fnmatch(name, pattern) for pattern in rules["ignore_patterns"]):
                shutil.copy(remote / name, local / name)
        return str(local)

    monkeypatch.setattr(hub, "snapshot_download", fetch)
    names = {path.name for path in hub.download(MAIN).iterdir()}
    weights = "pytorch_model.bin" if pickled else "model.safetensors"
    assert names == {"config.json", "tokenizer.json", "tokenizer_config.json", weights}


def test_of_a_repository_for_two_libraries_one_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LAION's hold a model for transformers beside the one for open_clip."""
    remote = ["config.json", "model.safetensors", "pytorch_model.bin", "open_clip_config.json"]
    remote += ["open_clip_model.safetensors", "open_clip_pytorch_model.bin", "vocab.json"]

    def fetch(repo: str, *, revision: str | None, **rules: list[str]) -> str:
        for name in remote:
            if any(fnmatch(name, pattern) for pattern in rules["allow_patterns"]):
                (tmp_path / name).write_text("")
        return str(tmp_path)

    monkeypatch.setattr(hub, "snapshot_download", fetch)
    common = {"config.json", "open_clip_config.json", "vocab.json"}
    for path in hub.download(MAIN, hub.OPEN_CLIP).iterdir():
        common.discard(path.name)
        assert path.suffix == ".json" or path.name == "open_clip_model.safetensors"
    assert not common
    remote.remove("open_clip_model.safetensors")
    (tmp_path / "open_clip_model.safetensors").unlink()
    assert (hub.download(MAIN, hub.OPEN_CLIP) / "open_clip_pytorch_model.bin").is_file()
    assert not (tmp_path / "pytorch_model.bin").exists()


@pytest.mark.usefixtures("offline")
def test_the_commit_of_an_open_clip_repository_is_known_by_its_own_config(
    cached_repo: Path,
) -> None:
    folder = cached_repo / "snapshots" / COMMIT
    (folder / "config.json").rename(folder / "open_clip_config.json")
    assert hub.commit(MAIN) == COMMIT
