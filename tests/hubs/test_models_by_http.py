"""A small checkpoint, served by this machine, through the real client library and our adapters."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from mmbench.cards import HubModel, ModelCard
from mmbench.errors import TrialError
from mmbench.hubs import hugging_face
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from tests.hubs.served import REPO, go_offline
from tests.hubs.server import COMMIT, Hub, Repository, sha256

WEIGHTS = "model.safetensors"


def on_hub(card: ModelCard, **fields: Any) -> ModelCard:
    return replace(card, source=replace(HubModel(via="hub", repo=REPO), **fields))


def same_weights(ours: ModelCard, theirs: ModelCard) -> bool:
    pairs = zip(load(ours).parameters(), load(theirs).parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.usefixtures("served")
def test_a_model_is_fetched_with_what_it_needs_and_no_more(hub: Hub, tiny_bert: ModelCard) -> None:
    assert same_weights(on_hub(tiny_bert), tiny_bert)
    fetched = {path.split("/")[-1] for path in hub.paths() if "/resolve/" in path}
    assert WEIGHTS in fetched
    assert not fetched & {"README.md", "model.onnx", "pytorch_model.bin"}
    assert weights_digest(on_hub(tiny_bert)) == COMMIT


@pytest.mark.usefixtures("served")
def test_what_was_fetched_loads_offline(
    tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(on_hub(tiny_bert))
    go_offline(monkeypatch)
    assert same_weights(on_hub(tiny_bert), tiny_bert)
    assert weights_digest(on_hub(tiny_bert)) == COMMIT
    with pytest.raises(TrialError, match=r"local cache(.|\n)*hf download acme/tiny-bert --rev"):
        load(on_hub(tiny_bert, revision="f" * 40))


@pytest.mark.usefixtures("served")
def test_a_download_that_breaks_off_is_asked_for_again(hub: Hub, tiny_bert: ModelCard) -> None:
    hub.cut[WEIGHTS] = 1
    assert same_weights(on_hub(tiny_bert), tiny_bert)
    asked = [a for a in hub.asked if a.method == "GET" and a.path.endswith(WEIGHTS)]
    assert len(asked) == 2


@pytest.mark.usefixtures("served")
def test_a_download_that_stays_broken_is_an_error_and_no_model(
    hub: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.cut[WEIGHTS] = 1000
    with pytest.raises(TrialError, match=r"cannot be fetched: .*\n.*connection") as caught:
        load(on_hub(tiny_bert))
    assert hub.endpoint in str(caught.value)
    hub.cut.clear()
    assert same_weights(on_hub(tiny_bert), tiny_bert), "nothing broken was kept"


def test_a_gated_repository_asks_to_log_in(
    hub: Hub, served: Repository, tiny_bert: ModelCard
) -> None:
    served.gated = True
    with pytest.raises(TrialError, match="is gated: accept its terms") as caught:
        load(on_hub(tiny_bert))
    assert f"{REPO} on {hub.endpoint}" in str(caught.value)


@pytest.mark.usefixtures("served")
def test_a_rate_limit_is_waited_for(hub: Hub, tiny_bert: ModelCard) -> None:
    hub.limited = 1
    assert same_weights(on_hub(tiny_bert), tiny_bert)
    assert hub.limited == 0
    hub.limited = 1
    assert weights_digest(on_hub(tiny_bert)) == COMMIT
    assert hub.limited == 0


@pytest.mark.usefixtures("served")
def test_a_rate_limit_that_stays_says_what_to_do(
    hub: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.limited = 1000
    with pytest.raises(TrialError, match="429") as caught:
        load(on_hub(tiny_bert))
    assert str(caught.value).endswith("Wait some minutes"), "a mirror knows no log-in of ours"
    monkeypatch.setattr(hugging_face, "issued", lambda endpoint, hosts: True)
    with pytest.raises(TrialError, match=r"too many requests .* or log in: hf auth login"):
        load(on_hub(tiny_bert))


def test_the_endpoint_of_the_environment_is_honoured_and_named(
    hub: Hub, tiny_bert: ModelCard
) -> None:
    assert hub.endpoint == constants.ENDPOINT
    with pytest.raises(TrialError, match=f"{REPO} on {hub.endpoint} does not exist"):
        load(on_hub(tiny_bert))
    assert hub.asked


@pytest.mark.usefixtures("served")
def test_a_file_whose_digest_is_not_the_cards_is_refused(
    tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    right = {name: sha256(content) for name, content in checkpoint.items()}
    assert same_weights(on_hub(tiny_bert, files=right), tiny_bert)
    wrong = right | {WEIGHTS: "0" * 64}
    with pytest.raises(TrialError, match=f"{WEIGHTS} has sha256 {right[WEIGHTS][:12]}") as caught:
        load(on_hub(tiny_bert, files=wrong))
    assert "the card says 000000000000" in str(caught.value)


@pytest.mark.usefixtures("served")
def test_of_files_that_a_card_names_no_others_are_fetched_and_they_are_the_model(
    hub: Hub, tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    right = {name: sha256(content) for name, content in checkpoint.items()}
    pinned = on_hub(tiny_bert, files=right)
    assert weights_digest(pinned) == weights_digest(tiny_bert), "that of the very folder"
    assert not hub.asked, "no hub is asked for what the card says"
    load(pinned)
    fetched = {path.split("/")[-1] for path in hub.paths() if "/resolve/" in path}
    assert fetched == right.keys()


def test_a_file_that_a_card_names_and_the_hub_lacks_is_named(
    served: Repository, tiny_bert: ModelCard, checkpoint: dict[str, bytes]
) -> None:
    right = {name: sha256(content) for name, content in checkpoint.items()}
    with pytest.raises(TrialError, match=r"extra\.json is absent, which the card names"):
        load(on_hub(tiny_bert, files=right | {"extra.json": "0" * 64}))
