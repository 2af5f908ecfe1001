"""Files of a repository: what a hub says of them, and whether a card means the same ones."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmbench.atomic import temporary_beside
from mmbench.digests import file_digest, files_digest
from mmbench.errors import TrialError

SHOWN = 12  # digits of a digest in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """sha256: None where the hub does not tell it. commit: the one that last changed the file."""

    bytes: int
    sha256: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a repository holds at one revision, by path; `commit` and `licence` if they are told."""

    files: Mapping[str, RemoteFile]
    commit: str | None = None
    licence: str | None = None

    def digests(self, names: Iterable[str]) -> dict[str, str] | None:
        """name → sha256; None unless the hub tells that of each, all of which it lists."""
        told = {name: self.files[name].sha256 for name in names}
        known = {name: digest for name, digest in told.items() if digest is not None}
        return known if len(known) == len(told) else None


_known: dict[tuple[str, int, int], str] = {}  # path, size and time of change → sha256


def sha256_of(path: Path) -> str:
    """Of the file as it is; what has not changed since this process read it is not read again."""
    facts = path.stat()
    key = (str(path.resolve()), facts.st_size, facts.st_mtime_ns)
    if key not in _known:
        _known[key] = file_digest(path)
    return _known[key]


def check_listed(listed: Listing, expected: Mapping[str, str], where: str) -> None:
    """TrialError if a hub says of a file, before it is fetched, that it is not the card's."""
    for name, digest in expected.items():
        file = listed.files.get(name)
        if file is not None and file.sha256 not in (None, digest):
            raise TrialError(
                f"{where}: {name} has sha256 {file.sha256[:SHOWN]}…, the card says "
                f"{digest[:SHOWN]}…\nIt is another file than the card means: read it elsewhere "
                "(--hub, --model-path), or correct source.files"
            )


def check_files(folder: Path, expected: Mapping[str, str], where: str) -> None:
    """TrialError unless `folder` holds the files, by the sha256 that a card gives."""
    for name, digest in expected.items():
        path = folder / name
        if not path.is_file():
            raise TrialError(
                f"{where}: {name} is absent, which the card names under source.files; correct the "
                "card, or fill it anew: mmbench pin"
            )
        found = sha256_of(path)
        if found != digest:
            raise TrialError(
                f"{where}: {name} has sha256 {found[:SHOWN]}…, the card says {digest[:SHOWN]}…\n"
                f"Remove {path} and fetch it again; if it stays so, it is another file than the "
                "card means: read it elsewhere (--hub, --model-path), or correct source.files"
            )


def alone(folder: Path, expected: Mapping[str, str], views: Path) -> Path:
    """A folder with these files and no others: `folder` itself, or links to them under `views`.

    A cache may hold more of a repository than a card names, and a library that is given the folder
    would read it. The files are known to be there.
    """
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if held == expected.keys():
        return folder
    view = views / files_digest(expected)
    for name, digest in expected.items():
        link = view / name
        if not link.is_file() or sha256_of(link) != digest:
            link.parent.mkdir(parents=True, exist_ok=True)
            _link(folder / name, link)
    return view


def _link(file: Path, link: Path) -> None:
    """A relative one, which stays right in a folder that is carried elsewhere; a copy where the
    disk knows no links."""
    made = temporary_beside(link)
    try:
        os.symlink(os.path.relpath(file, link.parent), made)
    except OSError:
        shutil.copyfile(file, made)
    os.replace(made, link)


def is_inside(name: str) -> bool:
    """Whether a path that a hub names stays in the folder it is put in."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
