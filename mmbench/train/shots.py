"""A few rows of each class to train on, the same for every model and recipe."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from mmbench.data.examples import TaskData

LEFT_OUT = "not among the shots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The task with its training split cut down, and how many classes had fewer rows than asked."""

    data: TaskData
    short: int


def draw_shots(data: TaskData, shots: int, seed: int) -> Drawn:
    """At most `shots` training rows of each class, in the order of the source.

    Rows are ranked by a hash of the seed and their id alone, so that neither the model nor the
    recipe changes the draw, and a larger one holds the smaller. A class with fewer rows gives all.
    Every other row is counted under `dropped`.
    """
    train = data.splits["train"]
    assert isinstance(train.targets, np.ndarray), "plan refuses kinds without classes"
    ranks = [_rank(seed, identity) for identity in train.ids]
    chosen: list[int] = []
    short = 0
    for target in np.unique(train.targets):
        rows = np.flatnonzero(train.targets == target).tolist()
        short += len(rows) < shots
        chosen += sorted(rows, key=lambda row: ranks[row])[:shots]
    left_out = len(train) - len(chosen)
    return Drawn(
        data=replace(
            data,
            splits={**data.splits, "train": train.take(sorted(chosen))},
            dropped={**data.dropped, **({LEFT_OUT: left_out} if left_out else {})},
        ),
        short=short,
    )


def _rank(seed: int, identity: str) -> bytes:
    return hashlib.sha256(f"{seed}/shots/{identity}".encode()).digest()
