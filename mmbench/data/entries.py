"""The cache's entries on disk: locks, what is there, removal. No array is opened here.

<root>/<kind>/<digest[:2]>/<digest>/               an entry: `.npy` files and facts.json
<root>/<kind>/<digest[:2]>/.<digest>.lock          held while it is built, mended or removed
<root>/<kind>/<digest[:2]>/.<digest>.<hex>.part/   a build, or what a killed one left behind

Each entry has a lock of its own, so that different ones are built in parallel and a build may ask
for another entry. Who holds the lock removes its file before letting go, so that none pile up; a
process that dies lets go as well, and the next survey finds its file.
"""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mmbench.atomic import TEMPORARY, temporary_beside

FACTS = "facts.json"
ARRAY = ".npy"
SHELF = re.compile(r"[0-9a-f]{2}")
DIGEST = re.compile(r"[0-9a-f]{2,}")
LEFTOVER = re.compile(rf"\.(?P<digest>[0-9a-f]+)\.(lock|[0-9a-f]{{12}}{re.escape(TEMPORARY)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDisk:
    """An entry as a folder. used_at: seconds since 1970 of its last use, to about a minute."""

    kind: str
    folder: Path
    bytes: int
    used_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a cache holds. leftovers: lock files and parts, of builds under way or of dead ones."""

    entries: tuple[OnDisk, ...]
    leftovers: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        return sum(entry.bytes for entry in self.entries)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted({entry.kind for entry in self.entries}))

    def of_kind(self, kind: str) -> "Survey":
        return Survey(
            entries=tuple(entry for entry in self.entries if entry.kind == kind),
            leftovers=tuple(path for path in self.leftovers if path.parent.parent.name == kind),
        )


def entry_folder(root: Path, kind: str, digest: str) -> Path:
    """Where the entry is, or would be."""
    return root / kind / digest[:2] / digest


@contextmanager
def alone(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """One thread of one process at a time builds, mends or removes the entry.

    BlockingIOError if another does and `wait` is False. Not reentrant.
    """
    path = folder.with_name(f".{folder.name}.lock")
    lock = _locked_file(path, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # who waits for this very file sees that, and starts afresh
        fcntl.flock(lock, fcntl.LOCK_UN)  # closing is not enough: a forked child may share it
        os.close(lock)


def _locked_file(path: Path, how: int) -> int:
    """A descriptor that holds the lock, and is the file that stands at the path."""
    while True:
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # read alone will not do on NFS
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)  # new, or removed since it was empty
            continue
        try:
            fcntl.flock(lock, how)
            if os.path.samestat(os.fstat(lock), os.stat(path)):
                return lock
        except FileNotFoundError:
            pass  # the last holder has removed it
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def remove(folder: Path) -> None:
    """Remove an entry that may be gone already. BlockingIOError if it is being built or removed.

    A process that has its arrays mapped goes on reading them: the disk keeps a file that is
    still open, and frees its room when the last map of it is closed.
    """
    with alone(folder, wait=False):
        take_away(folder)
    with suppress(OSError):  # other entries stand on this shelf
        folder.parent.rmdir()


def take_away(folder: Path) -> None:
    """Remove an entry whose lock is held: at once for whoever looks, then file by file."""
    doomed = temporary_beside(folder)
    with suppress(FileNotFoundError):
        os.replace(folder, doomed)
        shutil.rmtree(doomed)


def parts_of(folder: Path) -> list[Path]:
    """Temporary folders of the entry; dead ones, if its lock is held."""
    return list(folder.parent.glob(f".{folder.name}.*{TEMPORARY}"))


def sweep(survey: Survey) -> int:
    """Remove what killed builds left, and no build under way; returns how many parts it were."""
    swept = 0
    dead = {path.with_name(_owner(path)) for path in survey.leftovers}
    for folder in sorted(dead):
        with suppress(BlockingIOError), alone(folder, wait=False):
            for part in parts_of(folder):
                shutil.rmtree(part)
                swept += 1
        with suppress(OSError):
            folder.parent.rmdir()
    return swept


def _owner(leftover: Path) -> str:
    match = LEFTOVER.fullmatch(leftover.name)
    assert match is not None, leftover
    return match["digest"]


def survey(root: Path) -> Survey:
    """Every entry under `root`, and every leftover; what is not of a cache's form is passed over.

    Of an entry only the sizes and times of its files are looked at: 30 µs each.
    """
    entries: list[OnDisk] = []
    leftovers: list[Path] = []
    for kind in _inside(root):
        for shelf in _inside(kind.path):
            if not SHELF.fullmatch(shelf.name):
                continue
            for item in _inside(shelf.path):
                if LEFTOVER.fullmatch(item.name):
                    leftovers.append(Path(item.path))
                elif DIGEST.fullmatch(item.name) and item.name.startswith(shelf.name):
                    entries += _on_disk(kind.name, item)
    return Survey(entries=tuple(entries), leftovers=tuple(leftovers))


def _inside(folder: str | Path) -> list[os.DirEntry[str]]:
    """What is in it; nothing if it is no folder, is gone by now or may not be looked into."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda item: item.name)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def _on_disk(kind: str, item: os.DirEntry[str]) -> list[OnDisk]:
    """The entry, or nothing: a folder that holds anything but ours is somebody else's."""
    if not item.is_dir(follow_symlinks=False):
        return []
    total, used_at = 0, None
    files = _inside(item.path)
    for file in files:
        if file.name != FACTS and not file.name.endswith(ARRAY):
            return []
        try:
            facts = file.stat(follow_symlinks=False)
        except FileNotFoundError:  # being removed at this moment
            return []
        if not stat.S_ISREG(facts.st_mode):
            return []
        total += facts.st_size
        if file.name == FACTS:
            used_at = facts.st_mtime
    if used_at is None:
        used_at = 0.0  # without its facts it is of no use to anybody
    return [OnDisk(kind=kind, folder=Path(item.path), bytes=total, used_at=used_at)]
