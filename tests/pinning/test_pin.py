"""Cards filled in from hubs on this machine: what is told, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmbench.cards import HubData, HubModel, ModelCard, ModelScopeData, ModelScopeModel, TaskCard
from mmbench.catalog import builtin_root
from mmbench.codec import load_card
from mmbench.errors import CardError
from mmbench.hubs.files import Listing
from mmbench.pinning import pin
from mmbench.pinning.pin import pin_model, pin_task
from tests.hubs.served import DATA, REPO
from tests.hubs.server import COMMIT, Hub, Repository, sha256

MODEL = """\
# a card of ours
name: tiny
family: BERT
languages: [en]
modalities: [text]
adapter: text
library: transformers
source:
  via: hub
  repo: acme/tiny-bert   # the only one
  modelscope: {repo: mirror/tiny-bert, official: false}
gives: [pooled]
parameters: 1000
text: {max_tokens: 32, pooling: mean}
"""
TASK = """\
name: colours
version: 1
kind: classification
languages: [en]
inputs: {text: note}
target: {column: colour}
source: {via: hub, repo: acme/colours, subset: plain}
metrics: [accuracy]
licence: null
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(MODEL)
    return path


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "colours.yaml"
    path.write_text(TASK)
    return path


def written(found: pin.Pinned) -> Path:
    found.path.write_text(found.text)
    return found.path


def test_a_model_gets_its_revision_digests_and_licence(
    model: Path, served: Repository, copies: Hub, checkpoint: dict[str, bytes]
) -> None:
    served.licence = "apache-2.0"
    copies.repositories["models/mirror/tiny-bert"] = Repository(
        files={**checkpoint, "configuration.json": b"{}"}, commit="f" * 40
    )
    found = pin_model(model)
    assert found.changes == [
        f"revision {COMMIT[:12]}",
        f"sha256 of {len(checkpoint)} files",
        "ModelScope's revision ffffffffffff",
        "licence Apache-2.0",
    ]
    assert (found.notes, found.missed) == ([], [])
    card = load_card(ModelCard, written(found))
    assert isinstance(card.source, HubModel)
    assert card.source.revision == COMMIT
    assert card.source.files == {name: sha256(content) for name, content in checkpoint.items()}
    assert card.source.modelscope is not None
    assert card.source.modelscope.revision == "f" * 40
    assert card.licence == "Apache-2.0"
    kept = [line for line in found.text.splitlines() if line in MODEL.splitlines()]
    assert kept == [line for line in MODEL.splitlines() if "mirror" not in line]
    again = pin_model(model)
    assert (again.changes, again.notes, again.missed) == ([], [], [])
    assert again.text == found.text


def test_a_task_gets_the_digests_of_the_files_that_hold_its_rows(
    task: Path, hub: Hub, table: dict[str, bytes]
) -> None:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table, licence="mit")
    found = pin_task(task)
    card = load_card(TaskCard, written(found))
    assert isinstance(card.source, HubData)
    assert card.source.revision == COMMIT
    assert card.source.files == {
        name: sha256(content) for name, content in table.items() if not name.startswith("other/")
    }
    assert card.licence == "MIT"
    assert pin_task(task).changes == []


def test_a_hub_that_does_not_answer_leaves_the_card_as_it_is(model: Path, hub: Hub) -> None:
    found = pin_model(model)
    assert found.text == MODEL
    assert found.changes == []
    (said,) = found.missed
    assert f"{REPO} on {hub.endpoint} does not exist" in said


def test_a_licence_without_a_name_and_one_that_differs_are_not_written(
    model: Path, served: Repository, copies: Hub
) -> None:
    served.licence = "other"
    assert "licence" not in pin_model(model).text
    served.licence = "mit"
    model.write_text(MODEL + "licence: apache-2.0\n")
    found = pin_model(model)
    assert "the hub says licence mit, the card apache-2.0" in found.notes
    assert "licence: apache-2.0" in found.text
    assert any("mirror/tiny-bert" in said for said in found.missed)


@pytest.mark.parametrize(
    ("told", "written_as"),
    [
        ("bsd-3-clause", "BSD-3-Clause"),
        ("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0"),
        ("cc0-1.0", "CC0-1.0"),
        ("cc", "cc"),
        ("openrail", "openrail"),
    ],
)
def test_a_licence_is_spelled_as_the_cards_spell_it(
    told: str, written_as: str, task: Path, hub: Hub, table: dict[str, bytes]
) -> None:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table, licence=told)
    assert load_card(TaskCard, written(pin_task(task))).licence == written_as
    assert pin_task(task).notes == [], "the spelling is no difference"


def test_a_mirror_with_other_files_is_told(
    model: Path, served: Repository, copies: Hub, checkpoint: dict[str, bytes]
) -> None:
    other = {**checkpoint, "config.json": b"{}"}
    del other["tokenizer.json"]
    copies.repositories["models/mirror/tiny-bert"] = Repository(files=other)
    notes = pin_model(model).notes
    assert any("lacks tokenizer.json" in said for said in notes)
    assert any("has another config.json than the card means" in said for said in notes)


def test_what_is_pinned_already_stays_and_a_difference_is_told(
    model: Path, served: Repository, copies: Hub, checkpoint: dict[str, bytes]
) -> None:
    model.write_text(
        MODEL.replace(
            "# the only one\n",
            f"\n  revision: main\n  files: {{model.safetensors: {'ab' * 32}}}\n",
        )
    )
    found = pin_model(model)
    assert "revision: main" in found.text
    assert not any("sha256" in said or "revision 0" in said for said in found.changes)
    assert "Hugging Face has another model.safetensors than the card means" in found.notes


def test_data_in_too_many_pieces_are_pinned_by_their_revision(
    task: Path, hub: Hub, table: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin, "MOST_FILES", 2)
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    found = pin_task(task)
    assert found.changes == [f"revision {COMMIT[:12]}"]
    assert found.notes == ["3 files hold its rows: pinned by revision alone"]


def test_an_edit_that_would_change_more_never_reaches_the_disk(
    model: Path, served: Repository, copies: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(text: str, *args: object, **kwargs: object) -> str:
        return text.replace("parameters: 1000", "parameters: 1001")

    monkeypatch.setattr(pin, "set_field", spoil)
    with pytest.raises(CardError, match="cannot be filled in without changing something else"):
        pin_model(model)


@pytest.mark.parametrize(("folder", "fill"), [("models", pin_model), ("tasks", pin_task)])
def test_every_card_of_the_registry_can_be_filled_in(
    folder: str, fill: Callable[[Path], pin.Pinned], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the edit is checked by reading the new text, one that goes wrong is an error here."""
    told = Listing(files={}, commit=COMMIT, licence="mit")
    digests = {"config.json": "0" * 64, "data/train-0.parquet": "ab" * 32}
    for place in ("models.hub", "data.hub_files", "hubs.modelscope"):
        monkeypatch.setattr(f"mmbench.{place}.listing", lambda source: told)
    monkeypatch.setattr("mmbench.data.hub_files.files_of_rows", lambda source: [])
    monkeypatch.setattr("mmbench.hubs.hugging_face.digests", lambda *args: digests)
    pinned = [fill(path) for path in (builtin_root() / folder).glob("*.yaml")]
    changed = [found for found in pinned if found.changes]
    assert len(changed) > 15
    assert all(f"sha256 of {len(digests)} files" in found.changes for found in changed)
    assert all("\n  files:\n    config.json: " in found.text for found in changed)


def test_a_card_of_modelscope_alone_is_filled_in_from_there(
    model: Path, copies: Hub, checkpoint: dict[str, bytes]
) -> None:
    text = MODEL.replace("via: hub", "via: modelscope").replace("acme/", "mirror/")
    model.write_text("".join(t for t in text.splitlines(keepends=True) if "official" not in t))
    found = pin_model(model)
    assert [REPO.split("/")[1] in said for said in found.missed] == [True]
    copies.repositories["models/mirror/tiny-bert"] = Repository(
        files={**checkpoint, "README.md": b"#"}, licence="Apache License 2.0"
    )
    card = load_card(ModelCard, written(pin_model(model)))
    assert isinstance(card.source, ModelScopeModel)
    assert card.source.revision == COMMIT
    assert card.source.files == {name: sha256(content) for name, content in checkpoint.items()}
    assert card.licence == "Apache License 2.0"
    assert pin_model(model).changes == []
    copies.untold = True
    model.write_text(text.replace("  modelscope: {repo: mirror/tiny-bert, official: false}\n", ""))
    found = pin_model(model)
    assert found.changes == [f"revision {COMMIT[:12]}", "licence Apache License 2.0"]
    assert "of unknown sha256: they stay open" in found.notes[0]


def test_a_task_of_modelscope_alone_is_filled_in_from_there(
    task: Path, copies: Hub, table: dict[str, bytes]
) -> None:
    task.write_text(TASK.replace("via: hub", "via: modelscope"))
    copies.repositories[f"datasets/{DATA}"] = Repository(files=table)
    card = load_card(TaskCard, written(pin_task(task)))
    assert isinstance(card.source, ModelScopeData)
    assert card.source.files == {name: sha256(content) for name, content in table.items()}
    assert card.licence is None


def test_a_repository_without_weights_pins_nothing(model: Path, hub: Hub) -> None:
    hub.repositories[f"models/{REPO}"] = Repository(files={"README.md": b"#"})
    found = pin_model(model)
    assert "holds no files that could be read" in found.missed[0]


def test_a_card_that_no_hub_has_a_part_in_is_left_alone(model: Path) -> None:
    model.write_text(
        MODEL.split("source:")[0]
        + "source: {via: folder, path: weights}\ngives: [pooled]\n"
        + "text: {max_tokens: 32, pooling: mean}\n"
    )
    found = pin_model(model)
    assert (found.changes, found.notes, found.missed) == ([], [], [])
