"""`mmbench gate --against`, whole: a clone of this checkout against its own HEAD, as it is and with
a step that sleeps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mmbench
from mmbench.cards import ModelCard
from tests.cli.test_end_to_end import fields
from tests.specimens import write_card

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


def gate(clone: Path, tiny_bert: ModelCard, *, against: str = "HEAD") -> tuple[int, str]:
    """Exit status and all that is printed. The threshold is wide: this machine may be busy."""
    cards = clone.parent / "cards"
    write_card(cards, "models", fields(tiny_bert))
    write_card(cards, "suites", {"name": "tiny", "bench": [BENCH], "gate": {"rate": 0.5}})
    command = ["gate", "--against", against, "--suite", "tiny", "--cards", str(cards)]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mmbench", *command, "--device", "cpu"],
        cwd=clone.parent,
        env={**os.environ, "PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )
    worktrees = subprocess.run(
        ["git", "-C", str(clone), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(worktrees.stdout.splitlines()) == 1, "the baseline's tree is still there"
    return done.returncode, done.stdout + done.stderr


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
