"""`mmbench gate --against`, whole: a clone of this checkout against its own HEAD, as it is and with
a step that sleeps."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import mmbench
from mmbench.cards import ModelCard
from tests.cli.test_end_to_end import fields
from tests.specimens import write_card
from tests.speed.arms import alive, within

ROOT = Path(mmbench.__file__).parents[1]
STEP = "        batch = self.batches[self._steps % len(self.batches)]\n        self._steps += 1\n"
BENCH = {"models": ["tiny-bert"], "modes": ["infer"], "batch_sizes": [2], "tokens": [8]}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def command(clone: Path, tiny_bert: ModelCard, against: str) -> list[str]:
    """The threshold is wide: this machine may be busy."""
    cards = clone.parent / "cards"
    write_card(cards, "models", fields(tiny_bert))
    write_card(cards, "suites", {"name": "tiny", "bench": [BENCH], "gate": {"rate": 0.5}})
    options = ["--suite", "tiny", "--cards", str(cards), "--device", "cpu"]
    return [sys.executable, "-P", "-m", "mmbench", "gate", "--against", against, *options]


def gate(clone: Path, tiny_bert: ModelCard, *, against: str = "HEAD") -> tuple[int, str]:
    """Exit status and all that is printed."""
    done = subprocess.run(
        command(clone, tiny_bert, against),
        cwd=clone.parent,
        env={**os.environ, "PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )
    assert worktrees(clone) == 1, "the baseline's tree is still there"
    return done.returncode, done.stdout + done.stderr


def worktrees(clone: Path) -> int:
    listed = ["git", "-C", str(clone), "worktree", "list"]
    return len(subprocess.run(listed, capture_output=True, check=True).stdout.splitlines())


@pytest.mark.slow
def test_code_against_itself_passes(clone: Path, tiny_bert: ModelCard) -> None:
    status, said = gate(clone, tiny_bert)
    assert status == 0, said
    assert "tiny-bert infer fp32 b2 t8" in said


@pytest.mark.slow
def test_a_slower_step_is_a_regression(clone: Path, tiny_bert: ModelCard) -> None:
    file = clone / "mmbench" / "speed" / "workload.py"
    text = file.read_text()
    assert STEP in text, "the place for the sleep has moved"
    file.write_text(text.replace(STEP, f"{STEP}        __import__('time').sleep(0.01)\n"))
    status, said = gate(clone, tiny_bert)
    assert status == 1, said


@pytest.mark.slow
def test_a_revision_that_is_not_there_is_an_error_of_usage(
    clone: Path, tiny_bert: ModelCard
) -> None:
    status, said = gate(clone, tiny_bert, against="no-such-branch")
    assert status == 2, said
    assert "neither a folder with bin/python nor a revision" in said


@pytest.mark.slow
def test_a_revision_without_paired_timing_cannot_be_compared(
    clone: Path, tiny_bert: ModelCard
) -> None:
    (clone / "mmbench" / "speed" / "serve.py").unlink()
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    commit = ["commit", "--quiet", "--all", "--message", "without"]
    subprocess.run(["git", "-C", str(clone), *identity, *commit], check=True)
    status, said = gate(clone, tiny_bert)
    assert status == 3, said
    assert "is older than paired timing" in said


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_leaves_no_process_and_no_worktree(
    clone: Path, tiny_bert: ModelCard, number: signal.Signals, status: int
) -> None:
    with subprocess.Popen(
        command(clone, tiny_bert, "HEAD"),
        cwd=clone.parent,
        env={**os.environ, "PYTHONPATH": str(clone)},
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert "starting both sides" in running.stderr.readline()
        own = psutil.Process(running.pid)
        assert within(60, lambda: len(own.children()) == 2), "both sides are running"
        sides = [child.pid for child in own.children()]
        assert worktrees(clone) == 2
        running.send_signal(number)
        assert running.wait(30) == status
    assert within(5, lambda: not any(alive(side) for side in sides))
    assert worktrees(clone) == 1
