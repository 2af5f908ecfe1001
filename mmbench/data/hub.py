"""Data sets on the Hugging Face hub, read through `datasets` and kept in its cache."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmbench.cards import HubData
from mmbench.data.tables import Table, one_line
from mmbench.errors import DataError

COMMIT = re.compile(r"[0-9a-f]{40}")
REPOSITORY = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


def read_hub(source: HubData) -> Mapping[str, Table]:
    """Split of the repository → its table, memory-mapped. No code of the repository is run."""
    import datasets
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # httpx's or httpx2's

    _check_repository(source.repo)
    try:
        loaded = datasets.load_dataset(source.repo, source.subset, revision=source.revision)
    except (OSError, ValueError, RuntimeError, HTTPError) as error:
        raise _unreadable(source, error) from None
    except datasets.exceptions.DatasetsError as error:
        raise _unreadable(source, error) from None
    return {str(part): _table(source, str(part), rows) for part, rows in loaded.items()}


def commit_of(source: HubData) -> str:
    """The 40-digit commit of a pinned revision, of the hub's answer, or of the local cache.

    DataError if the hub cannot be asked and nothing is cached.
    """
    if source.revision is not None and COMMIT.fullmatch(source.revision):
        return source.revision
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (  # type: ignore[attr-defined]
        HTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    _check_repository(source.repo)
    try:
        info = HfApi().dataset_info(source.repo, revision=source.revision, timeout=30)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise _unreadable(source, error) from None
    except (OSError, HTTPError) as error:
        cached = _cached_commit(source)
        if cached is None:
            raise _unreadable(source, error) from None
        return cached
    if info.sha is None:
        raise DataError(f"{_name(source)}: the hub names no commit; pin source.revision")
    return info.sha


def _cached_commit(source: HubData) -> str | None:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=source.repo, repo_type="dataset")
    reference = Path(constants.HF_HUB_CACHE) / folder / "refs" / (source.revision or "main")
    if not reference.is_file():
        return None
    commit = reference.read_text().strip()
    return commit if COMMIT.fullmatch(commit) else None


def _table(source: HubData, part: str, rows: Any) -> Table:
    """rows: a datasets.Dataset whose Arrow table is taken as it is, images and sounds undecoded."""
    import datasets

    _check_commit(source, rows)
    for name, feature in rows.features.items():
        if isinstance(feature, datasets.Image | datasets.Audio):
            rows = rows.cast_column(name, type(feature)(decode=False))
    table = rows.with_format("arrow")[:]
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return Table(where=f"{source.repo}, part {part!r}", columns=columns)


def _check_commit(source: HubData, rows: Any) -> None:
    """Offline, `datasets` gives whatever commit is cached, a pinned revision or not."""
    if source.revision is None or not COMMIT.fullmatch(source.revision):
        return
    for file in rows.cache_files:
        commit = Path(file["filename"]).parent.name  # its cache: …/<subset>/<version>/<commit>/
        if COMMIT.fullmatch(commit) and commit != source.revision:
            raise DataError(
                f"{_name(source)}: the cache holds commit {commit} alone, not the pinned one; "
                "connect to fetch it"
            )


def _check_repository(repo: str) -> None:
    """`datasets` prefers a local folder of the same name to the hub."""
    if not REPOSITORY.fullmatch(repo):
        raise DataError(f"source.repo is {repo!r}; a repository is written OWNER/NAME")
    if os.path.isdir(repo):
        raise DataError(
            f"the folder {os.path.abspath(repo)} hides the hub's {repo!r}; run in another folder, "
            "or read the folder with source.via: files"
        )


def _unreadable(source: HubData, error: Exception) -> DataError:
    from huggingface_hub import constants

    if isinstance(error, ConnectionError) or "onnect" in type(error).__name__:
        advice = (
            "Check the connection or set HF_ENDPOINT to a mirror; to work offline, run once online "
            "and pin source.revision to a commit."
        )
    else:
        advice = "Check source.repo, source.subset and source.revision, or log in: hf auth login."
    return DataError(
        f"{_name(source)}: cannot be read from {constants.ENDPOINT}: {one_line(error)}\n{advice}"
    )


def _name(source: HubData) -> str:
    subset = f" ({source.subset})" if source.subset else ""
    return f"{source.repo}{subset} at {source.revision or 'main'}"
