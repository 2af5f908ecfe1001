"""What is timed alone, and what was seen: SpeedCase and SpeedRecord.

A case is one model, doing one thing, at one size. Nothing is learnt and nothing is scored in it, so
its record has measurements alone; it stands beside the records of trials, and holds its card.
"""

from dataclasses import dataclass
from typing import Any, Literal

from mmbench.cards import ModelCard
from mmbench.digests import digest_of, set_fields
from mmbench.errors import CardError
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.records import Failure, Measurement, model_behaviour

FORMAT = 1

Mode = Literal["train", "infer"]
MODES: tuple[Mode, ...] = ("train", "infer")
Precision = Literal["fp32", "bf16"]
SpeedStatus = Literal["ok", "failed"]

ELSEWHERE = "modelscope"  # a field of a source that changes nothing of the work


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedCase:
    """One model at one size. With a random start, `model` is a scratch card (`cards.as_random`).

    tokens: the length of every text of the synthetic batches; None for a model of images alone.
    image_size: pixels a side, None for the card's own. audio_seconds: the length of every sound,
    None for a model of none.
    """

    model: ModelCard
    mode: Mode
    batch_size: int
    precision: Precision
    tokens: int | None = None
    image_size: int | None = None
    audio_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise CardError(f"batch size {self.batch_size}; at least 1 is needed")
        if ("text" in self.model.modalities) != (self.tokens is not None):
            raise CardError(
                f"{self.model.name}: tokens is {self.tokens}; a model of text needs the length of "
                "its texts, and another has none"
            )
        if ("audio" in self.model.modalities) != (self.audio_seconds is not None):
            raise CardError(
                f"{self.model.name}: audio_seconds is {self.audio_seconds}; a model of sound needs "
                "the length of its clips, and another has none"
            )
        if self.image_size is not None and self.model.image is None:
            raise CardError(f"{self.model.name}: image_size is for one encoder of images")

    @property
    def name(self) -> str:
        """`bert-base-chinese train fp32 b32 t128`."""
        words = [self.model.name, self.mode, self.precision, f"b{self.batch_size}"]
        words += [] if self.tokens is None else [f"t{self.tokens}"]
        words += [] if self.image_size is None else [f"i{self.image_size}"]
        words += [] if self.audio_seconds is None else [f"s{self.audio_seconds:g}"]
        return " ".join(words)

    @property
    def key(self) -> str:
        """Hash of what changes the work: the model with its start, and all that the name says."""
        return digest_of(
            {
                "model": [model_behaviour(self.model), _place(self.model)],
                "parts": {s: _place(part) for s, part in sorted(self.model.parts.items())},
                "name": self.name,
            }
        )


def _place(model: ModelCard) -> dict[str, Any]:
    """The source, without another place of the same files; files that are named, and no place."""
    source: dict[str, Any] = set_fields(model.source)
    if source.get("files"):
        return {"files": source["files"]}
    return {name: value for name, value in source.items() if name != ELSEWHERE}


def name_at_largest(case: SpeedCase) -> str:
    """The case's name with `bmax` in place of its batch size."""
    return case.name.replace(f" b{case.batch_size}", " bmax")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRecord:
    """All that was seen of one case. `seconds` is the whole of it, loading included. largest: the
    batch is the largest that the device was found to have room for, and not one that was named."""

    format: int = FORMAT
    key: str
    case: SpeedCase
    fingerprint: Fingerprint
    environment: Environment
    status: SpeedStatus
    started_at: str
    seconds: float
    measurements: tuple[Measurement, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    largest: bool = False

    @property
    def cell(self) -> str:
        """What it is compared under: the same whatever batch was found to be the largest."""
        return name_at_largest(self.case) if self.largest else self.case.name

    def measurement(self, name: str) -> Measurement | None:
        return next((m for m in self.measurements if m.name == name), None)
