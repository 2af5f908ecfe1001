"""Models on the hubs: their files, and what identifies them.

Files are fetched and nothing else: the folder is then loaded like any other, so that remote code
has no way in and errors of the hubs are named here and in `mmbench.hubs` alone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from huggingface_hub import constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from mmbench.cards import HubModel, ModelCard, ModelScopeModel
from mmbench.digests import files_digest
from mmbench.errors import TrialError, brief
from mmbench.hubs import hugging_face, modelscope
from mmbench.hubs.files import Listing, alone, check_files, check_listed
from mmbench.hubs.hugging_face import TRANSPORT_ERROR
from mmbench.hubs.modelscope_http import Repository
from mmbench.hubs.tokens import hugging_face_token

COMMIT = re.compile(r"[0-9a-f]{40}")
PREPROCESSING = ("*.json", "*.jinja", "*.txt", "*.model")
CONFIGS = ("config.json", "open_clip_config.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFiles:
    """The names under which a library's weights lie in a repository: safe ones, pickled ones."""

    safe: str
    pickled: str


TRANSFORMERS = WeightFiles(safe="model*.safetensors", pickled="pytorch_model*.bin")
"""timm has these names as well."""

OPEN_CLIP = WeightFiles(safe="open_clip_model.safetensors", pickled="open_clip_pytorch_model.bin")


def weight_files(card: ModelCard) -> WeightFiles:
    """Those that the library of a card reads."""
    return OPEN_CLIP if card.library == "open_clip" else TRANSFORMERS


def download(source: HubModel | ModelScopeModel, weights: WeightFiles = TRANSFORMERS) -> Path:
    """The folder with the configuration, the tokenizer and the weights.

    A repository may hold the same weights for several libraries: those named are fetched. Pickled
    weights are, only where it has no safetensors. Where the card names its files, these are fetched
    and no others, and their digests must be the card's. TrialError names the repository, the
    endpoint and the next step.
    """
    expected = source.files
    if isinstance(source, ModelScopeModel):
        repository = _on_modelscope(source)
        listed = modelscope.listing(repository)
        check_listed(listed, expected, repository.where)
        names = list(expected) or wanted(listed.files, weights)
        folder = modelscope.fetch(repository, names, listed)
        expected = expected or listed.digests(names) or {}
    else:
        try:
            folder = _fetched(source, weights)
        except (OSError, HFValidationError, TRANSPORT_ERROR) as error:
            raise explained(error, source) from error
    if expected:
        check_files(folder, expected, where(source))
        folder = alone(folder, expected, hugging_face.views())
    if not any(folder.glob(weights.safe)) and not any(folder.glob(weights.pickled)):
        again = "" if isinstance(source, ModelScopeModel) else _fetch_command(source)
        raise TrialError(
            f"{where(source)}: neither {weights.safe} nor {weights.pickled} is in {folder}"
            + (f"; if the local copy is partial, fetch it again: {again}" if again else "")
        )
    return folder


def wanted(names: Iterable[str], weights: WeightFiles) -> list[str]:
    """Of a repository's files those that `download` fetches if the card names none, sorted."""
    top = sorted(name for name in names if "/" not in name)  # other formats lie in sub-folders
    chosen = [name for name in top if fnmatch(name, weights.safe)]
    chosen = chosen or [name for name in top if fnmatch(name, weights.pickled)]
    beside = [name for name in top if any(fnmatch(name, each) for each in PREPROCESSING)]
    return sorted({*chosen, *beside})


def listing(source: HubModel | ModelScopeModel) -> Listing:
    """What the repository holds, asked of the hub; TrialError if that cannot be."""
    if isinstance(source, ModelScopeModel):
        return modelscope.listing(_on_modelscope(source))
    try:
        return hugging_face.listing(source.repo, source.revision, "model")
    except (OSError, HFValidationError, TRANSPORT_ERROR) as error:
        raise explained(error, source) from error


def sizes(
    source: HubModel | ModelScopeModel, weights: WeightFiles
) -> Mapping[str, tuple[int, bool]]:
    """Of each file that `download` fetches: how many bytes, and whether it is on this machine."""
    listed = listing(source)
    names = source.files or wanted(listed.files, weights)
    missing = [name for name in names if name not in listed.files]
    if missing:
        raise TrialError(f"{where(source)} has no {missing[0]}, which source.files names")
    return {
        name: (listed.files[name].bytes, _is_here(source, name, listed.commit)) for name in names
    }


def _is_here(source: HubModel | ModelScopeModel, name: str, at: str | None) -> bool:
    if isinstance(source, ModelScopeModel):
        return (_on_modelscope(source).folder / name).is_file()
    return isinstance(try_to_load_from_cache(source.repo, name, revision=at), str)


def identity(source: HubModel | ModelScopeModel, weights: WeightFiles = TRANSFORMERS) -> str:
    """What the model is, on whichever hub: the digest of the files that its card names.

    Where it names none: the commit on Hugging Face, the digest of the files on ModelScope, whose
    listing tells the sha256 of each.
    """
    if source.files:
        return files_digest(source.files)
    if isinstance(source, HubModel):
        return commit(source)
    repository = _on_modelscope(source)
    listed = modelscope.listing(repository)
    told = listed.digests(wanted(listed.files, weights))
    if not told:
        raise TrialError(
            f"{repository.where}: the digests of its files are not told; name them under "
            "source.files"
        )
    return files_digest(told)


def commit(source: HubModel) -> str:
    """The 40-digit commit that the card's revision stands for.

    Asked of the hub unless the card pins it; of the local cache where the hub does not answer.
    TrialError if neither knows.
    """
    if source.revision is not None and COMMIT.fullmatch(source.revision):
        return source.revision
    try:
        found = hugging_face.commit(source.repo, source.revision, "model")
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise explained(error, source) from error
    except (OSError, HFValidationError, TRANSPORT_ERROR) as error:
        cached = _cached_commit(source)
        if cached is not None:
            return cached
        raise explained(error, source, "pin source.revision to a commit, or ") from error
    if found is None:
        raise TrialError(f"{where(source)}: the hub names no commit; pin source.revision to one")
    return found


def _fetched(source: HubModel, weights: WeightFiles) -> Path:
    """By the client library, which keeps it in its own cache."""
    if source.files:
        return _snapshot(source, list(source.files), [])
    others = ["*/*"]  # other formats of the same weights lie in sub-folders
    folder = _snapshot(source, [*PREPROCESSING, weights.safe], others)
    if any(folder.glob(weights.safe)):
        return folder
    return _snapshot(source, [*PREPROCESSING, weights.pickled], others)


def _snapshot(source: HubModel, allowed: list[str], ignored: list[str]) -> Path:
    return Path(
        hugging_face.patiently(
            lambda: snapshot_download(
                source.repo,
                revision=source.revision,
                allow_patterns=allowed,
                ignore_patterns=ignored,
                token=hugging_face_token(),
            )
        )
    )


def _on_modelscope(source: ModelScopeModel) -> Repository:
    return Repository(kind="models", name=source.repo, revision=source.revision)


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


def explained(error: Exception, source: HubModel, alternative: str = "") -> TrialError:
    """What the client's error means here, in one or two lines; `alternative` is a further way."""
    place = where(source)
    if isinstance(error, GatedRepoError):
        access = hugging_face.advice_on_access("model")
        return TrialError(f"{place} is gated: accept its terms on the hub, then {access}")
    if isinstance(error, RepositoryNotFoundError):
        return TrialError(
            f"{place} does not exist, or is private: check source.repo, or "
            + hugging_face.advice_on_access("model")
        )
    if isinstance(error, RevisionNotFoundError):
        return TrialError(f"{place} has no revision {source.revision!r}: check source.revision")
    if isinstance(error, HFValidationError):
        return TrialError(f"{place} is no name of a repository: source.repo is 'owner/name'")
    if hugging_face.rate_limited(error) is not None:
        advice = hugging_face.advice_on_limit()
        return TrialError(f"{place}: too many requests (429) were sent from here. {advice}")
    if constants.HF_HUB_OFFLINE:
        return TrialError(
            f"{place} is not in the local cache, and HF_HUB_OFFLINE forbids asking for it.\nUnset "
            f"it, {alternative}fetch it where there is a connection: {_fetch_command(source)}"
        )
    cause = error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None
    copy = (
        "" if source.modelscope is None else "read its copy on ModelScope (--hub modelscope), or "
    )
    return TrialError(
        f"{place} cannot be fetched: {brief(cause or error)}\nCheck the connection, "
        f"{alternative}{copy}set HF_ENDPOINT to a mirror that this machine reaches."
    )


def where(source: HubModel | ModelScopeModel) -> str:
    """The repository, its revision and the endpoint, as messages name it."""
    if isinstance(source, ModelScopeModel):
        return _on_modelscope(source).where
    revision = f"@{source.revision}" if source.revision else ""
    return f"{source.repo}{revision} on {constants.ENDPOINT}"


def _fetch_command(source: HubModel) -> str:
    revision = f" --revision {source.revision}" if source.revision else ""
    return f"hf download {source.repo}{revision}"
