"""A token reaches the host that issued it; a mirror and the other hub see none."""

from dataclasses import replace

import pytest

from mmbench.cards import HubData, HubModel, ModelCard, ModelScopeModel
from mmbench.data.sources import read_parts
from mmbench.hubs import tokens
from mmbench.models.identity import weights_digest
from mmbench.models.loading import load
from tests.hubs.served import DATA, REPO
from tests.hubs.server import Hub, Listening, Repository

SECRET = "hf_of_the_user"
OTHER = "ms-of-the-user"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", OTHER)


@pytest.mark.parametrize(
    ("endpoint", "own"),
    [
        ("https://huggingface.co", True),
        ("https://datasets-server.huggingface.co/x", True),
        ("http://huggingface.co", False),
        ("https://hf-mirror.com", False),
        ("https://huggingface.co.example.org", False),
        ("https://nothuggingface.co", False),
        ("https://huggingface.co@example.org", False),
        ("", False),
    ],
)
def test_only_the_issuer_by_https_may_see_a_token(endpoint: str, own: bool) -> None:
    assert tokens.issued(endpoint, tokens.HUGGING_FACE) is own


@pytest.mark.usefixtures("secrets", "served")
def test_a_mirror_sees_no_token(hub: Hub, tiny_bert: ModelCard, table: dict[str, bytes]) -> None:
    hub.repositories[f"datasets/{DATA}"] = Repository(files=table)
    card = replace(tiny_bert, source=HubModel(via="hub", repo=REPO))
    weights_digest(card)
    load(card)
    read_parts(HubData(via="hub", repo=DATA, subset="plain"))
    assert len(hub.asked) > 10
    assert not hub.sent("authorization")
    assert not hub.sent("cookie")


@pytest.mark.usefixtures("secrets", "served")
def test_the_issuer_sees_its_own(
    hub: Hub, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "issued", lambda endpoint, hosts: True)
    load(replace(tiny_bert, source=HubModel(via="hub", repo=REPO)))
    assert hub.sent("authorization") == {f"Bearer {SECRET}"}
    assert not hub.sent("cookie")


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("own", [True, False])
def test_modelscope_sees_its_own_and_only_by_its_own_address(
    own: bool,
    copies: Hub,
    tiny_bert: ModelCard,
    checkpoint: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if own:
        monkeypatch.setattr(tokens, "issued", lambda endpoint, hosts: hosts == tokens.MODELSCOPE)
    copies.repositories["models/mirror/tiny"] = Repository(files=checkpoint)
    load(replace(tiny_bert, source=ModelScopeModel(via="modelscope", repo="mirror/tiny")))
    assert copies.sent("cookie") == ({f"m_session_id={OTHER}"} if own else set())
    assert not copies.sent("authorization")


@pytest.mark.usefixtures("secrets")
def test_a_redirection_takes_no_token_along(
    copies: Hub,
    tiny_bert: ModelCard,
    checkpoint: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files may lie with a content network."""
    elsewhere = Listening()
    try:
        for hub in (copies, elsewhere.hub):
            hub.repositories["models/mirror/tiny"] = Repository(files=checkpoint)
        copies.moved = elsewhere.hub.endpoint
        monkeypatch.setattr(tokens, "issued", lambda endpoint, hosts: endpoint == copies.endpoint)
        load(replace(tiny_bert, source=ModelScopeModel(via="modelscope", repo="mirror/tiny")))
        assert copies.sent("cookie")
        assert elsewhere.hub.asked
        assert not elsewhere.hub.sent("cookie")
        assert not elsewhere.hub.sent("authorization")
    finally:
        elsewhere.close()


@pytest.mark.usefixtures("secrets")
def test_a_redirection_of_hugging_face_takes_no_token_along(
    hub: Hub, served: Repository, tiny_bert: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Listening()
    try:
        elsewhere.hub.repositories[f"models/{REPO}"] = served
        hub.moved = elsewhere.hub.endpoint
        monkeypatch.setattr(tokens, "issued", lambda endpoint, hosts: True)
        load(replace(tiny_bert, source=HubModel(via="hub", repo=REPO)))
        assert hub.sent("authorization")
        assert elsewhere.hub.asked
        assert not elsewhere.hub.sent("authorization")
    finally:
        elsewhere.close()
