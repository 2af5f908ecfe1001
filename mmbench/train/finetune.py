"""One fine-tuning: the learner of a strategy, trained at every learning rate of the grid."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mmbench.cards import Recipe
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples, TaskData
from mmbench.data.prepared import Prepared
from mmbench.data.views import Subset, spread
from mmbench.errors import DataError, Diverged
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Adapter
from mmbench.progress import Watcher
from mmbench.records import Fingerprint
from mmbench.train import strategy
from mmbench.train.device import seed_everything
from mmbench.train.evaluate import Validation, predict_logits, validation_of
from mmbench.train.features import Extracted, extract
from mmbench.train.learner import FeatureInput, Headed
from mmbench.train.loop import Fit, TrainingRows, fit
from mmbench.train.stopping import goodness, load_state, trained_state

STANDARDISE_ROWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What stays the same through a trial. `identity` names the weights of the backbone."""

    recipe: Recipe
    metrics: tuple[str, ...]
    seed: int
    identity: str
    fingerprint: Fingerprint
    device: torch.device
    cache: Cache
    watcher: Watcher


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

    adapter + learner.head is the model; for a probe the learner itself runs on features.
    inputs: the prepared rows of every split, as the learner takes them. extracted: what a probe
    computed first.
    """

    adapter: Adapter
    learner: Headed
    inputs: Mapping[str, Prepared]
    prepared: Mapping[str, Prepared]
    extracted: Mapping[str, Extracted]
    grid: Grid

    @property
    def model(self) -> Headed:
        """The whole model, from tokens or pixels to logits."""
        if self.learner.backbone is self.adapter:
            return self.learner
        return Headed(self.adapter, self.learner.head, label_smoothing=0.0)


def finetune(adapter: Adapter, data: TaskData, setting: Setting) -> Finetuned:
    """Prepare every split, extract features where the backbone is frozen, train the grid."""
    recipe, watcher = setting.recipe, setting.watcher
    strategy.check(adapter, recipe)
    for needed in ("train", "validation"):
        if needed not in data.splits:
            raise DataError(f"training needs a split {needed!r}; add it under splits")
    prepared = {}
    for split, examples in data.splits.items():
        watcher.phase(f"preparing {split}")
        prepared[split] = adapter.prepare(examples, setting.cache)
    adapter.to(setting.device)
    extracted: dict[str, Extracted] = {}
    if recipe.strategy == "probe":
        for split, rows in prepared.items():
            watcher.phase(f"features of {split}")
            extracted[split] = features_of(adapter, rows, setting)
    inputs = {split: found.rows for split, found in extracted.items()} or prepared
    learner = make_learner(adapter, prepared["train"], extracted.get("train"), data, setting)
    grid = _grid(learner, data.splits, inputs, setting)
    return Finetuned(
        adapter=adapter,
        learner=learner,
        inputs=inputs,
        prepared=prepared,
        extracted=extracted,
        grid=grid,
    )


def features_of(adapter: Adapter, rows: Prepared, setting: Setting) -> Extracted:
    return extract(
        adapter,
        rows,
        setting.cache,
        identity=setting.identity,
        fingerprint=setting.fingerprint,
        device=setting.device,
        precision=setting.recipe.precision,
        batch_size=setting.recipe.batch_size,
    )


def make_learner(
    adapter: Adapter,
    train: Prepared,
    extracted: Extracted | None,
    data: TaskData,
    setting: Setting,
) -> Headed:
    """Backbone and a fresh head; a frozen backbone's features are standardised before the head.

    The statistics come from up to 1,024 training rows at even distances.
    """
    recipe = setting.recipe
    frozen = recipe.strategy != "full"
    seed_everything(setting.seed, "head")
    head = ClassifyHead(
        adapter.width,
        len(data.labels),
        layers=recipe.head,
        hidden=recipe.head_width,
        dropout=recipe.dropout,
        standardise=frozen,
    )
    if head.standardise is not None:
        some = spread(len(train), STANDARDISE_ROWS)
        found = extracted or features_of(adapter, Subset(train, some), setting)
        rows = some if extracted else range(len(some))
        head.standardise.fit(found.rows.collate([int(i) for i in rows])["features"])
    backbone = FeatureInput() if recipe.strategy == "probe" else adapter
    learner = Headed(backbone, head, label_smoothing=recipe.label_smoothing).to(setting.device)
    strategy.freeze(learner, recipe)
    return learner


def _grid(
    learner: Headed,
    splits: Mapping[str, Examples],
    inputs: Mapping[str, Prepared],
    setting: Setting,
) -> Grid:
    """Every learning rate from the same start; the learner ends with the best one's weights.

    A rate that diverges is told and left out; Diverged if every one of them does.
    """
    recipe = setting.recipe
    targets = {split: examples.targets for split, examples in splits.items()}
    train, held_out = targets["train"], targets["validation"]
    assert train is not None, "the splits of a task carry targets"
    assert held_out is not None, "the splits of a task carry targets"

    def validate() -> Validation:
        logits = predict_logits(
            learner,
            inputs["validation"],
            device=setting.device,
            precision=recipe.precision,
            batch_size=recipe.batch_size,
        )
        return validation_of(logits, held_out, setting.metrics)

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
                TrainingRows(prepared=inputs["train"], targets=train),
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
