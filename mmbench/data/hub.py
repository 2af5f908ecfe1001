"""Data sets on the hubs, read through `datasets` and kept in its cache."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmbench.cards import HubData, ModelScopeData
from mmbench.data.hub_files import (
    check_repository,
    fetched,
    listing,
    name_of,
    rows_among,
    unreadable,
)
from mmbench.data.tables import Table
from mmbench.digests import files_digest
from mmbench.errors import DataError

COMMIT = re.compile(r"[0-9a-f]{40}")


def read_hub(source: HubData | ModelScopeData) -> Mapping[str, Table]:
    """Split of the repository → its table, memory-mapped. No code of the repository is run.

    Where the card names its files, these are read and no others, and their digests must be the
    card's. DataError says what is wrong and what to do.
    """
    import datasets

    from mmbench.hubs.hugging_face import TRANSPORT_ERROR, patiently
    from mmbench.hubs.tokens import hugging_face_token

    check_repository(source.repo)
    whole = isinstance(source, HubData) and not source.files
    place = source.repo if whole else str(fetched(source))
    revision = source.revision if whole else None
    try:
        loaded = patiently(
            lambda: datasets.load_dataset(
                place, source.subset, revision=revision, token=hugging_face_token()
            )
        )
    except (OSError, ValueError, RuntimeError, TRANSPORT_ERROR) as error:
        raise unreadable(source, error) from None
    except datasets.exceptions.DatasetsError as error:
        raise unreadable(source, error) from None
    return {str(part): _table(source, str(part), rows) for part, rows in loaded.items()}


@contextmanager
def asking_nobody() -> Iterator[None]:
    """Inside, what lies on a hub comes from the local caches, or is an error."""
    import datasets
    from huggingface_hub import constants

    libraries: tuple[Any, ...] = (constants, datasets.config)
    before = [library.HF_HUB_OFFLINE for library in libraries]
    for library in libraries:
        library.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        for library, offline in zip(libraries, before, strict=True):
            library.HF_HUB_OFFLINE = offline


def identity(source: HubData | ModelScopeData) -> str:
    """What the data are, on whichever hub: the digest of the files that the card names.

    Where it names none: the commit on Hugging Face, the digest of all files on ModelScope.
    """
    if source.files:
        return files_digest(source.files)
    if isinstance(source, HubData):
        return commit_of(source)
    listed = listing(source)
    told = listed.digests(rows_among(listed.files))
    if not told:
        raise DataError(
            f"{name_of(source)}: the digests of its files are not told; name them under "
            "source.files"
        )
    return files_digest(told)


def commit_of(source: HubData) -> str:
    """The 40-digit commit of a pinned revision, of the hub's answer, or of the local cache.

    DataError if the hub cannot be asked and nothing is cached.
    """
    if source.revision is not None and COMMIT.fullmatch(source.revision):
        return source.revision
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    from mmbench.hubs import hugging_face

    check_repository(source.repo)
    try:
        found = hugging_face.commit(source.repo, source.revision, "dataset")
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise unreadable(source, error) from None
    except (OSError, hugging_face.TRANSPORT_ERROR) as error:
        cached = _cached_commit(source)
        if cached is None:
            raise unreadable(source, error) from None
        return cached
    if found is None:
        raise DataError(f"{name_of(source)}: the hub names no commit; pin source.revision")
    return found


def _cached_commit(source: HubData) -> str | None:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=source.repo, repo_type="dataset")
    reference = Path(constants.HF_HUB_CACHE) / folder / "refs" / (source.revision or "main")
    if not reference.is_file():
        return None
    commit = reference.read_text().strip()
    return commit if COMMIT.fullmatch(commit) else None


def _table(source: HubData | ModelScopeData, part: str, rows: Any) -> Table:
    """rows: a datasets.Dataset whose Arrow table is taken as it is, images and sounds undecoded."""
    import datasets

    _check_commit(source, rows)
    for name, feature in rows.features.items():
        if isinstance(feature, datasets.Image | datasets.Audio):
            rows = rows.cast_column(name, type(feature)(decode=False))
    table = rows.with_format("arrow")[:]
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return Table(where=f"{source.repo}, part {part!r}", columns=columns)


def _check_commit(source: HubData | ModelScopeData, rows: Any) -> None:
    """Offline, `datasets` gives whatever commit is cached, a pinned revision or not."""
    if not isinstance(source, HubData) or source.files:
        return  # read from a folder of the very files
    if source.revision is None or not COMMIT.fullmatch(source.revision):
        return
    for file in rows.cache_files:
        commit = Path(file["filename"]).parent.name  # its cache: …/<subset>/<version>/<commit>/
        if COMMIT.fullmatch(commit) and commit != source.revision:
            raise DataError(
                f"{name_of(source)}: the cache holds commit {commit} alone, not the pinned one; "
                "connect to fetch it"
            )
