"""Where trials run, one after the other: what one of them leaves for the next."""

import copy
import time
from dataclasses import dataclass, field, replace
from typing import Literal

import torch

from mmbench.data.cache import Cache, default_cache_root
from mmbench.data.examples import TaskData
from mmbench.data.tasks import load_task
from mmbench.digests import digest_of
from mmbench.meters.calibrated import Calibrator
from mmbench.models.base import Adapter
from mmbench.models.loading import load
from mmbench.progress import Silent, Watcher
from mmbench.records import Trial
from mmbench.train.answering import Answering
from mmbench.train.device import seed_for
from mmbench.train.identities import card_of, identity_of

Keep = Literal["best", "all", "none"]
"""Which fine-tuned weights stay: the best, those of each learning rate besides, or none."""

LEAVES_WEIGHTS = ("zero_shot", "probe", "head")
INFERENCE_SECONDS = 10.0
MOST_COPIED_BYTES = 2 * 2**30


@dataclass(slots=True, kw_only=True)
class Bench:
    """The data of the last task, the weights of the last model and how fast the last cell answers
    are kept for the next trial; `loaded_seconds` is what loading these weights took."""

    device: torch.device
    cache: Cache = field(default_factory=lambda: Cache(default_cache_root()))
    keep: Keep = "none"
    watcher: Watcher = field(default_factory=Silent)
    inference_seconds: float = field(default_factory=lambda: INFERENCE_SECONDS)
    loaded_seconds: float = 0.0
    calibrator: Calibrator = field(init=False)
    _data: tuple[str, TaskData] | None = None
    _model: tuple[str, Adapter] | None = None
    _answering: tuple[str, Answering] | None = None

    def __post_init__(self) -> None:
        self.calibrator = Calibrator(self.device)

    def task_data(self, trial: Trial) -> TaskData:
        wanted = digest_of([trial.task_behaviour, trial.digests["task"], trial.limit])
        if self._data is None or self._data[0] != wanted:
            self._data = (wanted, load_task(trial.task, limit=trial.limit))
        return self._data[1]

    def adapter(self, trial: Trial) -> tuple[Adapter, bool]:
        """The trial's model with pristine weights, and whether they were loaded just now.

        A strategy that writes into the weights gets a copy, or, of a large model, the weights
        themselves, which are then loaded again for the next trial.
        """
        wanted = identity_of(trial)
        known = self._model is not None and self._model[0] == wanted
        if not known:
            self._model = None  # two models at a time may not fit
            began = time.perf_counter()
            loaded = load(card_of(trial), seed=seed_for(trial.seed, "weights"))
            self.loaded_seconds = time.perf_counter() - began
            self._model = (wanted, loaded)
        assert self._model is not None, "it was loaded above"
        adapter = self._model[1]
        recipe = trial.recipe
        leaves = recipe.strategy in LEAVES_WEIGHTS and recipe.pretraining is None
        if leaves and not adapter.fresh():
            return adapter, not known
        if sum(p.numel() * p.element_size() for p in adapter.parameters()) > MOST_COPIED_BYTES:
            self._model = None
            return adapter, not known
        return copy.deepcopy(adapter), not known

    def timed_answering(self, trial: Trial) -> Answering | None:
        """What an earlier seed of the trial's cell took to answer, in this process. Other weights
        of the same shapes take as long."""
        known = self._answering
        return known[1] if known is not None and known[0] == _cell(trial) else None

    def keep_answering(self, trial: Trial, timed: Answering) -> None:
        self._answering = (_cell(trial), timed)


def _cell(trial: Trial) -> str:
    """The trial but for its seed; of a model that is fine-tuned further, the parents too."""
    return replace(trial, seed=0).key
