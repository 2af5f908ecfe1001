"""Renew what the READMEs quote of the committed report: `make reference` runs it.

An excerpt stands between `<!-- excerpt: FILE -->` and `<!-- end of excerpt -->`. Each of its blocks
is replaced by the first one of the report, after the last one taken, that begins alike; a table by
the block that follows its caption.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh.md")
EXCERPT = re.compile(r"(<!-- excerpt: (\S+) -->\n)(.*?)(<!-- end of excerpt -->)", re.DOTALL)
ALIKE = 12  # characters of the first line


def main() -> int:
    for page in PAGES:
        path = ROOT / page
        path.write_text(EXCERPT.sub(_renewed, path.read_text("utf-8")), encoding="utf-8")
    return 0


def _renewed(excerpt: re.Match[str]) -> str:
    begin, source, quoted, end = excerpt.groups()
    report = blocks_of((ROOT / source).read_text("utf-8"))
    return f"{begin}\n{quote(blocks_of(quoted), report)}\n\n{end}"


def quote(old: list[str], report: list[str]) -> str:
    """The blocks of the report that stand for the old ones. ValueError if one has no successor."""
    place, found = 0, []
    for block in old:
        if not block.startswith("|"):
            place = _next(block[:ALIKE], report, place)
        found.append(report[place])
        place += 1
    return "\n\n".join(found)


def blocks_of(text: str) -> list[str]:
    return [block for block in re.split(r"\n\s*\n", text.strip()) if block]


def _next(start: str, report: list[str], place: int) -> int:
    for index in range(place, len(report)):
        if report[index].startswith(start):
            return index
    raise ValueError(f"the report has no block from {place} on that begins with {start!r}")


if __name__ == "__main__":
    sys.exit(main())
