"""Where weights and data come from: `via` names the kind of source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mmbench.errors import CardError

FileFormat = Literal["csv", "jsonl", "parquet", "images", "lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A repository on the Hugging Face hub. `revision` None is shown as unpinned.

    config: that of the architecture, as far as it differs from its library's own defaults. Nothing
    but a random start reads it (`as_random`), which then needs no download.
    """

    via: Literal["hub"]
    repo: str
    revision: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderModel:
    """A folder that `save_pretrained` wrote, or one weights file; relative to the card."""

    via: Literal["folder"]
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageModel:
    """Files inside an installed Python distribution; `path` is relative to site-packages.

    `tensors: by_order` loads a state dict whose names differ but whose tensors have the order and
    the shapes of the architecture's own.
    """

    via: Literal["package"]
    distribution: str
    version: str
    path: str
    tensors: Literal["by_name", "by_order"] = "by_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedTokenizer:
    """A word-piece tokenizer by BERT's rules, trained on the texts of the training split.

    `vocabulary` is the number of entries that the model embeds; fewer may be found in the texts.
    """

    via: Literal["trained"]
    vocabulary: int

    def __post_init__(self) -> None:
        if self.vocabulary < 100:
            raise CardError(f"tokenizer.vocabulary is {self.vocabulary}; at least 100 are needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTokenizer:
    """None at all: the model is timed on random ids and reads no text."""

    via: Literal["none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomModel:
    """A random start: architecture only. Text models borrow a tokenizer from a real source, or
    train their own on each task; those that are only timed have none."""

    via: Literal["random"]
    config: Mapping[str, Any] = field(default_factory=dict)
    tokenizer: HubModel | FolderModel | PackageModel | TrainedTokenizer | NoTokenizer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairModel:
    """An image encoder and a text encoder, by the names of their cards."""

    via: Literal["pair"]
    image: str
    text: str


ModelSource = HubModel | FolderModel | PackageModel | RandomModel | PairModel


@dataclass(frozen=True, slots=True, kw_only=True)
class HubData:
    """A data set on the Hugging Face hub; its splits are the parts."""

    via: Literal["hub"]
    repo: str
    subset: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileData:
    """Files beside the card, or at absolute paths: part → file (or image folder)."""

    via: Literal["files"]
    files: Mapping[str, str]
    format: FileFormat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageData:
    """Files inside an installed Python distribution; paths are relative to site-packages."""

    via: Literal["package"]
    distribution: str
    version: str
    files: Mapping[str, str]
    format: FileFormat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledData:
    """Files that ship inside mmbench."""

    via: Literal["bundled"]
    files: Mapping[str, str]
    format: FileFormat | None = None


DataSource = HubData | FileData | PackageData | BundledData
