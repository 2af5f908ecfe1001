"""What the kinds have in common that put a head on one vector a sample."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from mmbench.cards import Recipe
from mmbench.data.prepared import Prepared
from mmbench.data.views import rows_at, spread
from mmbench.errors import DataError
from mmbench.heads.classify import ClassifyHead, Standardise
from mmbench.heads.several import SeveralHeads
from mmbench.metrics.resampling import Measures, known_values
from mmbench.models.base import Adapter
from mmbench.train import strategy
from mmbench.train.evaluate import Validation, run_over
from mmbench.train.features import Extracted, extract
from mmbench.train.fused import FusedFeatures, fused_of, side_features, stores_sides
from mmbench.train.learner import FeatureInput, Learner
from mmbench.train.objectives.base import STANDARDISE_ROWS, Objective, SplitRows
from mmbench.train.setting import Setting

NO_HEAD = "the head has not been trained: nothing to score before training"


def pooled_features(adapter: Adapter, rows: Prepared, setting: Setting) -> Extracted:
    """The frozen backbone's pooled features of the rows, from the cache where they are known; of a
    fused model those of either encoder."""
    if stores_sides(adapter):
        return side_features(adapter, rows, setting)
    identity = setting.identities["whole"]
    found, done = extract(adapter, lambda inputs: adapter(inputs).pooled, rows, identity, setting)
    return Extracted(rows=found, passes={"": done})


def fit_standardise(
    layer: Standardise,
    adapter: Adapter,
    train: Prepared,
    extracted: Extracted | None,
    setting: Setting,
) -> None:
    """Take the statistics from up to STANDARDISE_ROWS of the training rows, whose features are
    `extracted` or else computed here."""
    some = spread(len(train), STANDARDISE_ROWS)
    found = extracted or pooled_features(adapter, rows_at(train, some), setting)
    indices = [int(i) for i in (some if extracted else range(len(some)))]
    if stores_sides(adapter):
        layer.fit(fused_of(adapter, found.rows, indices))
    else:
        layer.fit(found.rows.collate(indices)["features"])


def backbone_of(adapter: Adapter, recipe: Recipe) -> Adapter | FeatureInput | FusedFeatures:
    """What the head stands on while it is trained."""
    if recipe.strategy != "probe":
        return adapter
    return FusedFeatures(adapter.block) if stores_sides(adapter) else FeatureInput()


def answers_of(learner: Learner, rows: Prepared, setting: Setting) -> NDArray[Any]:
    """What the learner predicts of every row: [N, …] float32, in their order."""
    return run_over(
        learner,
        learner.predict,
        rows,
        device=setting.device,
        precision=setting.recipe.precision,
        batch_size=setting.recipe.batch_size,
    )


def validated(measures: Measures, loss: float) -> Validation:
    """DataError for a metric that is not defined on the validation split."""
    try:
        return Validation(scores=known_values(measures), loss=loss)
    except ValueError as error:
        raise DataError(f"validation cannot choose the best weights: {error}") from None


def columns_of(split: SplitRows, **columns: Any) -> Mapping[str, Any]:
    """For predictions.parquet: id, group where the task has groups, and `columns`."""
    groups = split.examples.groups
    named = {} if groups is None else {"group": list(groups)}
    return {"id": list(split.examples.ids), **named, **columns}


class Pooled(Objective):
    """A head on one vector a sample that says nothing before it is trained."""

    def features(self, rows: Prepared) -> Extracted:
        return pooled_features(self.adapter, rows, self.setting)

    def untrained(self, *, on_features: bool) -> Learner | None:
        return None

    def why_not_before(self) -> str:
        return NO_HEAD

    def ready(
        self,
        learner: Learner,
        layers: ClassifyHead | SeveralHeads,
        train: Prepared,
        extracted: Extracted | None,
    ) -> Learner:
        """The learner with the statistics of its frozen features, frozen as the strategy says, on
        the setting's device. layers: what its head meets the features with."""
        if layers.standardise is not None:
            fit_standardise(layers.standardise, self.adapter, train, extracted, self.setting)
        strategy.freeze(learner, self.setting.recipe)
        return learner.to(self.setting.device)
