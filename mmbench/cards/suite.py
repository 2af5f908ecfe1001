"""The suite: what a run covers, what a bench times, and what a gate allows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mmbench.cards.names import check_name
from mmbench.errors import CardError


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Every model × every task × every recipe. `limit` as in the suite; the smaller one counts."""

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    recipes: tuple[str, ...]
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise CardError(f"limit is {self.limit}; at least 1 is needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchBlock:
    """What `mmbench bench` times: every model × mode × batch size × precision × size of its input.

    batch_sizes: `max` is the largest that the device has room for. tokens: lengths of the texts,
    for models of text, and only for these. image_sizes: pixels a side, for models of images; none
    is the size of the model's card. audio_seconds: lengths of the sounds, for models of sound.
    """

    models: tuple[str, ...]
    modes: tuple[Literal["train", "infer"], ...] = ("train", "infer")
    batch_sizes: tuple[int | Literal["max"], ...]
    precisions: tuple[Literal["fp32", "bf16"], ...] = ("fp32",)
    tokens: tuple[int, ...] = ()
    image_sizes: tuple[int, ...] = ()
    audio_seconds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("models", "modes", "batch_sizes", "precisions"):
            if not getattr(self, name):
                raise CardError(f"bench: {name} is empty, so there is nothing to time")
        lists = ("models", "modes", "batch_sizes", "precisions", "tokens", "image_sizes")
        for name in (*lists, "audio_seconds"):
            given = getattr(self, name)
            if len(set(given)) != len(given):
                raise CardError(f"bench: {name} names something twice: {list(given)}")
        for name in ("batch_sizes", "tokens", "image_sizes"):
            sizes = [size for size in getattr(self, name) if size != "max"]
            if min(sizes, default=1) < 1:
                raise CardError(f"bench: {name} are whole numbers from 1 on")
        if not all(0 < seconds < math.inf for seconds in self.audio_seconds):
            raise CardError("bench: audio_seconds must lie above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateThresholds:
    """How much worse `mmbench gate` lets a candidate be; None is the gate's own default.

    rate: of speed, as a share: 0.05 lets a time be 5 % longer. memory: of a peak, as a share.
    quality: of the primary metric, absolute where it lies in 0..1 (0.01 is one point of a hundred),
    as a share for a rank. metrics: by the name of a measurement or a metric, before these three.
    """

    rate: float | None = None
    memory: float | None = None
    quality: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        general = {"rate": self.rate, "memory": self.memory, "quality": self.quality}
        own = {f"metrics.{name}": value for name, value in self.metrics.items()}
        for name, value in {**general, **own}.items():
            if value is not None and not 0 < value < math.inf:
                raise CardError(f"gate: {name} is {value}; a share above 0 is needed, such as 0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What a run covers, or a bench, or both. `seeds` and `limit` are of the blocks: `limit` caps
    the training rows and, apart, the rows of other splits."""

    name: str
    blocks: tuple[Block, ...] = ()
    bench: tuple[BenchBlock, ...] = ()
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None
    gate: GateThresholds = GateThresholds()
    description: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        if not (self.blocks or self.bench) or not self.seeds:
            raise CardError("a suite needs at least one block or bench block, and one seed")
        if len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise CardError(f"seeds are different whole numbers from 0 on: {list(self.seeds)}")
        if self.limit is not None and self.limit < 1:
            raise CardError(f"limit is {self.limit}; at least 1 is needed")
        if not self.blocks and (self.limit is not None or self.seeds != (0,)):
            raise CardError(
                "seeds and limit are of blocks; this is a suite of mmbench bench, which has "
                "neither examples nor seeds"
            )
