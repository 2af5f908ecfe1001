"""Where the baseline comes from, and that nothing of it stays."""

import subprocess
import sys
from pathlib import Path

import pytest

import mmbench
from mmbench.errors import NotComparable, PlanError
from mmbench.speed import worktree as place
from mmbench.speed.worktree import baseline, candidate, resolved, worktree


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(root), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits on main, one on a branch; it counts as the checkout of this mmbench."""
    root = tmp_path / "repository"
    (root / "mmbench" / "speed").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(root))
    for number, file in enumerate(("mmbench/__init__.py", "mmbench/speed/serve.py")):
        (root / file).write_text(f"number = {number}\n")
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", f"commit {number}")
    git(root, "checkout", "--quiet", "-b", "branch")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "on the branch")
    monkeypatch.setattr(mmbench, "__file__", str(root / "mmbench" / "__init__.py"))
    return root


def worktrees(root: Path) -> int:
    return len(git(root, "worktree", "list").splitlines())


def test_a_revision_is_checked_out_beside_and_removed(repository: Path) -> None:
    (repository / "mmbench" / "__init__.py").write_text("number = 'uncommitted'\n")
    with baseline("main") as program:
        assert program.tree is not None
        assert program.python == sys.executable
        assert (program.tree / "mmbench" / "__init__.py").read_text() == "number = 0\n"
        assert program.name == f"baseline {git(repository, 'rev-parse', 'main')[:9]}"
    assert not program.tree.exists()
    assert worktrees(repository) == 1
    assert candidate().tree == repository, "the candidate is what lies here"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_worktree_goes_away_on_errors(repository: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), worktree(repository, "main") as tree:  # noqa: PT012
        assert worktrees(repository) == 2
        (tree / "left").write_text("behind")
        raise error
    assert not tree.exists()
    assert worktrees(repository) == 1


def test_a_worktree_that_is_half_there_is_forgotten(repository: Path) -> None:
    """As an interrupt of git leaves it: locked, and without the file that makes it one."""
    with worktree(repository, "main") as tree:
        git(repository, "worktree", "lock", str(tree))
        (tree / ".git").unlink()
    assert not tree.exists()
    assert worktrees(repository) == 1


def test_a_worktree_of_the_user_s_is_kept_while_its_disk_is_away(
    repository: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "disk" / "theirs"
    git(repository, "worktree", "add", "--quiet", "--detach", str(theirs), "main")
    theirs.rename(tmp_path / "elsewhere")
    with worktree(repository, "main"):
        pass
    (tmp_path / "elsewhere").rename(theirs)
    assert worktrees(repository) == 2
    assert git(theirs, "rev-parse", "HEAD") == git(repository, "rev-parse", "main")


def test_the_merge_base_is_the_newest_shared_commit(repository: Path) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "main")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "main goes on")
    git(repository, "checkout", "--quiet", "branch")
    assert resolved(repository, "merge-base:main") == main
    assert resolved(repository, "main") != main


def test_a_revision_older_than_paired_timing_cannot_be_compared(repository: Path) -> None:
    with pytest.raises(NotComparable, match="older than paired timing"), baseline("main~1"):
        raise AssertionError("unreachable")
    assert worktrees(repository) == 1


def test_an_unknown_revision_is_told(repository: Path) -> None:
    with pytest.raises(PlanError, match=r"--against mian: neither a folder with bin/python nor"):
        resolved(repository, "mian")
    with pytest.raises(PlanError, match="fetch more of the history"):
        resolved(repository, "merge-base:mian")


def test_a_revision_is_no_option_of_git(repository: Path) -> None:
    with pytest.raises(PlanError, match="neither a folder"):
        resolved(repository, "--upload-pack=touch /tmp/x")


def test_a_folder_with_an_interpreter_is_a_venv(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    python = tmp_path / "venv" / "bin" / "python"
    python.symlink_to(sys.executable)
    with baseline(str(tmp_path / "venv")) as program:
        assert (program.python, program.tree) == (str(python), None)


def test_an_installed_mmbench_has_no_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mmbench, "__file__", str(tmp_path / "site" / "mmbench" / "__init__.py"))
    with pytest.raises(PlanError, match="is no git checkout, so it has no revisions"):
        place.checkout("main")


def test_a_venv_inside_another_repository_has_no_revisions(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its revisions would be those of somebody else's code."""
    inside = repository / "venv" / "site" / "mmbench"
    inside.mkdir(parents=True)
    monkeypatch.setattr(mmbench, "__file__", str(inside / "__init__.py"))
    with pytest.raises(PlanError, match="is no git checkout"):
        place.checkout("main")
