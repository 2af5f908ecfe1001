"""Chinese models (domestic) against international ones: like with like, and no claim beyond it.

Only pretrained models of one region meet; what starts at random, or is a pair of both regions, has
none. They meet on a task, within a size class, by the recipes that models of both regions were
trained with: there the best of either side, tested on the same examples. Holm counts all meetings.
The best of many looks better than the best of a few, so the numbers of models are told.

Over tasks a sign test asks whether one region is ahead more often than chance would have it; its
p cannot fall below 5 % with fewer than six tasks, and then nothing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmbench.compare.cells import Cell
from mmbench.compare.checks import reached
from mmbench.compare.versus import Against, Test, shown

Region = Literal["domestic", "international"]
Size = Literal["small", "base", "large"]
REGIONS: tuple[Region, Region] = ("domestic", "international")
SIZES: tuple[Size, ...] = ("small", "base", "large")
BASE_FROM, LARGE_FROM = 60e6, 250e6
"""Parameters: below the first MiniLM and small encoders, then those of 12 layers and 768 wide with
their vocabularies, from the second on those of 24 layers and more."""

FEWEST_TASKS = 6  # 2 · 0.5⁶ is the first two-sided p of a sign test that lies below 5 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """On one task, in one size class. models: how many of each region there were to choose from.
    ahead: by its score; None where both have the same. told: by the same examples, where these are
    there. shown: Holm over all meetings rejects that there is no difference."""

    size: Size
    split: str
    domestic: Cell
    international: Cell
    models: tuple[int, int]
    ahead: Region | None
    told: Against | None = None
    shown: bool = False


def meetings(tasks: Sequence[tuple[Sequence[Cell], str]], test: Test) -> list[Meeting]:
    """tasks: of each the cells of one basis and its main split."""
    found = [
        met
        for cells, split in tasks
        for size in SIZES
        if (met := _meeting([c for c in cells if size_of(c) == size], split, size)) is not None
    ]
    tested = [replace(met, told=test(*_in_order(met), met.split)) for met in found]
    verdicts = shown([met.told for met in tested])
    return [replace(met, shown=one) for met, one in zip(tested, verdicts, strict=True)]


def size_of(cell: Cell) -> Size | None:
    """By the parameters that were counted in the trial, or those of the card."""
    counted = cell.records[0].measurement("parameters")
    known = cell.model.parameters if counted is None else counted.value
    if known is None:
        return None
    return "large" if known >= LARGE_FROM else "base" if known >= BASE_FROM else "small"


def sign_p(ahead: Sequence[Region | None]) -> float | None:
    """Two-sided p of so uneven a split of tasks between the regions, ties left out; None where
    there are too few for any split to be one."""
    from scipy.stats import binomtest

    told = [region for region in ahead if region is not None]
    if len(told) < FEWEST_TASKS:
        return None
    return float(binomtest(told.count("domestic"), len(told), 0.5).pvalue)


def _meeting(cells: Sequence[Cell], split: str, size: Size) -> Meeting | None:
    """None unless models of both regions were trained with one recipe and have a score."""
    scored = [
        cell
        for cell in cells
        if cell.mark == "pretrained"
        and cell.model.region is not None
        and not cell.unfinished
        and cell.outcome(split, cell.task.primary) is not None
    ]
    of = {region: [c for c in scored if c.model.region == region] for region in REGIONS}
    shared = set.intersection(*({c.recipe.name for c in of[region]} for region in REGIONS))
    sides = [[c for c in of[region] if c.recipe.name in shared] for region in REGIONS]
    if not shared:
        return None
    domestic, international = (max(side, key=lambda cell: reached(cell, split)) for side in sides)
    apart = reached(domestic, split) - reached(international, split)
    return Meeting(
        size=size,
        split=split,
        domestic=domestic,
        international=international,
        models=(_models(sides[0]), _models(sides[1])),
        ahead=None if not apart else "domestic" if apart > 0 else "international",
    )


def _in_order(met: Meeting) -> tuple[Cell, Cell]:
    """The better one first, as the test takes them."""
    if met.ahead == "international":
        return met.international, met.domestic
    return met.domestic, met.international


def _models(cells: Sequence[Cell]) -> int:
    return len({cell.model.name for cell in cells})
