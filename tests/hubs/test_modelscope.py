"""ModelScope's plain interface, answered by this machine: the same card from the other hub."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import (
    ModelCard,
    ModelScopeData,
    ModelScopeModel,
)
from mmbench.data.identity import data_digest
from mmbench.errors import DataError, TrialError
from mmbench.hubs import modelscope
from mmbench.hubs.modelscope_http import Repository as At
from mmbench.models.hub import download
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from tests.hubs.served import COPY, go_offline
from tests.hubs.server import COMMIT, Hub, Repository, sha256
from tests.hubs.test_models_by_http import same_weights

WEIGHTS = "model.safetensors"


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
def test_a_hub_that_answers_no_more_is_done_without(
    copies: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(on_modelscope(tiny_bert))
    digest = weights_digest(on_modelscope(tiny_bert))
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    assert same_weights(on_modelscope(tiny_bert), tiny_bert)
    assert weights_digest(on_modelscope(tiny_bert)) == digest


@pytest.mark.usefixtures("copied")
def test_what_the_hub_no_longer_lists_is_not_read(copied: Repository, tiny_bert: ModelCard) -> None:
    load(on_modelscope(tiny_bert))
    del copied.files["tokenizer.json"]
    source = on_modelscope(tiny_bert).source
    assert isinstance(source, ModelScopeModel)
    names = {path.name for path in download(source).iterdir()}
    assert WEIGHTS in names
    assert "tokenizer.json" not in names


@pytest.mark.usefixtures("copied")
def test_a_file_that_changed_there_is_fetched_again(
    copied: Repository, tiny_bert: ModelCard
) -> None:
    load(on_modelscope(tiny_bert))
    before = weights_digest(on_modelscope(tiny_bert))
    copied.files["config.json"] += b"\n"
    load(on_modelscope(tiny_bert))
    folder = At(kind="models", name=COPY).folder
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
    listed = modelscope.listing(At(kind="models", name=COPY))
    copied.files[WEIGHTS] = copied.files[WEIGHTS][:-1] + b"!"
    monkeypatch.setattr(modelscope, "listing", lambda repository: listed)
    with pytest.raises(TrialError, match=f"{WEIGHTS} did not arrive as it is listed"):
        load(on_modelscope(tiny_bert))
    place = At(kind="models", name=COPY).place
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
def test_what_is_no_name_is_refused(name: str, copies: Hub) -> None:
    with pytest.raises(TrialError, match="is no name of a repository"):
        At(kind="models", name=name)
    with pytest.raises(TrialError, match="is no name of a revision"):
        At(kind="models", name=COPY, revision="../../x")
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
