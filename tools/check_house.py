"""Checks of the house that no linter makes: file length, links in the docs, addresses, versions.

python tools/check_house.py        exit status 1 and a line for each thing wrong
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_LINES = 300
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+")


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, committed or not yet, that git does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


def long_files(paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            found.append(f"{path}: {lines} lines; {MOST_LINES} is the limit, move a wall")
    return found


def dead_links(paths: list[Path]) -> list[str]:
    """Relative links of Markdown files that lead nowhere."""
    found = []
    for path in paths:
        for found_target in LINK.findall(path.read_text(encoding="utf-8")):
            target = found_target.strip("<>")
            outside = target.startswith(("http://", "https://", "mailto:"))
            if not outside and not (path.parent / target).exists():
                found.append(f"{path}: the link {target} leads nowhere")
    return found


def loose_pins(path: Path) -> list[str]:
    """constraints.txt holds names and versions alone: no address, no option."""
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return [
        f"{path}: {line!r} is not name==version"
        for line in lines
        if line and not PIN.fullmatch(line)
    ]


def main() -> int:
    problems = [
        *long_files(tracked("*.py")),
        *dead_links([p for p in tracked("*.md") if "golden" not in p.parts]),
        *loose_pins(ROOT / "constraints.txt"),
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
