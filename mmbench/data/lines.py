"""Text files by line, as UTF-8."""

from collections.abc import Iterator
from pathlib import Path

from mmbench.errors import DataError


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line number from 1 and the line; only line feeds end one, not U+2028, which JSON allows."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from None
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\r")


def not_utf8(path: Path, error: UnicodeDecodeError) -> DataError:
    return DataError(
        f"{path}: not UTF-8 (byte 0x{error.object[error.start]:02x}); convert it, e.g. from the "
        f"Chinese encoding: iconv -f GB18030 -t UTF-8 '{path}' > utf8{path.suffix}"
    )
