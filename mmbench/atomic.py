"""Writing files so that a reader, or a crash, never meets half of one."""

import os
import secrets
from pathlib import Path

TEMPORARY = ".part"


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`: temporary file, fsync, rename, fsync of the folder.

    After a crash the path holds the old content or the new, never a part of it. OSError passes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder, so that the later rename stays on one file system."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}{TEMPORARY}")


def publish(temporary: Path, path: Path) -> None:
    """Rename a finished temporary file into place, durably."""
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
