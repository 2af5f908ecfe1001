"""Files of data sets on the hubs: which hold the rows, how large they are, and fetching them."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmbench.cards import HubData, ModelScopeData
from mmbench.data.tables import one_line
from mmbench.errors import DataError, TrialError

if TYPE_CHECKING:
    from mmbench.hubs.files import Listing
    from mmbench.hubs.modelscope_http import Repository

NO_ROWS = (".gitattributes", ".gitignore")
README = "README.md"
"""It may say which files are which part, and so belongs to the data."""


def fetched(source: HubData | ModelScopeData) -> Path:
    """The folder that holds the files which the card names, by their digests, and no others; of a
    data set on ModelScope whose card names none, all of them."""
    from mmbench.hubs.files import alone, check_files
    from mmbench.hubs.hugging_face import views

    if isinstance(source, HubData):
        folder, where = _snapshot(source), f"{name_of(source)} on {_place(source)}"
        expected = source.files
    else:
        folder, expected = _copy(source)
        where = on_modelscope(source).where
    try:
        check_files(folder, expected, where)
    except TrialError as error:
        raise DataError(str(error)) from None
    return alone(folder, expected, views()) if expected else folder


def listing(source: HubData | ModelScopeData) -> "Listing":
    """What the repository holds, asked of the hub; DataError if that cannot be."""
    from huggingface_hub.errors import HFValidationError

    from mmbench.hubs import hugging_face, modelscope

    check_repository(source.repo)
    try:
        if isinstance(source, ModelScopeData):
            return modelscope.listing(on_modelscope(source))
        return hugging_face.listing(source.repo, source.revision, "dataset")
    except TrialError as error:
        raise DataError(str(error)) from None
    except (OSError, HFValidationError, hugging_face.TRANSPORT_ERROR) as error:
        raise unreadable(source, error) from None


def files_of_rows(source: HubData) -> list[str]:
    """The files of the repository that `datasets` reads for the card's subset; nothing but its
    README is fetched. DataError if it cannot say."""
    parts: Mapping[str, Iterable[object]] = _builder(source).config.data_files or {}
    return sorted({_in_repository(str(url)) for urls in parts.values() for url in urls})


def _builder(source: HubData) -> Any:
    """What `datasets` would make the rows with, which has made nothing yet."""
    import datasets

    from mmbench.hubs.hugging_face import TRANSPORT_ERROR, patiently
    from mmbench.hubs.tokens import hugging_face_token

    check_repository(source.repo)
    try:
        return patiently(
            lambda: datasets.load_dataset_builder(
                source.repo, source.subset, revision=source.revision, token=hugging_face_token()
            )
        )
    except (OSError, ValueError, RuntimeError, TRANSPORT_ERROR) as error:
        raise unreadable(source, error) from None
    except datasets.exceptions.DatasetsError as error:
        raise unreadable(source, error) from None


def sizes(source: HubData | ModelScopeData) -> Mapping[str, tuple[int, bool]]:
    """Of each file that is read: how many bytes, and whether it, or what `datasets` made of it, is
    on this machine."""
    listed = listing(source)
    if source.files:
        names = list(source.files)
    elif isinstance(source, HubData):
        names = files_of_rows(source)
    else:
        names = rows_among(listed.files)
    missing = [name for name in names if name not in listed.files]
    if missing or not names:
        what = f"no {missing[0]}, which is to be read" if missing else "no files of rows"
        raise DataError(f"{name_of(source)} on {_place(source)} has {what}")
    prepared = isinstance(source, HubData) and not source.files and _is_prepared(source)
    return {
        name: (listed.files[name].bytes, prepared or _is_here(source, name, listed.commit))
        for name in names
    }


def _is_prepared(source: HubData) -> bool:
    return Path(_builder(source).cache_dir).is_dir()


def _is_here(source: HubData | ModelScopeData, name: str, commit: str | None) -> bool:
    if isinstance(source, ModelScopeData):
        return (on_modelscope(source).folder / name).is_file()
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(source.repo, name, revision=commit, repo_type="dataset")
    return isinstance(found, str)


def rows_among(names: Iterable[str]) -> list[str]:
    """Of a repository's files those that may hold rows or say which do, sorted."""
    return sorted(name for name in names if name not in NO_ROWS)


def on_modelscope(source: ModelScopeData) -> "Repository":
    from mmbench.hubs.modelscope_http import Repository

    try:
        return Repository(kind="datasets", name=source.repo, revision=source.revision)
    except TrialError as error:
        raise DataError(str(error)) from None


def _snapshot(source: HubData) -> Path:
    """Of the files that the card names, in the cache of the client library."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    from mmbench.hubs.hugging_face import TRANSPORT_ERROR, patiently
    from mmbench.hubs.tokens import hugging_face_token

    try:
        return Path(
            patiently(
                lambda: snapshot_download(
                    source.repo,
                    repo_type="dataset",
                    revision=source.revision,
                    allow_patterns=list(source.files),
                    token=hugging_face_token(),
                )
            )
        )
    except (OSError, HFValidationError, TRANSPORT_ERROR) as error:
        raise unreadable(source, error.__cause__ or error) from None


def _copy(source: ModelScopeData) -> tuple[Path, Mapping[str, str]]:
    """The folder, and the digests of the files that are meant, if the card or ModelScope tells."""
    from mmbench.hubs import modelscope
    from mmbench.hubs.files import check_listed

    repository = on_modelscope(source)
    try:
        listed = modelscope.listing(repository)
        check_listed(listed, source.files, repository.where)
        names = list(source.files) or rows_among(listed.files)
        folder = modelscope.fetch(repository, names, listed)
    except TrialError as error:
        raise DataError(str(error)) from None
    return folder, source.files or listed.digests(names) or {}


def _in_repository(url: str) -> str:
    """`hf://datasets/owner/name@COMMIT/data/train.csv` → `data/train.csv`."""
    return url.split("@", 1)[-1].split("/", 1)[-1]


def check_repository(repo: str) -> None:
    """`datasets` prefers a local folder of the same name to the hub."""
    if os.path.isdir(repo):
        raise DataError(
            f"the folder {os.path.abspath(repo)} hides the hub's {repo!r}; run in another folder, "
            "or read the folder with source.via: files"
        )


def unreadable(source: HubData | ModelScopeData, error: BaseException) -> DataError:
    """What the libraries' error means here, in two lines."""
    from huggingface_hub import constants

    from mmbench.hubs import hugging_face

    limited = hugging_face.rate_limited(error)
    connection = isinstance(error, ConnectionError) or "onnect" in type(error).__name__
    if limited is not None:
        advice = f"Too many requests (429) were sent from here. {hugging_face.advice_on_limit()}."
    elif isinstance(source, ModelScopeData):
        advice = "Check source.subset, or read it from Hugging Face: --hub hf."
    elif connection and constants.HF_HUB_OFFLINE:
        advice = (
            "HF_HUB_OFFLINE (or --offline) forbids asking for it. Fetch it where there is a "
            "connection (mmbench prefetch), and pin source.revision to a commit."
        )
    elif connection:
        copy = ", read its copy on ModelScope (--hub modelscope)" if source.modelscope else ""
        advice = (
            f"Check the connection{copy} or set HF_ENDPOINT to a mirror; to work offline, run once "
            "online and pin source.revision to a commit."
        )
    else:
        access = hugging_face.advice_on_access("dataset")
        advice = f"Check source.repo, source.subset and source.revision, or {access}."
    said = one_line(limited or error)
    return DataError(f"{name_of(source)}: cannot be read from {_place(source)}: {said}\n{advice}")


def _place(source: HubData | ModelScopeData) -> str:
    if isinstance(source, ModelScopeData):
        from mmbench.hubs import modelscope_http

        return modelscope_http.endpoint()
    from huggingface_hub import constants

    return constants.ENDPOINT


def name_of(source: HubData | ModelScopeData) -> str:
    subset = f" ({source.subset})" if source.subset else ""
    branch = "main" if isinstance(source, HubData) else "master"
    return f"{source.repo}{subset} at {source.revision or branch}"
