"""Where a model's files lie on this machine, whatever kind of source the card names."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from mmbench.cards import (
    FolderModel,
    FusionModel,
    HubModel,
    ModelCard,
    ModelScopeModel,
    ModelSource,
    NoTokenizer,
    PackageModel,
    PairModel,
    RandomModel,
    Side,
    TrainedTokenizer,
)
from mmbench.errors import CardError, TrialError

FUSION = "fusion.safetensors"
"""Where a fusion keeps the weights of its own block, beside its parts."""


def locate(source: ModelSource | TrainedTokenizer | NoTokenizer) -> Path:
    """The model folder (or the one weights file), downloaded first if it is on a hub.

    TrialError says what is missing and how to get it; CardError if the source has no files.
    """
    if isinstance(source, RandomModel | PairModel | FusionModel | TrainedTokenizer | NoTokenizer):
        raise CardError(
            f"via: {source.via} has no files to load; it does not go with this adapter (two "
            "encoders have adapter: pair or fusion)"
        )
    if isinstance(source, HubModel | ModelScopeModel):
        from mmbench.models import hub  # huggingface_hub is imported for hub models alone

        return hub.download(source)
    if isinstance(source, PackageModel):
        return _in_package(source)
    path = Path(source.path).expanduser()
    if not path.exists():
        raise TrialError(
            f"{path}: no such folder; source.path names one that save_pretrained wrote"
        )
    return path


def parts_of(card: ModelCard) -> Mapping[Side, ModelCard]:
    """The cards of the encoders of a pair or a fusion; CardError unless the catalog has looked them
    up."""
    if not card.parts:
        raise CardError(
            f"{card.name}: no cards of an image and a text encoder; a pair or a fusion names them "
            "under source ({via: pair, image: …, text: …}) and is looked up with Catalog.model"
        )
    return card.parts


def block_of(source: FusionModel) -> Path | None:
    """The weights of the block that fuses; None if they start at random."""
    if source.weights is None:
        return None
    path = Path(source.weights).expanduser()
    if not path.is_file():
        raise TrialError(
            f"{path}: no such file; source.weights names the {FUSION} that a kept model holds"
        )
    return path


def why_no_tokenizer(card: ModelCard) -> str:
    """What to say when a text is to be read and there is nothing to read it with."""
    source = card.source
    if not isinstance(source, RandomModel):
        return "no tokenizer lies beside its weights (tokenizer.json, …), so it reads no text"
    if isinstance(source.tokenizer, NoTokenizer):
        return "it has no tokenizer, for it is only timed; a trial needs source.tokenizer"
    return (
        "its tokenizer is trained on a task's training texts, and none were seen; call "
        "learn_vocabulary first"
    )


def relocated(card: ModelCard, folder: Path) -> ModelCard:
    """The card of the same model with the weights that `Adapter.save` wrote into `folder`.

    The parts of a pair or a fusion lie in sub-folders, named by their sides.
    """
    if card.parts:
        parts = {side: relocated(part, folder / side) for side, part in card.parts.items()}
        source = card.source
        if isinstance(source, FusionModel) and source.by != "concatenation":
            source = replace(source, weights=str(folder / FUSION))
        return replace(card, source=source, parts=parts)
    return replace(card, source=FolderModel(via="folder", path=str(folder)))


def _in_package(source: PackageModel) -> Path:
    wanted = f"{source.distribution}=={source.version}"
    try:
        found = distribution(source.distribution)
    except PackageNotFoundError:
        raise TrialError(
            f"the package {source.distribution} is not installed; run: pip install '{wanted}'"
        ) from None
    if found.version != source.version:
        raise TrialError(
            f"{source.distribution} {found.version} is installed but the card names "
            f"{source.version}; run: pip install '{wanted}'"
        )
    path = Path(str(found.locate_file(source.path)))
    if not path.exists():
        raise TrialError(f"{wanted} holds no {source.path}; see: pip show -f {source.distribution}")
    return path
