"""Tests never reach the network, and this shows the guard working."""

import os
import socket
import subprocess
import sys

import pytest

OUTSIDE = ("192.0.2.1", 9)  # TEST-NET-1: belongs to nobody
in_namespace = pytest.mark.skipif(
    os.environ.get("MMBENCH_TEST_NETNS") != "1", reason="not in a network namespace; use make test"
)


@in_namespace
def test_an_outside_connection_fails() -> None:
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(OUTSIDE, timeout=5)


@in_namespace
def test_an_outside_connection_of_a_child_process_fails() -> None:
    program = f"import socket; socket.create_connection({OUTSIDE!r}, timeout=5)"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert child.returncode != 0
    assert "unreachable" in child.stderr


@in_namespace
def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_hub_access_is_switched_off() -> None:
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE is True
