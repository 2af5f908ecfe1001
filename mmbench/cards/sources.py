"""Where weights and data come from: `via` names the kind of source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mmbench.cards.repositories import check_files, check_repository
from mmbench.errors import CardError

ATTENTION_HEADS = 4
"""Of the block that fuses by cross-attention."""

FileFormat = Literal[
    "csv",
    "jsonl",
    "parquet",
    "images",
    "lines",
    "people_daily",
    "cluener",
    "chinese_clip",
    "karpathy",
    "aishell",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScopeCopy:
    """The same files on ModelScope, where `--hub modelscope` reads them.

    official: uploaded by the organisation that made them; a mirror is somebody else's copy.
    revision: a branch, a tag or a commit there; None is its default branch.
    """

    repo: str
    official: bool
    revision: str | None = None

    def __post_init__(self) -> None:
        check_repository(self.repo, self.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A repository on the Hugging Face hub. `revision` None is shown as unpinned.

    files: name → sha256 of all that is fetched. They, and not the commit, are then what identifies
    the model, so that it is the same one wherever these files are read; without them the hub's
    commit does. modelscope: where the same files lie on ModelScope; None if that is not known.
    config: that of the architecture, as far as it differs from its library's own defaults. Nothing
    but a random start reads it (`as_random`), which then needs no download.
    """

    via: Literal["hub"]
    repo: str
    revision: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    modelscope: ModelScopeCopy | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_repository(self.repo, self.revision)
        check_files(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScopeModel:
    """A repository on ModelScope. `copy_of`: the one on Hugging Face that its card names, whose
    files these are; `official` tells a copy by the same organisation from a mirror."""

    via: Literal["modelscope"]
    repo: str
    revision: str | None = None
    official: bool | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    copy_of: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_repository(self.repo, self.revision)
        check_files(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderModel:
    """A folder that `save_pretrained` wrote, or one weights file; relative to the card.

    copy_of: the source that the card names, where `--model-path` reads this folder instead.
    """

    via: Literal["folder"]
    path: str
    copy_of: str | None = None


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
    """A tokenizer that is trained on the texts of the training split.

    `vocabulary` is the number of entries that the model embeds; fewer may be found in the texts.
    pieces: `wordpiece` by BERT's rules, for models that read; `bpe`, whose pieces give back the
    very text, capitals and spaces included, for models that write.
    """

    via: Literal["trained"]
    vocabulary: int
    pieces: Literal["wordpiece", "bpe"] = "wordpiece"

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
    tokenizer: (
        HubModel
        | ModelScopeModel
        | FolderModel
        | PackageModel
        | TrainedTokenizer
        | NoTokenizer
        | None
    ) = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairModel:
    """An image encoder and a text encoder, by the names of their cards."""

    via: Literal["pair"]
    image: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionModel:
    """An image encoder and a text encoder, by the names of their cards, and how the features of
    both become one vector.

    by: `concatenation`, one beside the other; `gated`, a gated multimodal unit; `cross_attention`,
    one block in which the text's tokens attend to the image's (`models.fusion_blocks` has them).
    width: of what a block with weights of its own gives. weights: a file that holds these; without
    it they start at random and train with the head.
    """

    via: Literal["fusion"]
    image: str
    text: str
    by: Literal["concatenation", "gated", "cross_attention"]
    width: int | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        if self.by == "concatenation":
            for name in ("width", "weights"):
                if getattr(self, name) is not None:
                    raise CardError(f"source.{name}: a concatenation has none; remove it")
        elif self.width is None or self.width < 1:
            raise CardError(f"by: {self.by} needs source.width, that of the features it gives")
        elif self.by == "cross_attention" and self.width % ATTENTION_HEADS:
            raise CardError(
                f"source.width is {self.width}; cross_attention has {ATTENTION_HEADS} heads, which "
                "must divide it"
            )


JoinedModel = PairModel | FusionModel
"""A model of two encoders, whose cards the catalog looks up."""

ModelSource = (
    HubModel | ModelScopeModel | FolderModel | PackageModel | RandomModel | PairModel | FusionModel
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubData:
    """A data set on the Hugging Face hub; its splits are the parts.

    unfold: a column whose cells hold several texts (a list, or lines): one row each. glue: columns
    whose cells are lists of texts that are one text, and what stands between them.
    files: path → sha256 of the files that hold the rows, which then identify the data in place of
    the hub's commit. modelscope: where the same files lie on ModelScope; None if that is not known.
    """

    via: Literal["hub"]
    repo: str
    subset: str | None = None
    revision: str | None = None
    unfold: str | None = None
    glue: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    modelscope: ModelScopeCopy | None = None

    def __post_init__(self) -> None:
        check_repository(self.repo, self.revision)
        check_files(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScopeData:
    """A data set on ModelScope; the fields are those of HubData and ModelScopeModel."""

    via: Literal["modelscope"]
    repo: str
    subset: str | None = None
    revision: str | None = None
    official: bool | None = None
    unfold: str | None = None
    glue: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    copy_of: str | None = None

    def __post_init__(self) -> None:
        check_repository(self.repo, self.revision)
        check_files(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileData:
    """Files beside the card, or at absolute paths: part → file (or image folder).

    unfold, glue: as of data on the hub.
    """

    via: Literal["files"]
    files: Mapping[str, str]
    format: FileFormat | None = None
    unfold: str | None = None
    glue: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageData:
    """Files inside an installed Python distribution; paths are relative to site-packages."""

    via: Literal["package"]
    distribution: str
    version: str
    files: Mapping[str, str]
    format: FileFormat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A table whose columns are added to every part: a row takes those of its partner, the row of
    the same value in column `on`."""

    file: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledData:
    """Files that ship inside mmbench.

    With `join`, facts about the same pictures need not repeat the pictures: every row has exactly
    one row in the other table, and only `on` stands in both.
    """

    via: Literal["bundled"]
    files: Mapping[str, str]
    format: FileFormat | None = None
    join: Join | None = None


DataSource = HubData | ModelScopeData | FileData | PackageData | BundledData
