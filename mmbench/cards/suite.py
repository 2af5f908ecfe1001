"""The suite: what a run covers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
class Suite:
    """What a run covers. `limit` caps the training rows and, apart, the rows of other splits."""

    name: str
    blocks: tuple[Block, ...]
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None
    description: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.blocks or not self.seeds:
            raise CardError("a suite needs at least one block and one seed")
        if len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise CardError(f"seeds are different whole numbers from 0 on: {list(self.seeds)}")
        if self.limit is not None and self.limit < 1:
            raise CardError(f"limit is {self.limit}; at least 1 is needed")
