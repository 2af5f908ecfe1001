"""What was seen of a model in its files: the fields of its card, and what was guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mmbench.cards import AudioRules, GenerationRules, ImageRules, TextRules
from mmbench.cards.model import Gives, Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """config: fields of the architecture that differ from its library's defaults, which a random
    start and a card on the hub need. guesses: a sentence each."""

    adapter: str
    library: Literal["transformers", "timm", "open_clip"]
    family: str
    modalities: tuple[Modality, ...]
    gives: tuple[Gives, ...]
    architecture: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    text: TextRules | None = None
    image: ImageRules | None = None
    audio: AudioRules | None = None
    generation: GenerationRules | None = None
    guesses: tuple[str, ...] = ()
