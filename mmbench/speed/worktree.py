"""Where the baseline of a paired timing comes from: a revision in a git worktree, or a venv.

    --against main                      that revision, with the interpreter that runs the gate
    --against merge-base:origin/main    the newest commit that HEAD shares with origin/main
    --against /path/to/venv             the mmbench and the libraries of that environment

A worktree lies in a temporary folder and goes away at the end, by an error or Ctrl-C too. After a
SIGKILL of the gate `git worktree list` still has it, and `git worktree remove --force` takes it.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mmbench
from mmbench.errors import NotComparable, PlanError
from mmbench.speed.arm import Program

MERGE_BASE = "merge-base:"
GIT_SECONDS = 300.0  # a checkout from a slow disk
WHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")


def candidate() -> Program:
    """This mmbench, as it lies here: uncommitted changes count."""
    return Program(name="candidate", tree=Path(mmbench.__file__).resolve().parents[1])


@contextmanager
def baseline(against: str) -> Iterator[Program]:
    """The baseline's program, while its tree exists.

    PlanError if `against` is neither a venv nor a revision of the checkout that mmbench runs from;
    NotComparable if that revision cannot be timed.
    """
    python = Path(against) / "bin" / "python"
    if python.is_file():
        # not resolved: the link's own place is what tells Python that it is in a venv
        yield Program(name=f"baseline {against}", python=str(python.absolute()))
        return
    root = checkout(against)
    commit = resolved(root, against)
    with worktree(root, commit) as tree:
        if not (tree / "mmbench" / "speed" / "serve.py").is_file():
            raise NotComparable(
                f"cannot compare: revision {commit[:9]} is older than paired timing; "
                "take a later one, or a venv that has a later mmbench"
            )
        yield Program(name=f"baseline {commit[:9]}", tree=tree)


@contextmanager
def worktree(root: Path, commit: str) -> Iterator[Path]:
    """A tree of the commit, without a branch, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="mmbench-baseline-") as folder:
        tree = Path(folder).resolve() / "tree"
        try:
            _git(root, "worktree", "add", "--quiet", "--detach", str(tree), commit)
            yield tree
        finally:
            # After an interrupt it may be half there, which git would not remove; one that is gone
            # it forgets, and with the second --force one that was being made, and is locked.
            # No prune: that forgets the user's own trees too, on a disk that is not mounted now.
            shutil.rmtree(tree, ignore_errors=True)
            _git(root, "worktree", "remove", "--force", "--force", str(tree), check=False)


def checkout(against: str) -> Path:
    """The git checkout that this mmbench is imported from."""
    root = Path(mmbench.__file__).resolve().parents[1]
    try:
        top = _git(root, "rev-parse", "--show-toplevel")
    except PlanError:
        top = ""
    if not top or Path(top).resolve() != root:
        raise PlanError(
            f"--against {against}: no such folder has bin/python, and the mmbench that runs "
            f"({root}) is no git checkout, so it has no revisions. Give a venv with the baseline's "
            "mmbench, or run the gate from a checkout (pip install -e .)"
        )
    return root


def resolved(root: Path, against: str) -> str:
    """The commit's full name."""
    if against.startswith(MERGE_BASE):
        other = against.removeprefix(MERGE_BASE)
        try:
            return _git(root, "merge-base", "HEAD", _commit(root, other))
        except PlanError as error:
            raise PlanError(
                f"--against {against}: HEAD and {other!r} share no commit here ({error}); fetch "
                f"more of the history: git fetch --unshallow"
            ) from None
    return _commit(root, against)


def _commit(root: Path, revision: str) -> str:
    try:
        return _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except PlanError:
        raise PlanError(
            f"--against {revision}: neither a folder with bin/python nor a revision of {root}; "
            f"fetch it, or choose one of: git -C {root} log --oneline"
        ) from None


def _git(root: Path, *arguments: str, check: bool = True) -> str:
    """What git prints; PlanError with its complaint if it fails and `check`."""
    # a hook or a rebase that calls the gate has its own idea of where the repository is
    environment = {name: value for name, value in os.environ.items() if name not in WHERE}
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GIT_SECONDS, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlanError(f"git {arguments[0]}: {error}") from None
    if check and done.returncode:
        raise PlanError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()
