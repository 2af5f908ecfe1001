"""What identifies a model's weights and preprocessing files, without loading them."""

from pathlib import Path

from mmbench.cards import (
    FusionModel,
    HubModel,
    ModelCard,
    ModelScopeModel,
    ModelSource,
    NoTokenizer,
    PairModel,
    RandomModel,
    TrainedTokenizer,
)
from mmbench.digests import digest_of, file_digest, files_digest, set_fields
from mmbench.errors import TrialError
from mmbench.models.sources import block_of, locate, parts_of

SUFFIXES = frozenset({".jinja", ".json", ".safetensors", ".bin", ".pth", ".txt", ".model", ".yaml"})


def weights_digest(card: ModelCard) -> str:
    """Of a hub model that of the files its card names, or the commit; otherwise a sha256: of the
    files, of a random start's config.

    That of a pair or a fusion is over those of its encoders. A README that changes leaves it as it
    was. TrialError if the files cannot be found.
    """
    source = card.source
    if isinstance(source, PairModel | FusionModel):
        found: dict[str, str] = {s: weights_digest(part) for s, part in parts_of(card).items()}
        block = block_of(source) if isinstance(source, FusionModel) else None
        if block is not None:
            found["block"] = file_digest(block)
        return digest_of(found)
    if not isinstance(source, RandomModel):
        return _stored(source, card)
    return digest_of(
        {
            "library": card.library,
            "architecture": card.architecture,
            "config": dict(source.config),
            "tokenizer": None if source.tokenizer is None else _tokenizer(source.tokenizer, card),
        }
    )


def _tokenizer(
    source: ModelSource | TrainedTokenizer | NoTokenizer, card: ModelCard
) -> str | dict[str, object]:
    """Of one that is trained its fields: the texts belong to the task, which has its own digest."""
    if isinstance(source, TrainedTokenizer | NoTokenizer):
        fields: dict[str, object] = set_fields(source)
        return fields
    return _stored(source, card)


def _stored(source: ModelSource, card: ModelCard) -> str:
    if isinstance(source, HubModel | ModelScopeModel):
        from mmbench.models import hub

        return hub.identity(source, hub.weight_files(card))
    path = locate(source)
    return _of_folder(path) if path.is_dir() else file_digest(path)


def _of_folder(folder: Path) -> str:
    """sha256 over the sorted relative names and the contents of the files that matter."""
    files = [path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    if not files:
        raise TrialError(f"{folder}: no model files here (config.json, model.safetensors, …)")
    return files_digest({p.relative_to(folder).as_posix(): file_digest(p) for p in files})
