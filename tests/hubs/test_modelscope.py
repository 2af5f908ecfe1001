"""ModelScope's plain interface, answered by this machine: the same card from the other hub."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import (
    HubData,
    HubModel,
    ModelCard,
    ModelScopeCopy,
    ModelScopeData,
    ModelScopeModel,
    Places,
    TaskCard,
)
from mmbench.data.identity import data_digest
from mmbench.data.sources import read_parts
from mmbench.errors import DataError, TrialError
from mmbench.hubs import modelscope
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from tests.hubs.served import DATA, go_offline
from tests.hubs.server import COMMIT, Hub, Repository, sha256
from tests.hubs.test_models_by_http import same_weights

COPY = "mirror/tiny-bert"
WEIGHTS = "model.safetensors"


@pytest.fixture
def copied(copies: Hub, checkpoint: dict[str, bytes]) -> Repository:
    extra = {"README.md": b"# tiny", "configuration.json": b"{}", "onnx/model.onnx": b"x"}
    copies.repositories[f"models/{COPY}"] = Repository(files={**checkpoint, **extra})
    return copies.repositories[f"models/{COPY}"]


def on_modelscope(card: ModelCard, revision: str | None = None) -> ModelCard:
    return replace(card, source=ModelScopeModel(via="modelscope", repo=COPY, revision=revision))


@pytest.mark.usefixtures("copied")
def test_a_model_is_fetched_with_what_it_needs_and_no_more(
    copies: Hub, tiny_bert: ModelCard
) -> None:
    assert same_weights(on_modelscope(tiny_bert), tiny_bert)
    asked = "\n".join(copies.paths())
    assert WEIGHTS in asked
    assert "README" not in asked
    assert "onnx" not in asked
    first = len(copies.asked)
    load(on_modelscope(tiny_bert))
    assert not any("FilePath" in path for path in copies.paths()[first:]), "all of it is here"


@pytest.mark.usefixtures("copied")
def test_a_revision_is_asked_for_and_one_that_is_not_there_is_an_error(
    copies: Hub, tiny_bert: ModelCard
) -> None:
    load(on_modelscope(tiny_bert, revision=COMMIT))
    assert all(f"Revision={COMMIT}" in path for path in copies.paths())
    with pytest.raises(TrialError, match=f"{COPY}@v9 on {copies.endpoint}.* no revision 'v9'"):
        load(on_modelscope(tiny_bert, revision="v9"))


@pytest.mark.usefixtures("copied")
def test_what_was_fetched_loads_offline(
    copies: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(on_modelscope(tiny_bert))
    digest = weights_digest(on_modelscope(tiny_bert))
    asked = len(copies.asked)
    go_offline(monkeypatch)
    assert same_weights(on_modelscope(tiny_bert), tiny_bert)
    assert weights_digest(on_modelscope(tiny_bert)) == digest
    assert len(copies.asked) == asked
    with pytest.raises(TrialError, match=r"HF_HUB_OFFLINE(.|\n)*mmbench prefetch --hub modelscope"):
        load(on_modelscope(tiny_bert, revision=COMMIT))


@pytest.mark.usefixtures("copied")
def test_a_file_that_changed_there_is_fetched_again(
    copied: Repository, tiny_bert: ModelCard
) -> None:
    load(on_modelscope(tiny_bert))
    before = weights_digest(on_modelscope(tiny_bert))
    copied.files["config.json"] += b"\n"
    load(on_modelscope(tiny_bert))
    folder = modelscope.Repository(kind="models", name=COPY).folder
    assert (folder / "config.json").read_bytes() == copied.files["config.json"]
    assert weights_digest(on_modelscope(tiny_bert)) != before


@pytest.mark.usefixtures("copied")
def test_a_download_that_breaks_off_is_taken_up(
    copies: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    copies.cut[WEIGHTS] = 2
    assert same_weights(on_modelscope(tiny_bert), tiny_bert)
    assert len(copies.sent("range")) == 2, "each time from where it had stopped"


@pytest.mark.usefixtures("copied")
def test_a_download_that_stays_broken_is_an_error_and_no_model(
    copies: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    copies.cut[WEIGHTS] = 10_000
    with pytest.raises(TrialError, match=r"cannot be fetched: .*\n.*--hub hf"):
        load(on_modelscope(tiny_bert))
    copies.cut.clear()
    assert same_weights(on_modelscope(tiny_bert), tiny_bert)


@pytest.mark.usefixtures("copied")
def test_bytes_that_are_not_those_listed_are_not_kept(
    copied: Repository, copies: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = modelscope.listing(modelscope.Repository(kind="models", name=COPY))
    copied.files[WEIGHTS] = copied.files[WEIGHTS][:-1] + b"!"
    monkeypatch.setattr(modelscope, "listing", lambda repository: listed)
    with pytest.raises(TrialError, match=f"{WEIGHTS} did not arrive as it is listed"):
        load(on_modelscope(tiny_bert))
    place = modelscope.Repository(kind="models", name=COPY).place
    assert not [path for path in place.rglob(f"{WEIGHTS}*") if path.is_file()]


def test_a_gated_repository_asks_for_a_token(
    copied: Repository, copies: Hub, tiny_bert: ModelCard
) -> None:
    copied.gated = True
    with pytest.raises(TrialError, match=r"gated or private: .*MODELSCOPE_API_TOKEN"):
        load(on_modelscope(tiny_bert))


@pytest.mark.usefixtures("copied")
def test_a_rate_limit_is_waited_for(copies: Hub, tiny_bert: ModelCard) -> None:
    copies.limited = 1
    assert same_weights(on_modelscope(tiny_bert), tiny_bert)
    assert copies.limited == 0


@pytest.mark.usefixtures("copies")
@pytest.mark.parametrize("name", ["../../etc/passwd", "a", "a/b/c", "a/..", "a/b?x=1"])
def test_what_is_no_name_is_refused(name: str, tiny_bert: ModelCard, copies: Hub) -> None:
    source = ModelScopeModel(via="modelscope", repo=name)
    with pytest.raises(TrialError, match="is no name of a repository"):
        load(replace(tiny_bert, source=source))
    with pytest.raises(TrialError, match="is no name of a revision"):
        load(on_modelscope(tiny_bert, revision="../../x"))
    assert not copies.asked


def test_a_path_that_leads_out_of_the_folder_is_not_followed(
    copied: Repository, tiny_bert: ModelCard, downloads: Path
) -> None:
    copied.files["../../../escaped.json"] = b"{}"
    load(on_modelscope(tiny_bert))
    assert not list(downloads.parent.rglob("escaped.json"))


@pytest.mark.usefixtures("copied")
def test_a_rate_limit_that_stays_and_a_page_in_place_of_an_answer_are_told(
    copies: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    copies.limited = 10_000
    with pytest.raises(TrialError, match=r"too many requests \(429\)"):
        load(on_modelscope(tiny_bert))
    copies.limited = 0
    copies.garbled = True
    with pytest.raises(TrialError, match=r"none of ModelScope's; check MODELSCOPE_ENDPOINT"):
        load(on_modelscope(tiny_bert))


@pytest.mark.usefixtures("downloads")
def test_no_connection_names_the_endpoint_and_the_other_hub(
    tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9/")
    with pytest.raises(TrialError) as caught:
        load(on_modelscope(tiny_bert))
    assert f"{COPY} on http://127.0.0.1:9 cannot be fetched: ConnectError" in str(caught.value)
    assert str(caught.value).endswith("--hub hf")


def test_a_model_whose_digests_nobody_tells_has_no_identity_until_its_card_names_them(
    copied: Repository, copies: Hub, tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    copies.untold = True
    with pytest.raises(TrialError, match=r"not told; name them under source\.files"):
        weights_digest(on_modelscope(tiny_bert))
    named = {name: sha256(content) for name, content in checkpoint.items()}
    card = replace(tiny_bert, source=ModelScopeModel(via="modelscope", repo=COPY, files=named))
    assert weights_digest(card) == weights_digest(tiny_bert)
    assert same_weights(card, tiny_bert)
    copies.repositories["datasets/mirror/colours"] = Repository(files={"a.csv": b"a\n1\n"})
    with pytest.raises(DataError, match=r"not told; name them under source\.files"):
        data_digest(ModelScopeData(via="modelscope", repo="mirror/colours"))


def test_a_file_that_a_card_names_and_the_hub_lacks_is_named(
    copied: Repository, tiny_bert: ModelCard
) -> None:
    source = ModelScopeModel(via="modelscope", repo=COPY, files={"none.json": "0" * 64})
    with pytest.raises(TrialError, match=r"has no file none\.json: check source\.files"):
        load(replace(tiny_bert, source=source))


# ------------------------------------------------------------------- one card, either hub


@pytest.mark.usefixtures("served", "copied")
def test_the_same_files_are_the_same_model_on_either_hub(
    tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    source = HubModel(
        via="hub",
        repo="acme/tiny-bert",
        files={name: sha256(content) for name, content in checkpoint.items()},
        modelscope=ModelScopeCopy(repo=COPY, official=False),
    )
    card = replace(tiny_bert, source=source)
    other = Places(hub="modelscope").of_model(card)
    assert isinstance(other.source, ModelScopeModel)
    assert (other.source.repo, other.source.copy_of) == (COPY, "acme/tiny-bert")
    assert other.source.official is False
    assert weights_digest(card) == weights_digest(other) == weights_digest(tiny_bert)
    assert same_weights(card, other)


def test_a_mirror_with_other_weights_is_refused(
    copied: Repository, tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    right = {name: sha256(content) for name, content in checkpoint.items()}
    copied.files[WEIGHTS] = checkpoint[WEIGHTS][:-1] + b"!"
    source = ModelScopeModel(via="modelscope", repo=COPY, files=right)
    with pytest.raises(TrialError, match=f"{WEIGHTS} has sha256 .* the card says"):
        load(replace(tiny_bert, source=source))


def test_data_are_the_same_rows_on_either_hub(
    hub: Hub, copies: Hub, colours: TaskCard, table: dict[str, bytes]
) -> None:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    copies.repositories["datasets/mirror/colours"] = Repository(files=table)
    named = {n: sha256(c) for n, c in table.items() if not n.startswith("other/")}
    source = HubData(
        via="hub",
        repo=DATA,
        subset="plain",
        files=named,
        modelscope=ModelScopeCopy(repo="mirror/colours", official=True),
    )
    card = replace(colours, source=source)
    other = Places(hub="modelscope").of_task(card)
    assert isinstance(other.source, ModelScopeData)
    assert data_digest(card.source) == data_digest(other.source)
    ours, theirs = read_parts(card.source), read_parts(other.source)
    for part, count in (("train", 90), ("test", 30)):
        assert ours[part].values("note") == theirs[part].values("note")
        assert len(theirs[part]) == count
    assert not any("other" in path for path in copies.paths())


def test_data_whose_card_names_no_files_are_all_of_the_repository(
    copies: Hub, table: dict[str, bytes]
) -> None:
    copies.repositories["datasets/mirror/colours"] = Repository(files=table)
    source = ModelScopeData(via="modelscope", repo="mirror/colours", subset="plain")
    before = data_digest(source)
    assert len(read_parts(source)["test"]) == 30
    table["other/unused.csv"] += b"2\n"
    assert data_digest(source) != before
    with pytest.raises(DataError, match=r"mirror/none on .* does not exist"):
        read_parts(ModelScopeData(via="modelscope", repo="mirror/none"))
