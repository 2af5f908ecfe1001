"""What is computed once: tokens, pixels, features, statistics, by the digest of what made them.

An entry is a folder of memory-mapped `.npy` files and `facts.json` beside them, which names each
file's size. It is built under a temporary name, by one process while the others wait, and renamed
into place; one that was damaged since is found by its sizes, and built again. `mmbench cache`
shows what is there. Importing this imports no NumPy, so that the command line may look as well.
"""

import errno
import json
import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmbench.atomic import publish, temporary_beside, write_atomically
from mmbench.data import entries
from mmbench.data.entries import ARRAY, FACTS
from mmbench.errors import MmbenchError, TrialError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOCATION = "MMBENCH_CACHE"
LIMIT = "MMBENCH_CACHE_GB"
KINDS = ("features", "pixels", "sounds", "statistics", "tokens")
MOST_BYTES = 50 * 10**9
SHARE_OF_DISK = 0.1
TOUCH_SECONDS = 60.0  # a use is noted once in this time: a look-up should not write
SURVEY_SECONDS = 10.0  # for so long the room that was left is believed
FULL = (errno.ENOSPC, errno.EDQUOT)
SHORT_WRITE = (" requested and ", "Not enough free space")  # NumPy's, which carry no errno

_counting = threading.Lock()
_building = threading.local()  # .stack: what this thread is building, outermost first


def default_cache_root() -> Path:
    """$MMBENCH_CACHE, or mmbench in the user's cache folder."""
    chosen = os.environ.get(LOCATION)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mmbench"


def default_limit_bytes(root: Path) -> int:
    """$MMBENCH_CACHE_GB × 10⁹, or 50 GB, or a tenth of the root's disk if that is less.

    MmbenchError if the variable is no number that is at least 0.
    """
    chosen = os.environ.get(LIMIT)
    if not chosen:
        standing = next(place for place in (root, *root.absolute().parents) if place.exists())
        return min(MOST_BYTES, int(shutil.disk_usage(standing).total * SHARE_OF_DISK))
    try:
        gigabytes = float(chosen)
    except ValueError:
        gigabytes = math.nan
    if not 0 <= gigabytes < math.inf:
        raise MmbenchError(f"{LIMIT}={chosen!r} is no size in GB; set a number, e.g. {LIMIT}=20")
    return int(gigabytes * 10**9)


@dataclass(frozen=True, slots=True)
class Entry:
    """arrays: memory-mapped, read-only. facts: what was noted when they were computed.

    seconds: what computing them took, with the entries that were built for it.
    """

    arrays: "Mapping[str, NDArray[Any]]"
    facts: Mapping[str, Any]
    seconds: float


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a cache was asked for since it was made, over all threads.

    hits: entries that were there, or that another process built while this one waited.
    misses: entries that were built here. built_seconds: spent building them; a build inside another
    counts once. saved_seconds: what the hits took when they were built. waited_seconds: spent
    waiting for others that were building. repaired: of the misses, those that were there but
    damaged, or of an earlier form.

    So work of `t` seconds would have taken t − waited_seconds + saved_seconds with an empty cache.
    """

    hits: int = 0
    misses: int = 0
    built_seconds: float = 0.0
    saved_seconds: float = 0.0
    waited_seconds: float = 0.0
    repaired: int = 0


@dataclass(slots=True)
class _Room:
    """bytes: what may still be built before the folder is looked through, if that is not `until`
    (monotonic seconds) anyway, since other processes build as well."""

    bytes: int = 0
    until: float = 0.0


Build = Callable[[Path], Mapping[str, Any]]
"""Writes `<name>.npy` files into the folder it is given and returns the facts (JSON values)."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries under `root`; threads and processes may share it, on one machine or by NFS.

    limit_bytes: when a build takes the entries past it, those that were not used for longest are
    removed; `default_limit_bytes` if None. The entry just built stays even if it is larger than the
    limit alone; the next build removes it. An array that is in use stays readable after its entry
    is removed (the file lives until its last map is closed), so no trial minds.
    """

    root: Path
    limit_bytes: int | None = None
    tally: Tally = field(default_factory=Tally, compare=False, repr=False)
    _room: _Room = field(default_factory=_Room, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.limit_bytes is None:  # a wrong $MMBENCH_CACHE_GB is told before anything is built
            object.__setattr__(self, "limit_bytes", default_limit_bytes(self.root))

    def get(self, kind: str, digest: str, build: Build) -> tuple[Entry, bool]:
        """The entry, built if it is absent or damaged, and whether it was there already.

        Of those who want the same entry at once one builds, and the others wait for it. A build may
        ask for other entries. TrialError if the disk is full; what `build` raises passes, and
        leaves nothing behind.
        """
        folder = entries.entry_folder(self.root, kind, digest)
        entry = _open(folder)
        hit = entry is not None
        if entry is None:
            with _full_disk_told(self.root):
                entry, hit = self._wait_or_build(folder, build)
        if hit:
            _touch(folder)
            with _counting:
                self.tally.hits += 1
                self.tally.saved_seconds += entry.seconds
        else:
            self._make_room(folder)
        return entry, hit

    def _wait_or_build(self, folder: Path, build: Build) -> tuple[Entry, bool]:
        assert folder not in [other for other, _ in _stack()], f"{folder} is built out of itself"
        began = time.perf_counter()
        with entries.alone(folder):
            waited = time.perf_counter() - began
            entry = _open(folder)  # another may have built it in the meantime
            hit = entry is not None
            damaged = not hit and folder.exists()
            if entry is None:
                if damaged:
                    entries.take_away(folder)
                entry = self._build(folder, build)
        with _counting:
            self.tally.waited_seconds += waited
            self.tally.misses += not hit
            self.tally.repaired += damaged
            if not hit and all(tally is not self.tally for _, tally in _stack()):
                self.tally.built_seconds += entry.seconds
        return entry, hit

    def _build(self, folder: Path, build: Build) -> Entry:
        for part in entries.parts_of(folder):  # of a build that was killed, as the lock is ours
            shutil.rmtree(part, ignore_errors=True)
        temporary = temporary_beside(folder)
        temporary.mkdir()
        _stack().append((folder, self.tally))
        began = time.perf_counter()
        try:
            facts = dict(build(temporary))
            sizes = _flushed(temporary)
            noted = {"facts": facts, "bytes": sizes, "seconds": time.perf_counter() - began}
            text = json.dumps(noted).encode()
            write_atomically(temporary / FACTS, text)
            publish(temporary, folder)
        finally:
            _stack().pop()
            shutil.rmtree(temporary, ignore_errors=True)
        with _counting:
            self._room.bytes -= sum(sizes.values()) + len(text)
        entry = _open(folder)
        if entry is None:
            raise TrialError(f"{folder}: cannot be read back; does something else write there?")
        return entry

    def _make_room(self, built: Path) -> None:
        """Remove what was not used for longest while there is more than the limit allows."""
        assert self.limit_bytes is not None
        if self._room.bytes >= 0 and time.monotonic() < self._room.until:
            return
        found = entries.survey(self.root)
        with suppress(OSError):  # another user's: not ours to remove, here as below
            entries.sweep(found)
        excess = found.bytes - self.limit_bytes
        for old in sorted(found.entries, key=lambda entry: entry.used_at):
            if excess > 0 and old.folder != built:
                with suppress(OSError):  # BlockingIOError too: another is building it anew
                    entries.remove(old.folder)
                    excess -= old.bytes
        with _counting:
            self._room.bytes = -excess
            self._room.until = time.monotonic() + SURVEY_SECONDS


def _stack() -> list[tuple[Path, Tally]]:
    """What this thread is building, and for which cache's tally; the outermost first."""
    stack: list[tuple[Path, Tally]] = _building.__dict__.setdefault("stack", [])
    return stack


def _open(folder: Path) -> Entry | None:
    """The entry if it is there and whole: every file, each of the size that was noted."""
    import numpy as np

    try:
        noted = json.loads((folder / FACTS).read_bytes())
        sizes = {path.name: path.stat().st_size for path in folder.glob(f"*{ARRAY}")}
        if noted["bytes"] != sizes or not isinstance(noted["facts"], dict):
            return None
        arrays = {
            name.removesuffix(ARRAY): np.load(folder / name, mmap_mode="r")
            for name in sorted(sizes)
        }
        return Entry(arrays=arrays, facts=noted["facts"], seconds=float(noted["seconds"]))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, RecursionError):  # no JSON, or not of our form
        return None


def _touch(folder: Path) -> None:
    """Note that the entry was used, in the time of its facts."""
    facts = folder / FACTS
    with suppress(OSError):  # the cache may be read-only, and the entry removed by now
        if abs(time.time() - facts.stat().st_mtime) > TOUCH_SECONDS:
            os.utime(facts)


def _flushed(folder: Path) -> dict[str, int]:
    """The size of each array's file, once it is on the disk."""
    sizes = {}
    for path in sorted(folder.iterdir()):
        assert path.suffix == ARRAY, f"a build writes arrays alone, not {path.name}"
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        sizes[path.name] = path.stat().st_size
    return sizes


@contextmanager
def _full_disk_told(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL and not any(words in str(error) for words in SHORT_WRITE):
            raise
        raise TrialError(
            f"{root}: the disk is full ({error.strerror or error}). Free room with: mmbench cache "
            f"clear; or set {LOCATION} to a folder on a larger disk."
        ) from error
