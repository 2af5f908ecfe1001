"""Hugging Face by its own client library: what a repository holds, and waiting where it asks to."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

from mmbench.digests import file_digest
from mmbench.errors import TrialError
from mmbench.hubs.files import Listing, RemoteFile
from mmbench.hubs.tokens import HUGGING_FACE, OWN_COPY, Kind, hugging_face_token, issued

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

TIMEOUT_SECONDS = 30.0
ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 300.0  # the hub's own limits are counted over five minutes
TOO_MANY_REQUESTS = 429

# the base of HfHubHTTPError is its HTTP library's own error, whose name changed between versions 1
# and 2; it covers what is no OSError: a proxy that refuses, an answer that is cut short
TRANSPORT_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]


def views() -> Path:
    """Where folders of links lie that hold the files of one card and no others (`files.alone`)."""
    return Path(constants.HF_HUB_CACHE).parent / "mmbench"


def api() -> HfApi:
    """The client, which takes the user's token along to Hugging Face itself and nowhere else."""
    return HfApi(endpoint=constants.ENDPOINT, token=hugging_face_token())


def commit(repo: str, revision: str | None, kind: Kind) -> str | None:
    """The commit that a revision stands for now. The client's own errors, as in `listing`."""
    return patiently(
        lambda: (
            api().repo_info(repo, revision=revision, repo_type=kind, timeout=TIMEOUT_SECONDS).sha
        )
    )


def listing(repo: str, revision: str | None, kind: Kind) -> Listing:
    """The files of a repository and the commit that its revision stands for.

    The client's own errors, for whoever asks to explain.
    """
    ask = api().model_info if kind == "model" else api().dataset_info
    info = patiently(
        lambda: ask(repo, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS)
    )
    files = {
        file.rfilename: RemoteFile(
            bytes=file.size or 0, sha256=None if file.lfs is None else file.lfs.sha256
        )
        for file in info.siblings or ()
    }
    licences = [tag.split(":", 1)[1] for tag in info.tags or () if tag.startswith("license:")]
    return Listing(files=files, commit=info.sha, licence=licences[0] if licences else None)


def digests(
    repo: str, revision: str, names: Sequence[str], listed: Listing, kind: Kind
) -> dict[str, str]:
    """name → sha256: as the hub tells it of large files; small ones are fetched and hashed.

    TrialError if the repository holds none of them; else the client's own errors.
    """
    if not names:
        raise TrialError(f"{repo} on {constants.ENDPOINT} holds no files that could be read")
    absent = [name for name in names if name not in listed.files]
    if absent:
        raise TrialError(f"{repo} on {constants.ENDPOINT} holds no {absent[0]}")
    found: dict[str, str] = {}
    for name in sorted(names):
        told = listed.files[name].sha256
        found[name] = told or file_digest(_fetched(repo, revision, name, kind))
    return found


def _fetched(repo: str, revision: str, name: str, kind: Kind) -> Path:
    return Path(
        patiently(
            lambda: hf_hub_download(
                repo, name, revision=revision, repo_type=kind, token=hugging_face_token()
            )
        )
    )


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What `ask` gives; where it is answered 429, asked again after the time that the hub names.

    The client waits so itself for files and lists of them, but not for the facts of a repository.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return ask()
        except Exception as error:
            limited = rate_limited(error)
            if limited is None:
                raise
            seconds = min(_asked_to_wait(limited, attempt), LONGEST_WAIT_SECONDS)
            logger.warning("%s: too many requests; waiting %.0f s", constants.ENDPOINT, seconds)
            time.sleep(seconds)
    return ask()


def rate_limited(error: BaseException) -> HfHubHTTPError | None:
    """The answer 429 behind an error, if there is one: libraries wrap it in errors of theirs."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, HfHubHTTPError) and seen.response.status_code == TOO_MANY_REQUESTS:
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def advice_on_limit() -> str:
    """What helps against a rate limit, which is wider for who is logged in."""
    own = issued(constants.ENDPOINT, HUGGING_FACE)
    return "Wait some minutes, or log in: hf auth login" if own else "Wait some minutes"


def advice_on_access(kind: Kind) -> str:
    """How to reach what is gated or private, from where the endpoint is."""
    if issued(constants.ENDPOINT, HUGGING_FACE):
        return "run: hf auth login"
    return (
        "unset HF_ENDPOINT and run: hf auth login (a token goes to huggingface.co alone, not to a "
        f"mirror), or {OWN_COPY[kind]}"
    )


def _asked_to_wait(error: HfHubHTTPError, attempt: int) -> float:
    """Seconds: those of Retry-After, or more with every attempt."""
    told = error.response.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdecimal() else float(2**attempt)
