"""Questions to ModelScope by its plain HTTP interface, and what its answers mean.

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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import constants
from huggingface_hub.utils import http_stream_backoff  # type: ignore[attr-defined]

from mmbench.cards.repositories import REVISION
from mmbench.errors import TrialError, brief
from mmbench.hubs.hugging_face import TIMEOUT_SECONDS, TRANSPORT_ERROR, rate_limited
from mmbench.hubs.tokens import MODELSCOPE, OWN_COPY, issued, modelscope_headers

DEFAULT_ENDPOINT = "https://www.modelscope.cn"
DEFAULT_REVISION = "master"
NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")
PAGE = 200


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


def entries(repository: Repository) -> list[dict[str, Any]]:
    """Every file of the repository, as it is listed."""
    query = {"Revision": repository.revision or DEFAULT_REVISION, "Recursive": "True"}
    if repository.kind == "models":
        return list(answered(repository, "/repo/files", query).get("Files") or ())
    found: list[dict[str, Any]] = []
    for number in range(1, 10_000):
        page = query | {"PageNumber": str(number), "PageSize": str(PAGE)}
        files = list(answered(repository, "/repo/tree", page).get("Files") or ())
        found += files
        if len(files) < PAGE:
            break
    return found


def answered(repository: Repository, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """What stands under `Data` of an answer in JSON."""
    try:
        with asked(repository, path, query, {}) as answer:
            text = answer.read()
    except (OSError, TRANSPORT_ERROR) as error:
        raise unreachable(repository, error) from error
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
def asked(
    repository: Repository, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Iterator[Any]:
    """The answer, open to be read; TrialError for a status that says no, and offline."""
    if constants.HF_HUB_OFFLINE:
        raise not_here(repository)
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
            raise TrialError(
                f"{repository.where} is gated or private: {_advice_on_access(repository)}"
            )
        if answer.status_code == 404:
            revision = f", or has no revision {repository.revision!r}" * bool(repository.revision)
            raise TrialError(
                f"{repository.where} does not exist{revision}, or is private: check the names of "
                "ModelScope in the card"
            )
        answer.raise_for_status()
        yield answer


def _advice_on_access(repository: Repository) -> str:
    if issued(endpoint(), MODELSCOPE):
        return "accept its terms on ModelScope and set MODELSCOPE_API_TOKEN"
    return (
        "unset MODELSCOPE_ENDPOINT and set MODELSCOPE_API_TOKEN (a token goes to ModelScope alone, "
        f"not to a mirror), or {OWN_COPY['model' if repository.kind == 'models' else 'dataset']}"
    )


def not_here(repository: Repository) -> TrialError:
    """What to say where nothing may be asked."""
    return TrialError(
        f"{repository.where} is not among the downloads of this machine ({repository.place}), "
        "and HF_HUB_OFFLINE (or --offline) forbids asking for it.\nFetch it where there is a "
        "connection: mmbench prefetch --hub modelscope"
    )


class Unreachable(TrialError):
    """No answer, or none but to wait."""


def unreachable(repository: Repository, error: Exception) -> Unreachable:
    """What the client's error means here, in one or two lines."""
    limited = rate_limited(error)
    if limited is not None:
        return Unreachable(
            f"{repository.where}: too many requests (429) were sent from here. Wait some minutes"
        )
    return Unreachable(
        f"{repository.where} cannot be fetched: {brief(error)}\nCheck the connection, or read "
        "it from Hugging Face: --hub hf"
    )
