"""One fine-tuning: the learner of a strategy, trained at every learning rate of the grid."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from mmbench.data.examples import TaskData
from mmbench.data.prepared import Prepared
from mmbench.errors import DataError, Diverged
from mmbench.models.base import Adapter
from mmbench.train import strategy
from mmbench.train.evaluate import Validation
from mmbench.train.features import Extracted
from mmbench.train.learner import Learner
from mmbench.train.loop import Fit, TrainingRows, fit
from mmbench.train.objectives import Objective, Outputs, SplitRows, objective_of
from mmbench.train.setting import Setting
from mmbench.train.stopping import goodness, load_state, trained_state


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergedFit:
    """A learning rate whose loss was not finite."""

    learning_rate: float
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Every learning rate that was tried, in the order of the recipe, and the best of them."""

    fits: tuple[Fit, ...]
    diverged: tuple[DivergedFit, ...]
    chosen: Fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Finetuned:
    """The learner with the best weights of the best learning rate, and how it got there.

    inputs: the rows of every split, as the learner takes them. prepared: as tokens and pixels.
    extracted: what a probe computed first. before: outputs of every split but train before any
    training, where the model could answer then. grid: None where nothing was trained. trainable:
    how many parameters were.
    """

    objective: Objective
    learner: Learner
    inputs: Mapping[str, Prepared]
    prepared: Mapping[str, Prepared]
    extracted: Mapping[str, Extracted]
    before: Mapping[str, Outputs] = field(default_factory=dict)
    grid: Grid | None
    trainable: int
    vocabulary: bytes | None

    @property
    def model(self) -> Learner:
        """The whole model, from tokens or pixels to its answers."""
        return self.objective.whole(self.learner)

    def split(self, data: TaskData, name: str) -> SplitRows:
        return SplitRows(name=name, examples=data.splits[name], rows=self.inputs[name])


def finetune(adapter: Adapter, data: TaskData, setting: Setting) -> Finetuned:
    """Prepare every split, extract features where the backbone is frozen, train the grid."""
    recipe, watcher = setting.recipe, setting.watcher
    strategy.check(adapter, recipe)
    trains = recipe.strategy != "zero_shot"
    for needed in ("train", "validation") if trains else ():
        if needed not in data.splits:
            raise DataError(f"training needs a split {needed!r}; add it under splits")
    adapter.for_task(setting.task, recipe)
    vocabulary = adapter.learn_vocabulary(data.splits["train"])
    prepared = {}
    for split, examples in data.splits.items():
        watcher.phase(f"preparing {split}")
        prepared[split] = adapter.prepare(examples, setting.cache)
    adapter.to(setting.device)
    objective = objective_of(adapter, data, setting)
    extracted: dict[str, Extracted] = {}
    if recipe.strategy == "probe":
        for split, rows in prepared.items():
            watcher.phase(f"features of {split}")
            extracted[split] = objective.features(rows)
    inputs = {split: found.rows for split, found in extracted.items()} or prepared
    untrained = objective.untrained(on_features=bool(extracted))
    before = {} if untrained is None else _before(objective, untrained, inputs)
    if trains:
        learner = objective.learner(prepared["train"], extracted.get("train"))
        trainable = sum(p.numel() for p in learner.parameters() if p.requires_grad)
        grid = _grid(learner, objective, inputs)
        strategy.settle(learner)
    else:
        assert untrained is not None, "plan refuses zero-shot where nothing can answer"
        learner, grid, trainable = untrained, None, 0
    return Finetuned(
        objective=objective,
        learner=learner,
        inputs=inputs,
        prepared=prepared,
        extracted=extracted,
        before=before,
        grid=grid,
        trainable=trainable,
        vocabulary=vocabulary,
    )


def _before(
    objective: Objective, untrained: Learner, inputs: Mapping[str, Prepared]
) -> dict[str, Outputs]:
    """Of every split but train, which nobody asks about before training."""
    found = {}
    for split, rows in inputs.items():
        if split != "train":
            objective.setting.watcher.phase(f"before training: {split}")
            found[split] = objective.outputs(untrained, rows)
    return found


def _grid(learner: Learner, objective: Objective, inputs: Mapping[str, Prepared]) -> Grid:
    """Every learning rate from the same start; the learner ends with the best one's weights.

    A rate that diverges is told and left out; Diverged if every one of them does.
    """
    setting, splits = objective.setting, objective.data.splits
    recipe = setting.recipe
    rows = TrainingRows(
        prepared=inputs["train"],
        targets=objective.targets(splits["train"]),
        by_length=objective.kind.decomposable,
    )
    held_out = SplitRows(
        name="validation", examples=splits["validation"], rows=inputs["validation"]
    )

    def validate() -> Validation:
        return objective.validation(learner, held_out)

    start = trained_state(learner)
    fits: list[Fit] = []
    diverged: list[DivergedFit] = []
    best: tuple[Fit, dict[str, torch.Tensor]] | None = None
    for rate in recipe.learning_rates:
        setting.watcher.phase(f"learning rate {rate:g}")
        load_state(learner, start)
        began = time.perf_counter()
        try:
            found = fit(
                learner,
                rows,
                recipe,
                learning_rate=rate,
                seed=setting.seed,
                device=setting.device,
                validate=validate,
                watcher=setting.watcher,
            )
        except Diverged as error:
            if rate == recipe.learning_rates[-1] and not fits:
                raise  # none is left to choose from
            seconds = time.perf_counter() - began
            diverged.append(DivergedFit(learning_rate=rate, seconds=seconds, reason=str(error)))
            continue
        fits.append(found)
        if best is None or goodness(found.best) > goodness(best[0].best):
            best = (found, trained_state(learner))
    assert best is not None, "the last rate raises if all have diverged"
    load_state(learner, best[1])
    return Grid(fits=tuple(fits), diverged=tuple(diverged), chosen=best[0])
