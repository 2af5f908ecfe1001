"""Repositories of ModelScope: what they hold, and their files on this disk."""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from huggingface_hub import constants
from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

from mmbench.atomic import write_atomically
from mmbench.digests import file_digest
from mmbench.errors import TrialError
from mmbench.hubs.files import Listing, RemoteFile, is_inside, sha256_of
from mmbench.hubs.hugging_face import TRANSPORT_ERROR, rate_limited
from mmbench.hubs.modelscope_http import (
    DEFAULT_REVISION,
    Repository,
    Unreachable,
    answered,
    asked,
    entries,
    not_here,
    unreachable,
)

LISTING = "listing.json"
RESUMED = 5  # failures in a row, none of which brought a byte, before a download is given up
LONGEST_PAUSE_SECONDS = 8.0
PARTIAL = 206


def listing(repository: Repository) -> Listing:
    """The files of the repository; `commit` is the latest that changed one of them.

    Told by ModelScope or, where it does not answer or may not be asked, by the last listing that
    files were fetched by. TrialError if neither knows.
    """
    if constants.HF_HUB_OFFLINE:
        remembered = _remembered(repository)
        if remembered is None:
            raise not_here(repository)
        return remembered
    try:
        listed = entries(repository)
    except Unreachable:
        remembered = _remembered(repository)
        if remembered is None:
            raise
        return remembered
    files = {
        entry["Path"]: RemoteFile(
            bytes=int(entry.get("Size") or 0),
            sha256=entry.get("Sha256") or None,
            commit=entry.get("Revision") or None,
        )
        for entry in listed
        if entry.get("Type") != "tree" and is_inside(str(entry["Path"]))
    }
    dated = [entry for entry in listed if entry.get("Revision") and entry.get("CommittedDate")]
    last = max(dated, key=lambda entry: int(entry["CommittedDate"]), default=None)
    return Listing(files=files, commit=None if last is None else str(last["Revision"]))


def licence(repository: Repository) -> str | None:
    """As the repository states it; None if it does not."""
    facts = answered(repository, "", {})
    return str(facts.get("License") or "") or None


def fetch(repository: Repository, names: Iterable[str], listed: Listing) -> Path:
    """The folder that holds the files of these names, each downloaded unless it is there already.

    Every file that is fetched is checked against the sha256 that ModelScope tells. TrialError says
    what is missing and what to do.
    """
    folder = repository.folder
    for name in names:
        file = listed.files.get(name)
        if file is None:
            raise TrialError(f"{repository.where} has no file {name}: check source.files")
        if not _is_there(folder / name, file):
            _download(repository, name, file)
    if not constants.HF_HUB_OFFLINE:
        _remember(repository, listed)
    return folder


def _is_there(path: Path, file: RemoteFile) -> bool:
    """Whether it is the file that is listed: by its digest, or by its size if none is told."""
    if not path.is_file():
        return False
    same = path.stat().st_size == file.bytes
    return same and (file.sha256 is None or sha256_of(path) == file.sha256)


def _download(repository: Repository, name: str, file: RemoteFile) -> None:
    """Into a file elsewhere that is renamed into place when it is whole and what it should be."""
    path, partial = repository.folder / name, repository.place / "incomplete" / name
    for each in (path, partial):
        each.parent.mkdir(parents=True, exist_ok=True)
    failures = 0
    while True:
        before = _size(partial)
        try:
            _take_up(repository, name, file.bytes, partial)
            break
        except (OSError, TRANSPORT_ERROR) as error:
            failures = 1 if _size(partial) > before else failures + 1
            if failures > RESUMED or rate_limited(error) is not None:
                raise unreachable(repository, error) from error
            time.sleep(min(2.0**failures, LONGEST_PAUSE_SECONDS))
    found = file_digest(partial)
    if partial.stat().st_size != file.bytes or file.sha256 not in (None, found):
        partial.unlink()
        raise TrialError(
            f"{repository.where}: {name} did not arrive as it is listed there (sha256 "
            f"{found[:12]}…); nothing of it was kept. Run the command again."
        )
    os.replace(partial, path)


def _take_up(repository: Repository, name: str, size: int, partial: Path) -> None:
    """Append what is missing; from the start where the server sends all of it."""
    start = _size(partial)
    query = {"Revision": repository.revision or DEFAULT_REVISION, "FilePath": name}
    headers = {"Accept-Encoding": "identity"}  # the bytes of the file, so that they can be counted
    if start:
        headers["Range"] = f"bytes={start}-"
    with asked(repository, "/repo", query, headers) as answer:
        goes_on = start > 0 and answer.status_code == PARTIAL
        bar = cast(Any, tqdm)(  # untyped upstream
            desc=name, total=size, initial=start * goes_on, unit="B", unit_scale=True, leave=False
        )
        with bar, open(partial, "ab" if goes_on else "wb") as file:
            for chunk in answer.iter_bytes():  # as they come: a chunk half filled would be lost
                bar.update(file.write(chunk))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


# ----------------------------------------------------------------------------------- memory


def _remember(repository: Repository, listed: Listing) -> None:
    """For the days without a connection."""
    write_atomically(repository.place / LISTING, json.dumps(asdict(listed)).encode())


def _remembered(repository: Repository) -> Listing | None:
    """None if there is none that can be read."""
    try:
        tree = json.loads((repository.place / LISTING).read_bytes())
        files = {path: RemoteFile(**facts) for path, facts in tree.pop("files").items()}
        return Listing(files=files, **tree)
    except (OSError, ValueError, KeyError, TypeError):
        return None
