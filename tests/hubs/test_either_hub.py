"""One card on either hub: the same files are the same model and the same data."""

from dataclasses import replace

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
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from tests.hubs.served import COPY, DATA, go_online
from tests.hubs.server import Hub, Repository, sha256
from tests.hubs.test_models_by_http import same_weights

WEIGHTS = "model.safetensors"


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
    copied: Repository, copies: Hub, tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    right = {name: sha256(content) for name, content in checkpoint.items()}
    copied.files[WEIGHTS] = checkpoint[WEIGHTS][:-1] + b"!"
    source = ModelScopeModel(via="modelscope", repo=COPY, files=right)
    with pytest.raises(TrialError, match=f"{WEIGHTS} has sha256 .* the card says"):
        load(replace(tiny_bert, source=source))
    assert not any("FilePath" in path for path in copies.paths()), "what is listed tells already"
    copies.untold = True
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


@pytest.mark.usefixtures("hub")
def test_where_hugging_face_is_out_of_reach_a_known_copy_is_named(
    tiny_bert: ModelCard, colours: TaskCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    go_online(monkeypatch, "http://127.0.0.1:9")
    copy = ModelScopeCopy(repo=COPY, official=False)
    for known in (None, copy):
        model = replace(tiny_bert, source=HubModel(via="hub", repo="a/b", modelscope=known))
        with pytest.raises(TrialError, match="cannot be fetched") as of_model:
            load(model)
        data = HubData(via="hub", repo="a/b", modelscope=known)
        with pytest.raises(DataError, match="cannot be read from") as of_data:
            read_parts(data)
        for caught in (of_model, of_data):
            assert ("--hub modelscope" in str(caught.value)) == (known is not None)
