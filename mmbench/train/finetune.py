"""One fine-tuning: the stages before it, and the learner of a strategy trained at every rate."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmbench.data.examples import Examples, TaskData
from mmbench.data.prepared import Prepared
from mmbench.errors import DataError
from mmbench.models.base import Adapter
from mmbench.records import StageFacts
from mmbench.train import strategy
from mmbench.train.features import Extracted
from mmbench.train.grid import AfterRate, Grid, train_grid
from mmbench.train.learner import Learner
from mmbench.train.objectives import Objective, Outputs, SplitRows, objective_of
from mmbench.train.pretraining import pretrain
from mmbench.train.setting import Setting
from mmbench.train.stages import TAKEN, Start, changed_weights, probe_first, take_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Finetuned:
    """The learner with the best weights of the best learning rate, and how it got there.

    inputs: the rows of every split, as the learner takes them. prepared: as tokens and pixels.
    extracted: what a probe computed first. before: outputs of every split but train before any
    training, where the model could answer then. grid: None where nothing was trained. trainable:
    how many parameters were. stages: what came before.
    """

    objective: Objective
    learner: Learner
    inputs: Mapping[str, Prepared]
    prepared: Mapping[str, Prepared]
    extracted: Mapping[str, Extracted]
    before: Mapping[str, Outputs] = field(default_factory=dict)
    grid: Grid | None
    trainable: int
    stages: tuple[StageFacts, ...] = ()
    vocabulary: bytes | None

    @property
    def model(self) -> Learner:
        """The whole model, from tokens or pixels to its answers."""
        return self.objective.whole(self.learner)

    def split(self, data: TaskData, name: str) -> SplitRows:
        return SplitRows(name=name, examples=data.splits[name], rows=self.inputs[name])


def finetune(
    adapter: Adapter,
    data: TaskData,
    setting: Setting,
    *,
    unlabelled: Examples | None = None,
    start: Start | None = None,
    after_rate: AfterRate | None = None,
) -> Finetuned:
    """Prepare every split, pre-train, extract features of a frozen backbone, train the grid.

    unlabelled: rows to pre-train on, by default those of the training split. start: the head to go
    on from; the adapter has the weights that belong to it.
    """
    recipe = setting.recipe
    strategy.check(adapter, recipe)
    _check_splits(data, recipe.strategy != "zero_shot")
    adapter.for_task(setting.task, recipe)
    more = unlabelled if recipe.pretraining is not None else None
    vocabulary = adapter.learn_vocabulary(more or data.splits["train"])
    prepared = {}
    for split, examples in data.splits.items():
        setting.watcher.phase(f"preparing {split}")
        prepared[split] = adapter.prepare(examples, setting.cache)
    adapter.to(setting.device)
    stages: list[StageFacts] = []
    before: dict[str, Outputs] = {}
    untrained: Learner | None = None
    if recipe.pretraining is not None:
        rows = prepared["train"] if more is None else adapter.prepare(more, setting.cache)
        first = objective_of(adapter, data, setting)
        before = _before(first, first.untrained(on_features=False), prepared)
        stages.append(pretrain(adapter, rows, prepared["validation"], setting))
        setting = changed_weights(adapter, setting)
    objective = objective_of(adapter, data, setting)
    extracted = _extracted(objective, prepared) if recipe.strategy == "probe" else {}
    inputs = {split: found.rows for split, found in extracted.items()} or prepared
    if recipe.pretraining is None:
        untrained = objective.untrained(on_features=bool(extracted))
        before = _before(objective, untrained, inputs)
    grid, trainable = None, 0
    if recipe.strategy == "zero_shot":
        assert untrained is not None, "plan refuses zero-shot where nothing can answer"
        learner = untrained
    else:
        learner = objective.learner(prepared["train"], extracted.get("train"))
        stages += _with_a_head(learner, objective, prepared, start)
        if stages and stages[-1].note == TAKEN and not before:
            before = _before(objective, learner, inputs)
        trainable = sum(p.numel() for p in learner.parameters() if p.requires_grad)
        grid = train_grid(learner, objective, inputs, after_rate)
        strategy.settle(learner)
    return Finetuned(
        objective=objective,
        learner=learner,
        inputs=inputs,
        prepared=prepared,
        extracted=extracted,
        before=before,
        grid=grid,
        trainable=trainable,
        stages=tuple(stages),
        vocabulary=vocabulary,
    )


def _check_splits(data: TaskData, trains: bool) -> None:
    for needed in ("train", "validation") if trains else ():
        if needed not in data.splits:
            raise DataError(f"training needs a split {needed!r}; add it under splits")


def _extracted(objective: Objective, prepared: Mapping[str, Prepared]) -> dict[str, Extracted]:
    found = {}
    for split, rows in prepared.items():
        objective.setting.watcher.phase(f"features of {split}")
        found[split] = objective.features(rows)
    return found


def _with_a_head(
    learner: Learner,
    objective: Objective,
    prepared: Mapping[str, Prepared],
    start: Start | None,
) -> list[StageFacts]:
    """Give the learner the head of the model it starts from, or of a probe that comes first."""
    stages = [] if start is None else [take_head(learner, objective, start)]
    if objective.setting.recipe.probe_first is not None:
        stages.append(probe_first(learner, objective, prepared))
    return stages


def _before(
    objective: Objective, untrained: Learner | None, inputs: Mapping[str, Prepared]
) -> dict[str, Outputs]:
    """Of every split but train, which nobody asks about before training; none where nothing can
    answer then."""
    found: dict[str, Outputs] = {}
    if untrained is None:
        return found
    for split, rows in inputs.items():
        if split != "train":
            objective.setting.watcher.phase(f"before training: {split}")
            found[split] = objective.outputs(untrained, rows)
    return found
