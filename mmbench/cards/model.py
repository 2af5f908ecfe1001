"""The model card: facts about one model."""

from dataclasses import dataclass
from typing import Literal

from mmbench.cards.names import check_name
from mmbench.cards.sources import ModelSource
from mmbench.errors import CardError

Modality = Literal["text", "image", "audio"]
Gives = Literal["pooled", "tokens", "joint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRules:
    """How text becomes tokens and tokens become one vector."""

    max_tokens: int
    pooling: Literal["mean", "cls", "pooler"]

    def __post_init__(self) -> None:
        if self.max_tokens < 4:
            raise CardError(f"text.max_tokens is {self.max_tokens}; at least 4 are needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """How an image becomes pixels: `squash` to a square, or resize the short side and `crop`.

    For `crop`, the short side is resized to `size / crop_fraction` first.
    """

    size: int
    fit: Literal["squash", "crop"]
    interpolation: Literal["bilinear", "bicubic", "lanczos"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    crop_fraction: float = 1.0

    def __post_init__(self) -> None:
        if self.fit == "squash" and self.crop_fraction != 1.0:
            raise CardError("image.crop_fraction is used by fit: crop alone; remove it")
        if not 0 < self.crop_fraction <= 1:
            raise CardError(f"image.crop_fraction is {self.crop_fraction}; it lies in (0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A value that somebody else published for this model."""

    task: str
    metric: str
    value: float
    protocol: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Facts about one model. `country` is ISO 3166 alpha-2; the region follows from it."""

    name: str
    family: str
    languages: tuple[str, ...]
    modalities: tuple[Modality, ...]
    adapter: str
    library: Literal["transformers", "timm"]
    source: ModelSource
    gives: tuple[Gives, ...]
    architecture: str | None = None
    organisation: str | None = None
    country: str | None = None
    parameters: int | None = None
    licence: str | None = None
    homepage: str | None = None
    text: TextRules | None = None
    image: ImageRules | None = None
    published: tuple[Published, ...] = ()
    notes: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        for modality, rules in (("text", self.text), ("image", self.image)):
            if (modality in self.modalities) != (rules is not None):
                raise CardError(f"the rules under {modality!r} go with modality {modality!r}")
        if self.start == "scratch" and (self.country or self.organisation):
            raise CardError(
                "a random start carries no organisation and no country: it is architecture only"
            )
        if self.library == "timm" and self.architecture is None:
            raise CardError("a timm model names its architecture")

    @property
    def start(self) -> Literal["pretrained", "scratch"]:
        return "scratch" if self.source.via == "random" else "pretrained"

    @property
    def region(self) -> Literal["domestic", "international"] | None:
        """`domestic` (国内) for China, `international` (国外) for the rest, None if unknown."""
        if self.country is None:
            return None
        return "domestic" if self.country == "CN" else "international"
