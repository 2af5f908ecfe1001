"""Where a model's own files lie, and what they say of it: a folder, or a repository on the hub."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmbench.cards import FolderModel, HubModel
from mmbench.errors import CardError

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """folder: with the files that describe the model. called: its last name, for the card's."""

    folder: Path
    source: FolderModel | HubModel
    called: str
    homepage: str | None = None

    def said(self, name: str) -> dict[str, Any]:
        """What a JSON file says; {} where there is none. CardError if it is damaged."""
        path = self.folder / name
        if not path.is_file():
            return {}
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CardError(f"{path}: is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise CardError(f"{path}: holds no object")
        return found

    def readme(self) -> dict[str, Any]:
        """The metadata at the head of the model's README; {} where it has none."""
        path = self.folder / "README.md"
        if not path.is_file():
            return {}
        head = FRONT_MATTER.match(path.read_text(encoding="utf-8", errors="replace"))
        try:
            found = yaml.safe_load(head[1]) if head else {}
        except yaml.YAMLError:
            return {}  # it is written for people
        return found if isinstance(found, dict) else {}


def place_of(source: str) -> Place:
    """A folder that is there, or a repository, of which the small files alone are fetched.

    CardError if it can be neither; TrialError if the hub does not give it.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        path = folder.resolve()
        return Place(
            folder=path, source=FolderModel(via="folder", path=str(path)), called=path.name
        )
    if folder.exists():
        raise CardError(f"{source}: a file; --from takes the folder that save_pretrained wrote")
    if not REPOSITORY.fullmatch(source):
        raise CardError(f"{source}: no such folder, and no name of a repository (owner/name)")
    return _on_the_hub(source)


def _on_the_hub(repo: str) -> Place:
    from mmbench.models import hub  # huggingface_hub is imported for hub models alone

    found = HubModel(via="hub", repo=repo)
    pinned = HubModel(via="hub", repo=repo, revision=hub.commit(found))
    # in the place of weights: the one file, of two names, without which nothing can be said
    config, other = hub.CONFIGS
    folder = hub.download(pinned, hub.WeightFiles(safe=config, pickled=other))
    return Place(
        folder=folder,
        source=pinned,
        called=repo.partition("/")[2],
        homepage=f"https://huggingface.co/{repo}",
    )
