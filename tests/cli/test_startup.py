"""The command line starts at once: nothing heavy is imported before it is needed."""

import subprocess
import sys
import time

import pytest

from mmbench.catalog import builtin_root

HEAVY = (
    *("torch", "transformers", "datasets", "pandas", "numpy", "timm", "evaluate", "open_clip"),
    *("scipy", "sklearn", "pyarrow", "PIL", "mmbench.api"),
)
CODE = """
import sys
from mmbench.cli.main import main
status = main(sys.argv[1:])
print("STATUS", status, *(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


def heavy_after(*arguments: str) -> list[str]:
    """The exit status of a command in a fresh interpreter, and what heavy it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(heavy=HEAVY), *arguments],
        cwd=builtin_root().parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.splitlines()[-1].split()[1:]


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("--help", "0"),
        ("--version", "0"),
        ("run --help", "0"),
        ("bench --help", "0"),
        ("bench --models no-such-model", "2"),
        ("list models", "0"),
        ("list models --region domestic --modality image", "0"),
        ("list tasks --kind retrieval --language zh", "0"),
        ("list tasks --json", "0"),
        ("list recipes", "0"),
        ("show quickstart", "0"),
        ("show minilm-l6", "0"),
        ("run no-such-suite", "2"),
        ("run --models minilm-l6", "2"),
        ("report no-such-folder", "1"),
    ],
)
def test_what_needs_no_model_imports_nothing_heavy(command: str, status: str) -> None:
    assert heavy_after(*command.split()) == [status]


def test_the_check_sees_a_heavy_import() -> None:
    code = "import sys, scipy; print([n for n in ('scipy', 'torch') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['scipy']\n"


def test_help_is_there_within_a_second() -> None:
    """About 0.2 s on an idle core; the limit leaves room for a busy one."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        heavy_after("--help")
        took.append(time.perf_counter() - began)
    assert min(took) < 1.0
