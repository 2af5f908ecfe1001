"""The model card: facts about one model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mmbench.cards.names import check_name
from mmbench.cards.sources import FusionModel, JoinedModel, ModelSource, PairModel
from mmbench.errors import CardError

Modality = Literal["text", "image", "audio"]
Slot = Literal["text", "text_pair", "image", "audio"]
"""Where an input of a task goes: of a sentence pair the second text has a place of its own."""

Gives = Literal["pooled", "tokens", "paired", "joint", "fused", "generates"]
"""What a model makes of its input: one vector (pooled), one a token or frame (tokens), one an image
and one a text (paired), and these in one space from the start (joint); one vector of several inputs
together (fused); a text (generates)."""


def modality_of(slot: Slot) -> Modality:
    return "text" if slot == "text_pair" else slot


Side = Literal["image", "text"]
"""One of the two inputs of a model that pairs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRules:
    """How text becomes tokens and tokens become one vector.

    pooling: `own` is what a dual encoder does itself. padding: `max` pads every text to
    `max_tokens` and masks nothing, for models that were trained so.
    """

    max_tokens: int
    pooling: Literal["mean", "cls", "pooler", "own"]
    padding: Literal["longest", "max"] = "longest"
    lower_case: bool = False

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
class AudioRules:
    """How a sound becomes what a model takes, and its frames one vector (their mean).

    Of every clip the channels are averaged, it is resampled to `sampling_rate` (Hz) and cut after
    `max_seconds`. waveform: as it is, or, with `normalise`, less its mean and over its standard
    deviation. log_mel: Whisper's logarithmic spectrum in `mel_bins` bands. padding: `max` pads
    every clip to `max_seconds` with silence, as Whisper does.
    """

    sampling_rate: int
    features: Literal["waveform", "log_mel"]
    max_seconds: float
    normalise: bool = False
    mel_bins: int | None = None
    padding: Literal["longest", "max"] = "longest"

    def __post_init__(self) -> None:
        if self.sampling_rate < 1 or not 0 < self.max_seconds < math.inf:
            raise CardError("audio.sampling_rate and audio.max_seconds must lie above 0")
        if (self.features == "log_mel") != (self.mel_bins is not None):
            raise CardError("audio.mel_bins goes with features: log_mel")
        if self.features == "log_mel" and (self.normalise or self.padding != "max"):
            raise CardError("audio.features: log_mel is Whisper's: padding: max, no normalise")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRules:
    """How a model answers in words: greedily, at most `max_new_tokens`. A reference answer is cut
    to as many in training."""

    max_new_tokens: int

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise CardError(f"generation.max_new_tokens is {self.max_new_tokens}; at least 1")


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
    """Facts about one model. `country` is ISO 3166 alpha-2; the region follows from it.

    A pair or a fusion has no facts of its own but its name: `parts` are the cards of its two
    encoders, which the catalog looks up. `lora_targets`: the ends of the names of the layers that
    strategy lora adds to, as this architecture calls them.
    """

    name: str
    family: str
    languages: tuple[str, ...]
    modalities: tuple[Modality, ...]
    adapter: str
    source: ModelSource
    gives: tuple[Gives, ...]
    library: Literal["transformers", "timm", "open_clip"] | None = None
    architecture: str | None = None
    organisation: str | None = None
    country: str | None = None
    parameters: int | None = None
    licence: str | None = None
    homepage: str | None = None
    text: TextRules | None = None
    image: ImageRules | None = None
    audio: AudioRules | None = None
    generation: GenerationRules | None = None
    lora_targets: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    notes: str | None = None
    parts: Mapping[Side, "ModelCard"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        if (self.generation is not None) != ("generates" in self.gives):
            raise CardError("the rules under 'generation' go with gives: [generates]")
        if isinstance(self.source, PairModel | FusionModel):
            self._check_joined(self.source)
            return
        given = {"text": self.text, "image": self.image, "audio": self.audio}
        for modality, rules in given.items():
            if (modality in self.modalities) != (rules is not None):
                raise CardError(f"the rules under {modality!r} go with modality {modality!r}")
        if self.library is None and ":" not in self.adapter:
            raise CardError("field 'library' is missing; it is transformers, timm or open_clip")
        if self.parts:
            raise CardError("parts belong to a pair or a fusion alone (source: {via: pair, …})")
        if self.start == "scratch" and (self.country or self.organisation):
            raise CardError(
                "a random start carries no organisation and no country: it is architecture only"
            )
        if self.library in ("timm", "open_clip") and self.architecture is None:
            raise CardError(f"a model of {self.library} names its architecture")

    def _check_joined(self, source: JoinedModel) -> None:
        via = source.via
        allowed = ("paired", "generates") if isinstance(source, PairModel) else ("fused",)
        if set(self.modalities) != {"image", "text"} or self.gives not in [(g,) for g in allowed]:
            gives = " or ".join(f"[{g}]" for g in allowed)
            raise CardError(f"a {via} has modalities: [image, text] and gives: {gives}")
        for name in (
            "library",
            "architecture",
            "organisation",
            "country",
            "text",
            "image",
            "audio",
            "lora_targets",
        ):
            if getattr(self, name):
                raise CardError(f"{name} of a {via} follows from its parts; remove it")
        for side, part in self.parts.items():
            decoder = side == "text" and self.gives == ("generates",)
            needed, said = ("generates", "decoder") if decoder else ("pooled", "encoder")
            if part.modalities != (side,) or needed not in part.gives:
                raise CardError(f"source.{side} is {part.name}, which is no {side} {said}")

    @property
    def draws_weights(self) -> bool:
        """Whether some of its weights are drawn at random when it is loaded: those of a random
        start, or of a block that fuses two encoders."""
        if isinstance(self.source, FusionModel) and self.source.by != "concatenation":
            return self.start == "scratch" or self.source.weights is None
        return self.start == "scratch"

    @property
    def start(self) -> Literal["pretrained", "scratch"]:
        if self.parts:
            return (
                "scratch"
                if any(part.start == "scratch" for part in self.parts.values())
                else "pretrained"
            )
        return "scratch" if self.source.via == "random" else "pretrained"

    @property
    def region(self) -> Literal["domestic", "international"] | None:
        """`domestic` (国内) for China, `international` (国外) for the rest, None if unknown.

        A pair has the region that its parts have in common.
        """
        if self.parts:
            regions = {part.region for part in self.parts.values()}
            return regions.pop() if len(regions) == 1 else None
        if self.country is None:
            return None
        return "domestic" if self.country == "CN" else "international"
