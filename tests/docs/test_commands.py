"""Every command that a page names exists, with every flag that the page gives it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from mmbench.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
COMMAND = typer.main.get_command(app)
INLINE = re.compile(r"`(mmbench [^`]+)`", re.DOTALL)
BLOCK_LINE = re.compile(r"^ *(?:\$ )?(mmbench [^\n]+)$", re.MULTILINE)
INDENTED = re.compile(r"^ {4}(mmbench [^\n]+)$", re.MULTILINE)
FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
FLAG = re.compile(r"--[a-z][a-z-]*")


def commands(text: str) -> Iterator[str]:
    """In backticks, or a line of a block of code; continued lines are one."""
    for block in FENCED.findall(text):
        yield from BLOCK_LINE.findall(block.replace("\\\n", " "))
    rest = FENCED.sub("", text)
    yield from (" ".join(found.split()) for found in INLINE.findall(rest))
    yield from INDENTED.findall(rest)


def wrong_in(command: str) -> list[str]:
    """What of it does not exist."""
    words = shlex.split(command.partition(" #")[0].replace("'", ""))[1:]
    found = COMMAND
    while words and isinstance(getattr(found, "commands", None), dict):
        word = words.pop(0)
        if word.startswith("-"):
            break
        nested = found.commands.get(word)  # type: ignore[attr-defined]
        if nested is None:
            return [word]
        found = nested
    known = {flag for option in found.params for flag in (*option.opts, *option.secondary_opts)}
    known |= {"--help"}
    return [flag for word in words for flag in FLAG.findall(word) if flag not in known]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    wrong = {
        command: lacking
        for command in commands((ROOT / page).read_text(encoding="utf-8"))
        if (lacking := wrong_in(command))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("Say `mmbench list models --continent asia`.", ["--continent"]),
        ("```sh\nmmbench lst models\n```\n", ["lst"]),
        ("```sh\nmmbench run quickstart \\\n  --speed high\n```\n", ["--speed"]),
        ("    mmbench prefetch zh-text --tto /media/stick\n", ["--tto"]),
        ("`mmbench new task --from a.csv --colour red`", ["--colour"]),
        ("`mmbench list models --region domestic`", []),
    ],
)
def test_what_is_not_there_is_seen(text: str, lacking: list[str]) -> None:
    assert [wrong for command in commands(text) for wrong in wrong_in(command)] == lacking
