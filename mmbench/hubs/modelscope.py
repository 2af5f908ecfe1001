"""ModelScope by its plain HTTP interface: what a repository holds, and its files on this disk.

    GET {endpoint}/api/v1/models/{repo}                               facts, with the licence
    GET {endpoint}/api/v1/models/{repo}/repo/files?Revision&Recursive every file, size and sha256
    GET {endpoint}/api/v1/models/{repo}/repo?Revision&FilePath        one file

Data sets have `datasets` for `models` and `repo/tree`, in pages. The paths and fields are those of
ModelScope's own client (https://github.com/modelscope/modelscope, modelscope/hub). Connections are
those of `huggingface_hub`, which keeps HF_HUB_OFFLINE, proxies and certificates in one place.
"""

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from huggingface_hub import constants
from huggingface_hub.utils import http_stream_backoff, tqdm  # type: ignore[attr-defined]

from mmbench.atomic import write_atomically
from mmbench.digests import file_digest
from mmbench.errors import TrialError
from mmbench.hubs.files import Listing, RemoteFile, is_inside, sha256_of
from mmbench.hubs.hugging_face import TIMEOUT_SECONDS, TRANSPORT_ERROR, rate_limited
from mmbench.hubs.tokens import MODELSCOPE, issued, modelscope_headers

DEFAULT_ENDPOINT = "https://www.modelscope.cn"
DEFAULT_REVISION = "master"
LISTING = "listing.json"
NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")
REVISION = re.compile(r"\w[\w-]*([./]\w[\w-]*)*")
PAGE = 200
RESUMED = 5  # failures in a row, none of which brought a byte, before a download is given up
LONGEST_PAUSE_SECONDS = 8.0
PARTIAL = 206


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One at a revision: a branch, a tag or a commit; the default branch if it is None.

    Both become a part of addresses and of paths: TrialError for what is no name.
    """

    kind: Literal["models", "datasets"]
    name: str
    revision: str | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise TrialError(f"{self.name!r} is no name of a repository: source.repo is OWNER/NAME")
        if self.revision is not None and not REVISION.fullmatch(self.revision):
            raise TrialError(f"{self.name}: {self.revision!r} is no name of a revision")

    @property
    def where(self) -> str:
        at = f"@{self.revision}" if self.revision else ""
        return f"{self.name}{at} on {endpoint()}"

    @property
    def place(self) -> Path:
        """Where it is kept on this machine: beside the cache of Hugging Face's own client."""
        name = f"{self.kind}--{self.name.replace('/', '--')}"
        revision = (self.revision or DEFAULT_REVISION).replace("/", "--")
        return Path(constants.HF_HUB_CACHE).parent / "modelscope" / name / revision

    @property
    def folder(self) -> Path:
        """Its files and nothing else."""
        return self.place / "files"


def endpoint() -> str:
    """$MODELSCOPE_ENDPOINT, or ModelScope's own."""
    return os.environ.get("MODELSCOPE_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


def listing(repository: Repository) -> Listing:
    """The files of the repository, told by ModelScope or, offline, by the last that was fetched.

    TrialError if neither knows.
    """
    if constants.HF_HUB_OFFLINE:
        return _remembered(repository)
    listed = _listed(repository)
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
    facts = _data(repository, "", {})
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
            _refuse_offline(repository)
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
                raise _unreachable(repository, error) from error
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
    with _asked(repository, "/repo", query, headers) as answer:
        goes_on = start > 0 and answer.status_code == PARTIAL
        bar = cast(Any, tqdm)(  # untyped upstream
            desc=name, total=size, initial=start * goes_on, unit="B", unit_scale=True, leave=False
        )
        with bar, open(partial, "ab" if goes_on else "wb") as file:
            for chunk in answer.iter_bytes():  # as they come: a chunk half filled would be lost
                bar.update(file.write(chunk))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


# ------------------------------------------------------------------------------- questions


def _listed(repository: Repository) -> list[dict[str, Any]]:
    query = {"Revision": repository.revision or DEFAULT_REVISION, "Recursive": "True"}
    if repository.kind == "models":
        return list(_data(repository, "/repo/files", query).get("Files") or ())
    found: list[dict[str, Any]] = []
    for number in range(1, 10_000):
        page = query | {"PageNumber": str(number), "PageSize": str(PAGE)}
        files = list(_data(repository, "/repo/tree", page).get("Files") or ())
        found += files
        if len(files) < PAGE:
            break
    return found


def _data(repository: Repository, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """What stands under `Data` of an answer in JSON."""
    try:
        with _asked(repository, path, query, {}) as answer:
            text = answer.read()
    except (OSError, TRANSPORT_ERROR) as error:
        raise _unreachable(repository, error) from error
    try:
        tree = json.loads(text)
    except ValueError:
        tree = None
    data = tree.get("Data") if isinstance(tree, dict) else None
    if not isinstance(data, dict):
        raise TrialError(
            f"{repository.where}: the answer is none of ModelScope's; check MODELSCOPE_ENDPOINT"
        )
    return data


@contextmanager
def _asked(
    repository: Repository, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Iterator[Any]:
    """The answer, open to be read; TrialError for a status that says no."""
    _refuse_offline(repository)
    url = f"{endpoint()}/api/v1/{repository.kind}/{repository.name}{path}"
    with http_stream_backoff(
        "GET",
        url,
        params=dict(query),
        headers={**modelscope_headers(endpoint()), **headers},
        timeout=TIMEOUT_SECONDS,
        retry_on_exceptions=(),
    ) as answer:
        if answer.status_code in (401, 403):
            raise TrialError(f"{repository.where} is gated or private: {_advice_on_access()}")
        if answer.status_code == 404:
            revision = f", or has no revision {repository.revision!r}" * bool(repository.revision)
            raise TrialError(
                f"{repository.where} does not exist{revision}, or is private: check the names of "
                "ModelScope in the card"
            )
        answer.raise_for_status()
        yield answer


def _advice_on_access() -> str:
    if issued(endpoint(), MODELSCOPE):
        return "accept its terms on ModelScope and set MODELSCOPE_API_TOKEN"
    return (
        "unset MODELSCOPE_ENDPOINT and set MODELSCOPE_API_TOKEN (a token goes to ModelScope alone, "
        "not to a mirror), or read a copy of yours: --model-path"
    )


def _refuse_offline(repository: Repository) -> None:
    if constants.HF_HUB_OFFLINE:
        raise TrialError(
            f"{repository.where} is not among the downloads of this machine ({repository.place}), "
            "and HF_HUB_OFFLINE (or --offline) forbids asking for it.\nFetch it where there is a "
            "connection: mmbench prefetch --hub modelscope"
        )


def _unreachable(repository: Repository, error: Exception) -> TrialError:
    limited = rate_limited(error)
    if limited is not None:
        return TrialError(
            f"{repository.where}: too many requests (429) were sent from here. Wait some minutes"
        )
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
    return TrialError(
        f"{repository.where} cannot be fetched: {said}\nCheck the connection, or read it from "
        "Hugging Face: --hub hf"
    )


# ----------------------------------------------------------------------------------- memory


def _remember(repository: Repository, listed: Listing) -> None:
    """For the days without a connection."""
    write_atomically(repository.place / LISTING, json.dumps(asdict(listed)).encode())


def _remembered(repository: Repository) -> Listing:
    try:
        tree = json.loads((repository.place / LISTING).read_bytes())
        files = {path: RemoteFile(**facts) for path, facts in tree.pop("files").items()}
        return Listing(files=files, **tree)
    except (OSError, ValueError, KeyError, TypeError):
        _refuse_offline(repository)
        raise AssertionError("only offline is the memory asked") from None
