"""What a card may say of a repository on a hub: it becomes a part of addresses and of paths."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from mmbench.errors import CardError

SHA256 = re.compile(r"[0-9a-f]{64}")
REPOSITORY = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
"""Some early data sets of Hugging Face have no owner."""

REVISION = re.compile(r"\w[\w-]*([./]\w[\w-]*)*", re.ASCII)


def check_repository(repo: str, revision: str | None) -> None:
    """CardError for what is no name of a repository, or of a branch, a tag or a commit."""
    if not REPOSITORY.fullmatch(repo) or ".." in repo:
        raise CardError(f"{repo!r} is no name of a repository: repo is OWNER/NAME")
    if revision is not None and not REVISION.fullmatch(revision):
        raise CardError(f"{revision!r} is no name of a revision: a branch, a tag or a commit")


def check_files(files: Mapping[str, str]) -> None:
    """CardError unless each is a path inside the repository, with a sha256."""
    for name, digest in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise CardError(f"source.files names {name!r}; give a path inside the repository")
        if not SHA256.fullmatch(digest):
            raise CardError(f"source.files: the digest of {name} is no sha256, 64 digits of 0-9a-f")
