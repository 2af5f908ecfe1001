"""Global options, errors, and exit statuses that scripts can use."""

import subprocess
import sys

import pytest

import mmbench
from mmbench.catalog import Catalog, builtin_root
from mmbench.cli import main as entry
from mmbench.errors import CardError, PlanError, StoreError, TrialError
from tests.cli.conftest import Command


def test_help_names_every_command_and_the_next_one(mm: Command) -> None:
    ran = mm("--help")
    assert ran.status == 0
    for command in ("run", "report", "predict", "list", "show", "cache", "doctor"):
        assert f"\n  {command} " in ran.out
    assert "mmbench run quickstart" in ran.out


def test_no_command_shows_the_help(mm: Command) -> None:
    ran = mm()
    assert ran.status == 2
    assert "Usage: mmbench" in ran.out + ran.err


def test_the_version_is_the_packages(mm: Command) -> None:
    ran = mm("--version")
    assert (ran.status, ran.out) == (0, f"mmbench {mmbench.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["list", "nonsense"],
        ["list"],
        ["show"],
        ["run", "--limit", "0", "quickstart"],
        ["run", "--device", "tpu", "quickstart"],
        ["run", "--device", "cuda:x", "quickstart"],
        ["run", "--lang", "fr", "quickstart"],
        ["run", "--no-such-option"],
        ["report"],
        ["predict"],
        ["--no-such-option"],
    ],
)
def test_wrong_usage_exits_2_and_says_where_the_help_is(mm: Command, arguments: list[str]) -> None:
    ran = mm(*arguments)
    assert ran.status == 2
    assert "Error: " in ran.err
    assert "--help' for help" in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CardError("no model 'x'"), 2),
        (PlanError("nothing can be run"), 2),
        (TrialError("no device 'cuda'"), 2),
        (StoreError("cannot be written"), 1),
    ],
)
def test_an_error_of_ours_is_one_line_and_its_status(
    mm: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Catalog, "standard", fail)
    ran = mm("list", "models")
    assert (ran.status, ran.out, ran.err) == (status, "", f"error: {error}\n")


def test_a_bug_is_called_one_and_points_to_the_traceback(
    mm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(Catalog, "standard", fail)
    ran = mm("list", "models")
    assert ran.status == entry.BUG
    assert ran.err.startswith("error: KeyError: 'surprise'\n")
    assert "--debug" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in mm("--debug", "list", "models").err


def test_debug_shows_where_an_error_of_ours_came_from(mm: Command) -> None:
    assert "Traceback" not in mm("show", "no-such-card").err
    ran = mm("--debug", "show", "no-such-card")
    assert ran.status == 2
    assert "Traceback" in ran.err
    assert "error: no card 'no-such-card'" in ran.err


@pytest.mark.parametrize("word", ["[/red]x", "[bold]x", "\x1b[31mx", "a\u202eb", "{0}", "%s"])
def test_hostile_words_in_errors_style_and_crash_nothing(mm: Command, word: str) -> None:
    for arguments in (["show", word], ["run", word], ["report", word], ["predict", word]):
        ran = mm(*arguments)
        assert ran.status in (1, 2)
        assert not set("\x1b\u202e") & set(ran.err)
    assert mm("list", word).status == 2
    assert mm(word).status == 2


def test_python_dash_m_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mmbench", "show", "no-such-card"],
        cwd=builtin_root().parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: no card 'no-such-card'")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m mmbench list models --json | head -c 5",
        shell=True,
        cwd=builtin_root().parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("[")


def test_a_terminal_that_knows_ascii_alone_still_gets_an_answer() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mmbench", "list", "models"],
        cwd=builtin_root().parent,
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )
    assert b"minilm-l6" in done.stdout


@pytest.mark.parametrize(
    ("code", "status", "said"), [(None, 0, ""), (0, 0, ""), (3, 3, ""), ("no disk", 1, "no disk")]
)
def test_a_library_that_exits_with_words_has_failed(
    mm: Command, monkeypatch: pytest.MonkeyPatch, code: object, status: int, said: str
) -> None:
    def leave(*_: object, **__: object) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(entry, "app", leave)
    ran = mm("list", "models")
    assert ran.status == status
    assert said in ran.err
