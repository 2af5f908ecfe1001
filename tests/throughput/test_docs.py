"""The examples of docs/throughput-tests.md do what the page says, as a reader would run them."""

import re
import shlex
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "throughput-tests.md"
EXAMPLE = re.compile(r"```python file=(?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)
COMMANDS = re.compile(r"^pytest (?P<options>.*?)(?:  +#.*)?$", re.MULTILINE)


def commands_with(name: str) -> list[list[str]]:
    """Those of the page that run the file, as lists of options."""
    found = [shlex.split(match["options"]) for match in COMMANDS.finditer(PAGE.read_text())]
    return [options for options in found if name in options]


@pytest.fixture
def examples(pytester: pytest.Pytester) -> list[str]:
    """The names of the page's files, which are written out."""
    found = {match["name"]: match["text"] for match in EXAMPLE.finditer(PAGE.read_text())}
    for name, text in found.items():
        (pytester.path / name).write_text(text)
    return list(found)


def test_the_page_has_both_forms(examples: list[str]) -> None:
    assert examples == ["test_two_calls.py", "test_saved.py"]


def test_two_calls_in_turn(pytester: pytest.Pytester, examples: list[str]) -> None:
    (options,) = commands_with("test_two_calls.py")
    done = pytester.runpytest_subprocess(*options)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*not slower than count_words_by_pattern(): *"])


def test_a_saved_baseline(pytester: pytest.Pytester, examples: list[str]) -> None:
    save, compare = commands_with("test_saved.py")
    before = pytester.runpytest_subprocess(*compare)
    before.stdout.fnmatch_lines(["E *CannotTime: no baseline 'main'*"])
    pytester.runpytest_subprocess(*save).assert_outcomes(skipped=1)
    # whether it passes depends on what else the machine does; that it was compared does not
    after = pytester.runpytest_subprocess(*compare)
    after.stdout.fnmatch_lines(["test_saved.py::* times its time (*windows against 64 of *"])
