"""`mmbench prefetch`, then `mmbench run --offline` against a hub that is gone, as they are typed.

The commands are processes of their own, as the libraries read HF_ENDPOINT when they are imported.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mmbench.cards import FolderModel, ModelCard
from mmbench.cli.prefetch import _check_room
from mmbench.errors import StoreError
from mmbench.fetching.sizes import Size
from tests.cli.conftest import Command
from tests.hubs.served import DATA, REPO, checkpoint_of, parts_of
from tests.hubs.server import COMMIT, Listening, Repository, sha256
from tests.specimens import RECIPE_FIELDS, write_card

SUITE = {"blocks": [{"models": ["tiny"], "tasks": ["colours"], "recipes": ["quick"]}]}


@pytest.fixture
def listening() -> Iterator[Listening]:
    hub = Listening()
    yield hub
    hub.close()


@pytest.fixture
def here(tmp_path: Path, listening: Listening, tiny_bert: ModelCard) -> Path:
    """A folder with the cards of a suite whose model and data lie on the hub."""
    weights, rows = checkpoint_of(tiny_bert), parts_of()
    listening.hub.repositories[f"models/{REPO}"] = Repository(files=weights)
    listening.hub.repositories[f"datasets/{DATA}"] = Repository(files=rows)
    listening.hub.repositories["models/mirror/tiny"] = Repository(files=weights)
    listening.hub.repositories["datasets/mirror/colours"] = Repository(files=rows)
    cards = tmp_path / "cards"
    model: dict[str, object] = {
        "name": "tiny",
        "family": "bert",
        "languages": ["en"],
        "modalities": ["text"],
        "adapter": "text",
        "library": "transformers",
        "source": {
            "via": "hub",
            "repo": REPO,
            "revision": COMMIT,
            "files": {name: sha256(content) for name, content in weights.items()},
            "modelscope": {"repo": "mirror/tiny", "official": False},
        },
        "gives": ["pooled", "tokens"],
        "text": {"max_tokens": 32, "pooling": "mean"},
    }
    task: dict[str, object] = {
        "name": "colours",
        "version": 1,
        "kind": "classification",
        "languages": ["en"],
        "inputs": {"text": "note"},
        "target": {"column": "colour"},
        "source": {
            "via": "hub",
            "repo": DATA,
            "subset": "plain",
            "revision": COMMIT,
            "files": {n: sha256(rows[n]) for n in ("README.md", "data/train.csv", "data/test.csv")},
            "modelscope": {"repo": "mirror/colours", "official": False},
        },
        "metrics": ["accuracy"],
    }
    write_card(cards, "models", model)
    write_card(cards, "tasks", task)
    write_card(cards, "recipes", {**RECIPE_FIELDS, "name": "quick", "epochs": 1})
    write_card(cards, "suites", {"name": "small", **SUITE})
    return tmp_path


def command(
    here: Path, endpoint: str, *words: str, hugging_face: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """endpoint: of both hubs, or of ModelScope alone where that of Hugging Face is another."""
    own = {n: value for n, value in os.environ.items() if "HF_" not in n and "OFFLINE" not in n}
    places = {
        "HF_ENDPOINT": hugging_face or endpoint,
        "MODELSCOPE_ENDPOINT": endpoint,
        "HF_HOME": str(here / "home"),
        "MMBENCH_CACHE": "cache",
    }
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "mmbench", *words, "--cards", "cards"],
        cwd=here,
        env={**own, **places, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("to", "hub", "said"),
    [
        (None, "hf", f"Hugging Face: {REPO} at {COMMIT[:12]}"),
        ("stick", "hf", f"Hugging Face: {DATA} at {COMMIT[:12]}"),
        ("stick", "modelscope", "ModelScope: mirror/tiny at unpinned"),
    ],
)
def test_what_was_prefetched_runs_without_any_connection(
    to: str | None, hub: str, said: str, here: Path, listening: Listening
) -> None:
    endpoint, other = listening.hub.endpoint, ["--hub", hub] if hub != "hf" else []
    fetched = command(here, endpoint, "prefetch", "small", *other, *(["--to", to] if to else []))
    assert fetched.returncode == 0, fetched.stderr
    assert said in fetched.stdout
    assert "to fetch: " in fetched.stdout
    words = fetched.stdout.splitlines()[-1].split()
    origin = [*other, *(["--from", to] if to else [])]
    assert words == ["mmbench", "run", "small", "--cards", "cards", *origin, "--offline"]
    listening.close()
    ran = command(here, endpoint, "run", "small", *origin, "--offline", "--device", "cpu")
    assert ran.returncode == 0, ran.stderr
    assert "1 ok, 0 reused, 0 failed" in ran.stderr
    if to:
        assert not (here / "home" / "hub").exists()
        assert (here / to / ("hub" if hub == "hf" else hub)).is_dir()


@pytest.mark.slow
def test_offline_without_a_prefetch_fails_and_says_how_to_fetch(
    here: Path, listening: Listening
) -> None:
    ran = command(here, listening.hub.endpoint, "run", "small", "--offline", "--device", "cpu")
    assert ran.returncode == 1
    assert "HF_HUB_OFFLINE (or --offline) forbids asking for it" in ran.stderr
    assert "mmbench prefetch" in ran.stderr
    assert not listening.hub.asked


@pytest.mark.slow
def test_sizes_alone_and_what_cannot_be_fetched(here: Path, listening: Listening) -> None:
    endpoint = listening.hub.endpoint
    told = command(here, endpoint, "prefetch", "small", "--dry-run")
    assert told.returncode == 0, told.stderr
    assert not [path for path in listening.hub.paths() if "safetensors" in path]
    del listening.hub.repositories[f"datasets/{DATA}"]
    failed = command(here, endpoint, "prefetch", "small")
    assert failed.returncode == 1
    assert "colours: size unknown: " in failed.stdout
    assert "and 1 of unknown size" in failed.stdout
    assert "error: task colours: " in failed.stderr
    assert "1 of 2 could not be fetched" in failed.stderr
    card = here / "cards" / "models" / "tiny.yaml"
    fields = yaml.safe_load(card.read_text())
    fields["source"]["files"]["config.json"] = "0" * 64
    card.write_text(yaml.safe_dump(fields))
    wrong = command(here, endpoint, "prefetch", "small")
    assert "config.json has sha256" in wrong.stderr


def sources_of(here: Path) -> list[dict[str, object]]:
    """Where the model was read, by every record, the latest last."""
    paths = sorted((here / "results").rglob("record.json"), key=lambda path: path.parent.name)
    return [json.loads(path.read_text())["trial"]["model"]["source"] for path in paths]


@pytest.mark.slow
def test_the_same_files_read_elsewhere_are_the_same_trial(
    here: Path, listening: Listening, tiny_bert: ModelCard
) -> None:
    assert isinstance(tiny_bert.source, FolderModel)
    folder = tiny_bert.source.path

    def run(*words: str) -> str:
        ran = command(here, listening.hub.endpoint, "run", "small", "--device", "cpu", *words)
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    assert "1 ok, 0 reused" in run()
    assert "0 ok, 1 reused" in run("--hub", "modelscope")
    assert "0 ok, 1 reused" in run("--model-path", f"tiny={folder}")
    run("--hub", "modelscope", "--fresh")
    run("--model-path", f"tiny={folder}", "--fresh")
    first, second, third = sources_of(here)
    assert (first["via"], first["repo"]) == ("hub", REPO)
    assert (second["via"], second["repo"], second["copy_of"]) == ("modelscope", "mirror/tiny", REPO)
    assert second["official"] is False
    assert third == {"via": "folder", "path": folder, "copy_of": REPO}
    (other := here / "other").mkdir()
    for file in Path(folder).iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "vocab.txt").write_text((other / "vocab.txt").read_text() + "\n[unused]")
    assert "1 ok, 0 reused" in run("--model-path", "tiny=other")


@pytest.mark.slow
def test_a_hub_that_is_out_of_reach_gives_way_to_the_other_and_the_record_says_so(
    here: Path, listening: Listening
) -> None:
    nobody = "http://127.0.0.1:9"
    words = ("run", "small", "--device", "cpu", "--hub", "auto")
    ran = command(here, listening.hub.endpoint, *words, hugging_face=nobody)
    assert ran.returncode == 0, ran.stderr
    taken = f"--hub auto: ModelScope is taken: {listening.hub.endpoint} answers; Hugging Face"
    assert taken in ran.stderr
    (source,) = sources_of(here)
    assert (source["via"], source["repo"]) == ("modelscope", "mirror/tiny")
    report = (here / "reports" / "small" / "report.en.md").read_text()
    assert "--hub modelscope" in report
    assert "--hub auto" not in report
    listening.close()
    ended = command(here, listening.hub.endpoint, *words, hugging_face=nobody)
    assert ended.returncode == 2
    assert f"Hugging Face (HF_ENDPOINT, {nobody})" in ended.stderr
    assert f"ModelScope (MODELSCOPE_ENDPOINT, {listening.hub.endpoint})" in ended.stderr


def test_offline_it_says_so_at_once(mm: Command) -> None:
    ran = mm("prefetch", "quickstart")
    assert ran.status == 2
    assert "HF_HUB_OFFLINE is set" in ran.err


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "a" / "b"))
    free = shutil.disk_usage(tmp_path).free
    _check_room({0: Size(bytes=10, missing=10), 1: Size(bytes=None, missing=None)})
    with pytest.raises(StoreError, match=f"{tmp_path} has .* left, and .* are to be fetched"):
        _check_room({0: Size(bytes=free * 2, missing=free * 2)})
