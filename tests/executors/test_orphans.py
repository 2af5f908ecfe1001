"""However a run ends, nothing of it is left running, and the same command goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mmbench
from mmbench.cards import TaskCard
from mmbench.store import CLAIM, Store
from tests.cli.test_end_to_end import fields
from tests.executors.conftest import alive, model_of, numbers, within
from tests.specimens import RECIPE_FIELDS, SUITE_FIELDS, write_card

ROOT = Path(mmbench.__file__).parents[1]
PROGRAM = """
import sys
import mmbench.workbench
mmbench.workbench.INFERENCE_SECONDS = 0.05
from mmbench.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
COMMAND = ("run", "small", "--cards", "cards", "--device", "cpu", "--lang", "en")


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """While it exists, loading hangs in native code, deaf to SIGTERM."""
    path = tmp_path / "hold"
    path.touch()
    return path


@pytest.fixture
def place(tmp_path: Path, colours: TaskCard, told: Path, hold: Path) -> Path:
    """A user's folder with a suite of two trials; the second one hangs."""
    cards = tmp_path / "cards"
    model = model_of("DeafAtLast", told=str(told), hold=str(hold))
    write_card(cards, "models", fields(model))
    write_card(cards, "tasks", fields(colours))
    write_card(cards, "recipes", RECIPE_FIELDS, name="quick", epochs=1, evaluations=1)
    block = {"models": [model.name], "tasks": ["colours"], "recipes": ["quick"]}
    write_card(cards, "suites", SUITE_FIELDS, blocks=[block], seeds=[0, 1])
    return tmp_path


@contextmanager
def start(place: Path) -> "Iterator[subprocess.Popen[str]]":
    """`mmbench run`, as from a shell in this folder; killed if a test fails meanwhile."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *COMMAND],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with parent:
        try:
            yield parent
        finally:
            if parent.poll() is None:
                parent.kill()


def hangs(told: Path) -> tuple[int, int]:
    """The worker that hangs and what it has started, once it does."""
    assert within(180, lambda: len(numbers(told)) == 3), "the second trial did not begin"
    _, own, started = numbers(told)
    assert alive(own)
    assert alive(started)
    return own, started


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_parent_that_is_ended_leaves_no_process_and_no_lock(
    place: Path, told: Path, number: signal.Signals
) -> None:
    with start(place) as parent:
        own, started = hangs(told)
        parent.send_signal(number)
        assert parent.wait(60) == -number
        assert within(60, lambda: not alive(own) and not alive(started))
    store = Store(place / "results" / "small")
    assert len(list(store.root.rglob(CLAIM))) == 1
    assert store.sweep() == 1
    assert [stored.record.status for stored in store.select()] == ["ok"]


def test_an_interrupt_leaves_no_process_and_says_how_to_go_on(place: Path, told: Path) -> None:
    with start(place) as parent:
        own, started = hangs(told)
        parent.send_signal(signal.SIGINT)
        out, err = parent.communicate(timeout=60)
        assert not alive(own)
        assert within(60, lambda: not alive(started))
    assert (parent.returncode, out) == (130, "")
    assert err.splitlines()[-1] == (
        "interrupted: 1 of 2 trials done. To go on: "
        "mmbench run small --cards cards --device cpu --lang en"
    )
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_same_command_goes_on(
    place: Path, told: Path, hold: Path, number: signal.Signals
) -> None:
    with start(place) as parent:
        hangs(told)
        parent.send_signal(number)
        parent.communicate(timeout=60)
    hold.unlink()
    with start(place) as again:
        out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert "reports/small/report.md" in out
    assert "1 ok, 1 reused, 0 failed" in err
    found = Store(place / "results" / "small").select()
    assert [stored.record.status for stored in found] == ["ok", "ok"]
    assert not list((place / "results").rglob(CLAIM))


TIED = """
import os, sys
from mmbench.lifeline import end_with
reading, writing = os.pipe()
end_with(os.getppid() + int(sys.argv[1]), reading)
print("still here")
"""


def tied(wrong_by: int, *, leads: bool) -> "subprocess.CompletedProcess[str]":
    """A process that ties itself to its parent's number, or to one beside it."""
    return subprocess.run(
        [sys.executable, "-c", TIED, str(wrong_by)],
        start_new_session=leads,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_worker_whose_parent_is_gone_before_it_looks_ends() -> None:
    orphan = tied(1, leads=True)
    assert (orphan.returncode, orphan.stdout) == (1, "")
    assert tied(0, leads=True).stdout == "still here\n"


def test_a_worker_without_a_group_of_its_own_is_tied_to_nothing() -> None:
    """What is in its group, this process for one, would end with it."""
    assert "a group of its own" in tied(0, leads=False).stderr


FORKED = """
import os, subprocess, sys, time
reading, writing = os.pipe()
command = [sys.executable, "-c", sys.argv[1], str(os.getpid()), str(reading)]
worker = subprocess.Popen(command, pass_fds=(reading,), start_new_session=True, stdout=-1)
worker.stdout.readline()
fork = os.fork()
if fork:
    print(worker.pid, fork, flush=True)
time.sleep(600)
"""
WAITING = """
import sys, time
from mmbench.lifeline import end_with
end_with(int(sys.argv[1]), int(sys.argv[2]))
print("tied", flush=True)
time.sleep(600)
"""


def test_a_fork_of_the_parent_keeps_no_worker_alive() -> None:
    """It holds the lifeline, as a pool of the user's would."""
    with subprocess.Popen(
        [sys.executable, "-c", FORKED, WAITING], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker, fork = map(int, parent.stdout.readline().split())
        parent.kill()
        parent.wait()
        try:
            assert within(5, lambda: not alive(worker))
            assert alive(fork)
        finally:
            os.kill(fork, signal.SIGKILL)
