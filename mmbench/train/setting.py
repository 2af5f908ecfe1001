"""What stays the same through a trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from mmbench.cards import Recipe, Side, TaskCard
from mmbench.data.cache import Cache
from mmbench.fingerprint import Fingerprint
from mmbench.progress import Watcher
from mmbench.train.stopping import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`identities` name the weights that features depend on: those of the whole model, and of the
    encoder of each side where it has two. `inference_seconds`: how long inference is timed at most.
    `scored` is told of every validation.
    """

    task: TaskCard
    recipe: Recipe
    seed: int
    identities: Mapping[Literal["whole"] | Side, str]
    fingerprint: Fingerprint
    device: torch.device
    cache: Cache
    watcher: Watcher
    inference_seconds: float
    scored: Scored | None = None
