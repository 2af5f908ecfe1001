"""Models on the Hugging Face hub: their files, and the commit that identifies them.

Files are fetched and nothing else: the folder is then loaded like any other, so that remote code
has no way in and errors of the hub are named here alone.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from mmbench.cards import HubModel
from mmbench.errors import TrialError

COMMIT = re.compile(r"[0-9a-f]{40}")
PREPROCESSING = ("*.json", "*.jinja", "*.txt", "*.model")
CONFIGS = ("config.json", "open_clip_config.json")
TIMEOUT_SECONDS = 30.0

# the base of HfHubHTTPError is its HTTP library's own error, whose name changed between versions 1
# and 2; it covers what is no OSError: a proxy that refuses, an answer that is cut short
_TRANSPORT_ERROR: type[Exception] = HfHubHTTPError.__bases__[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFiles:
    """The names under which a library's weights lie in a repository: safe ones, pickled ones."""

    safe: str
    pickled: str


TRANSFORMERS = WeightFiles(safe="model*.safetensors", pickled="pytorch_model*.bin")
"""timm has these names as well."""

OPEN_CLIP = WeightFiles(safe="open_clip_model.safetensors", pickled="open_clip_pytorch_model.bin")


def download(source: HubModel, weights: WeightFiles = TRANSFORMERS) -> Path:
    """The snapshot folder with the configuration, the tokenizer and the weights.

    A repository may hold the same weights for several libraries: those named are fetched. Pickled
    weights are, only where it has no safetensors. TrialError names the repository, the endpoint
    and the next step.
    """
    try:
        folder = _snapshot(source, weights.safe)
        if not any(folder.glob(weights.safe)):
            folder = _snapshot(source, weights.pickled)
    except (OSError, HFValidationError, _TRANSPORT_ERROR) as error:
        raise _explained(error, source) from error
    if not any(folder.glob(weights.safe)) and not any(folder.glob(weights.pickled)):
        raise TrialError(
            f"{_where(source)}: neither {weights.safe} nor {weights.pickled} is in {folder}; "
            "if the local copy is partial, fetch it again: " + _fetch_command(source)
        )
    return folder


def commit(source: HubModel) -> str:
    """The 40-digit commit that the card's revision stands for.

    Asked of the hub unless the card pins it; of the local cache where the hub does not answer.
    TrialError if neither knows.
    """
    if source.revision is not None and COMMIT.fullmatch(source.revision):
        return source.revision
    try:
        info = HfApi().model_info(source.repo, revision=source.revision, timeout=TIMEOUT_SECONDS)
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise _explained(error, source) from error
    except (OSError, HFValidationError, _TRANSPORT_ERROR) as error:
        cached = _cached_commit(source)
        if cached is not None:
            return cached
        raise _explained(error, source, "pin source.revision to a commit, or ") from error
    if info.sha is None:
        raise TrialError(f"{_where(source)}: the hub names no commit; pin source.revision to one")
    return info.sha


def _snapshot(source: HubModel, weights: str) -> Path:
    return Path(
        snapshot_download(
            source.repo,
            revision=source.revision,
            allow_patterns=[*PREPROCESSING, weights],
            ignore_patterns=["*/*"],  # other formats of the same weights lie in sub-folders
        )
    )


def _cached_commit(source: HubModel) -> str | None:
    """The commit of the snapshot that `download` would use offline."""
    for name in CONFIGS:
        try:
            path = try_to_load_from_cache(source.repo, name, revision=source.revision)
        except HFValidationError:
            return None
        if isinstance(path, str):
            return Path(path).parent.name
    return None


def _explained(error: Exception, source: HubModel, alternative: str = "") -> TrialError:
    """What the client's error means here, in one or two lines; `alternative` is a further way."""
    where = _where(source)
    if isinstance(error, GatedRepoError):
        return TrialError(f"{where} is gated: accept its terms on the hub, then run: hf auth login")
    if isinstance(error, RepositoryNotFoundError):
        return TrialError(
            f"{where} does not exist, or is private: check source.repo, or run: hf auth login"
        )
    if isinstance(error, RevisionNotFoundError):
        return TrialError(f"{where} has no revision {source.revision!r}: check source.revision")
    if isinstance(error, HFValidationError):
        return TrialError(f"{where} is no name of a repository: source.repo is 'owner/name'")
    if constants.HF_HUB_OFFLINE:
        return TrialError(
            f"{where} is not in the local cache, and HF_HUB_OFFLINE forbids asking for it.\nUnset "
            f"it, {alternative}fetch it where there is a connection: {_fetch_command(source)}"
        )
    cause = error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None
    return TrialError(
        f"{where} cannot be fetched: {_first_line(cause or error)}\nCheck the connection, "
        f"{alternative}set HF_ENDPOINT to a mirror that this machine reaches."
    )


def _where(source: HubModel) -> str:
    revision = f"@{source.revision}" if source.revision else ""
    return f"{source.repo}{revision} on {constants.ENDPOINT}"


def _fetch_command(source: HubModel) -> str:
    revision = f" --revision {source.revision}" if source.revision else ""
    return f"hf download {source.repo}{revision}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
