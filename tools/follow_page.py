"""Follow a page of docs/tutorials as a reader would: write its files, run its commands, time them.

    python -m tools.follow_page your-own-csv            show what the commands take
    python -m tools.follow_page your-own-csv --write    keep it as a record, and say so on the page

Take a machine that does nothing else. The record lies in results/reference/tutorials.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "tutorials"
RECORDS = ROOT / "results" / "reference" / "tutorials"
BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
TIMING = re.compile(r"<!-- timing -->\n(.*?)<!-- end of timing -->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """files: path → text of the blocks that name one. commands: the lines of those of the shell."""

    files: Mapping[str, str]
    commands: Sequence[str]

    def write(self, folder: Path) -> None:
        """The page's files, and the scripts that lie beside it."""
        for script in PAGES.glob("*.py"):
            shutil.copy(script, folder)
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def page(name: str) -> Page:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    lines = [
        line
        for block in blocks
        if block["language"] == "sh"
        for line in block["text"].replace("\\\n", " ").splitlines()
    ]
    files = {block["file"]: block["text"] for block in blocks if block["file"]}
    return Page(files=files, commands=lines)


def follow(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in `folder` with this Python and this mmbench; its output is in the result.

    `PYTHONPATH=.` before it is understood. ValueError for another program, and if it fails.
    """
    words = shlex.split(command, comments=True)
    paths = [str(ROOT)]
    if words[0] == "PYTHONPATH=.":
        words, paths = words[1:], [".", *paths]
    programs = {"python": [sys.executable], "mmbench": [sys.executable, "-P", "-m", "mmbench"]}
    if words[0] not in programs:
        raise ValueError(f"{command}: pages run {' and '.join(programs)} alone")
    done = subprocess.run(
        [*programs[words[0]], *words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done


def timed(name: str) -> dict[str, Any]:
    """The seconds of each command, from an empty cache, and where it was."""
    import torch

    from mmbench.meters.environment import fingerprint

    found = page(name)
    commands = []
    with tempfile.TemporaryDirectory() as place:
        os.environ["MMBENCH_CACHE"] = str(Path(place) / "cache")
        found.write(Path(place))
        for command in found.commands:
            begun = time.monotonic()
            follow(command, Path(place))
            seconds = round(time.monotonic() - begun, 1)
            commands.append({"command": command, "seconds": seconds})
            print(f"{seconds:8.1f} s  {command[:80]}")
    here = fingerprint(torch.device("cpu"), "float32")
    return {"page": name, "commands": commands, "fingerprint": asdict(here)}


def sentence(record: Mapping[str, Any]) -> str:
    """What the page says of it: the commands of mmbench, without the script that makes the data."""
    own = [c["seconds"] for c in record["commands"] if c["command"].split()[0] != "python"]
    minutes, seconds = divmod(round(sum(own)), 60)
    where = record["fingerprint"]
    return (
        f"The {len(own)} commands took {minutes} min {seconds} s in all on {where['cores']} cores, "
        "without a GPU and with nothing kept from before."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="of the page, e.g. your-own-csv")
    parser.add_argument("--write", action="store_true", help="the record, and the page's sentence")
    arguments = parser.parse_args()
    record = timed(arguments.name)
    print(sentence(record))
    if arguments.write:
        RECORDS.mkdir(parents=True, exist_ok=True)
        path = RECORDS / f"{arguments.name}.json"
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        file = PAGES / f"{arguments.name}.md"
        link = f"[record](../../{path.relative_to(ROOT)})"
        said = f"<!-- timing -->\n{sentence(record)} ({link})\n<!-- end of timing -->"
        file.write_text(TIMING.sub(lambda _: said, file.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
