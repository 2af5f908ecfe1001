"""What identifies a model's weights and preprocessing files, without loading them."""

import hashlib
from pathlib import Path

from mmbench.cards import (
    FusionModel,
    HubModel,
    ModelCard,
    ModelSource,
    NoTokenizer,
    PairModel,
    RandomModel,
    TrainedTokenizer,
)
from mmbench.digests import digest_of, set_fields
from mmbench.errors import TrialError
from mmbench.models.sources import block_of, locate, parts_of

SUFFIXES = frozenset({".jinja", ".json", ".safetensors", ".bin", ".pth", ".txt", ".model", ".yaml"})


def weights_digest(card: ModelCard) -> str:
    """The commit of a hub model; otherwise a sha256: of the files, of a random start's config.

    That of a pair or a fusion is over those of its encoders. A README that changes leaves it as it
    was. TrialError if the files cannot be found.
    """
    source = card.source
    if isinstance(source, PairModel | FusionModel):
        found: dict[str, str] = {s: weights_digest(part) for s, part in parts_of(card).items()}
        block = block_of(source) if isinstance(source, FusionModel) else None
        if block is not None:
            found["block"] = _of_file(block)
        return digest_of(found)
    if not isinstance(source, RandomModel):
        return _stored(source)
    return digest_of(
        {
            "library": card.library,
            "architecture": card.architecture,
            "config": dict(source.config),
            "tokenizer": None if source.tokenizer is None else _tokenizer(source.tokenizer),
        }
    )


def _tokenizer(source: ModelSource | TrainedTokenizer | NoTokenizer) -> str | dict[str, object]:
    """Of one that is trained its fields: the texts belong to the task, which has its own digest."""
    if isinstance(source, TrainedTokenizer | NoTokenizer):
        fields: dict[str, object] = set_fields(source)
        return fields
    return _stored(source)


def _stored(source: ModelSource) -> str:
    if isinstance(source, HubModel):
        from mmbench.models import hub

        return hub.commit(source)
    path = locate(source)
    return _of_folder(path) if path.is_dir() else _of_file(path)


def _of_folder(folder: Path) -> str:
    """sha256 over the sorted relative names and the contents of the files that matter."""
    total = hashlib.sha256()
    files = [path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    names = sorted(path.relative_to(folder).as_posix() for path in files)
    if not names:
        raise TrialError(f"{folder}: no model files here (config.json, model.safetensors, …)")
    for name in names:
        total.update(f"{name}\0{_of_file(folder / name)}\n".encode())
    return total.hexdigest()


def _of_file(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
