"""`--hub auto`: which of two hubs on this machine is taken, and what is said where neither is."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from mmbench.errors import PlanError
from mmbench.hubs import reachable
from mmbench.hubs.reachable import first_reachable, shown_address, why_silent
from tests.cli.conftest import Command
from tests.cli.conftest import mm as mm
from tests.hubs.server import Hub

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is remembered from another test, and no proxy stands between."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    reachable._first.cache_clear()
    yield
    reachable._first.cache_clear()


def test_where_both_answer_it_is_hugging_face_and_the_other_is_not_asked(
    hub: Hub, copies: Hub
) -> None:
    found = first_reachable()
    assert found.hub == "hf"
    assert found.why == f"Hugging Face is taken: {hub.endpoint} answers"
    assert not copies.asked


def test_one_that_refuses_the_connection_gives_way_to_the_other(
    copies: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", NOBODY)
    found = first_reachable()
    assert found.hub == "modelscope"
    assert found.why == (
        f"ModelScope is taken: {copies.endpoint} answers; Hugging Face (HF_ENDPOINT, {NOBODY}): "
        "ConnectionRefusedError"
    )


def test_one_that_is_out_of_order_gives_way_and_one_that_refuses_access_does_not(
    hub: Hub, copies: Hub
) -> None:
    hub.out_of_order = True
    found = first_reachable()
    assert found.hub == "modelscope"
    assert found.why.endswith("status 503")
    assert {asked.path for asked in hub.asked} == {"/"}, "the address alone is asked"
    hub.out_of_order = False
    hub.limited = 1  # 429: it is there, and asks for patience
    reachable._first.cache_clear()
    assert first_reachable().hub == "hf"


def test_it_is_asked_once_a_process(hub: Hub, copies: Hub) -> None:
    first = first_reachable()
    hub.out_of_order = True
    assert first_reachable() is first
    assert len(hub.asked) == 1


def test_neither_names_both_and_what_to_do_and_is_asked_anew(
    hub: Hub, copies: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.out_of_order = copies.out_of_order = True
    with pytest.raises(PlanError) as caught:
        first_reachable()
    said = str(caught.value)
    assert f"Hugging Face (HF_ENDPOINT, {hub.endpoint}): status 503" in said
    assert f"ModelScope (MODELSCOPE_ENDPOINT, {copies.endpoint}): status 503" in said
    for way in ("--hub hf --offline", "mmbench prefetch", "--model-path NAME=DIR"):
        assert way in said
    copies.out_of_order = False
    assert first_reachable().hub == "modelscope"


@pytest.mark.parametrize("name", ["HF_TOKEN", "MODELSCOPE_API_TOKEN"])
def test_no_token_is_sent(
    name: str, hub: Hub, copies: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "canary")
    hub.out_of_order = True
    first_reachable()
    assert "canary" not in str([*hub.asked, *copies.asked])


def test_offline_nothing_is_asked(hub: Hub, copies: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        PlanError, match=r"forbids that; say where .*: --hub hf or --hub modelscope"
    ):
        first_reachable()
    assert not [*hub.asked, *copies.asked]


def test_an_endpoint_that_is_no_web_address_is_never_opened(
    copies: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page").write_text("x")
    monkeypatch.setattr(constants, "ENDPOINT", (tmp_path / "page").as_uri())
    found = first_reachable()
    assert found.hub == "modelscope"
    assert found.why.endswith("Hugging Face (HF_ENDPOINT, as it is set): no http address")


def test_a_password_in_an_address_is_not_told() -> None:
    assert shown_address("https://me:canary@mirror.example:8443/p?t=canary") == (
        "https://mirror.example:8443"
    )
    assert shown_address("https://mirror.example:canary") is None


def test_the_time_is_over_all_of_it() -> None:
    """A server that lets the client wait, and a name whose look-up does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert why_silent(address, 0.2) in ("no answer within 0.2 s", "TimeoutError")
    assert time.monotonic() - began < 2


def test_a_name_that_is_looked_up_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> None:
        time.sleep(1)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    assert why_silent("http://mirror.example", 0.2) == "no answer within 0.2 s"
    assert time.monotonic() - began < 0.9


def test_a_command_tells_which_is_taken_or_ends(
    mm: Command, hub: Hub, copies: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    hub.out_of_order = True
    told = mm("prefetch", "quickstart", "--hub", "auto", "--dry-run")
    assert told.status == 0
    assert f"--hub auto: ModelScope is taken: {copies.endpoint} answers; Hugging Face" in told.err
    copies.out_of_order = True
    reachable._first.cache_clear()
    for command in (
        ("prefetch", "quickstart"),
        ("run", "quickstart"),
        ("bench", "--models", "resnet50", "--init", "pretrained"),
        ("check", "resnet50", "--full"),
        ("check", "tnews"),
        ("gate", "--against", "HEAD"),
    ):
        ended = mm(*command, "--hub", "auto")
        assert ended.status == 2, command
        assert "--hub auto: no hub answers" in ended.err, command
