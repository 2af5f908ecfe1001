"""What each input of a fused model is worth: its scores with either one taken away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import nn

from mmbench.cards import Side
from mmbench.data.examples import TaskData
from mmbench.data.joint import SIDES
from mmbench.models.fusion import FusionAdapter
from mmbench.records import Score
from mmbench.train.finetune import Finetuned
from mmbench.train.fused import FusedFeatures, Without, mean_features
from mmbench.train.learner import Learner


def ablation(finetuned: Finetuned, data: TaskData) -> Mapping[Side, tuple[Score, ...]]:
    """By the input that is taken away, the scores of the fine-tuned model on every test split.

    In each row the features of that input's encoder are replaced by their mean over the training
    rows; the weights stay as they are. So it tells what this model draws from the input, not what a
    model could do that was trained without it. Nothing of models that fuse nothing, and nothing
    where nothing was trained.
    """
    learner, objective = finetuned.learner, finetuned.objective
    backbone = learner.backbone
    if finetuned.grid is None or not isinstance(backbone, FusionAdapter | FusedFeatures):
        return {}
    objective.setting.watcher.phase("scoring without either input")
    means = mean_features(learner, finetuned.inputs["train"], objective.setting)
    found: dict[Side, tuple[Score, ...]] = {}
    for side in SIDES:
        scores: list[Score] = []
        with _standing_on(learner, Without(backbone, side, means[side])):
            for name in data.splits:
                if name.startswith("test"):
                    split = finetuned.split(data, name)
                    outputs = objective.outputs(learner, split.rows)
                    scores += objective.scores("after", split, outputs)
        found[side] = tuple(scores)
    return found


@contextmanager
def _standing_on(learner: Learner, backbone: nn.Module) -> Iterator[None]:
    """Inside, the learner's head stands on another backbone."""
    own = learner.backbone
    learner.backbone = backbone
    try:
        yield
    finally:
        learner.backbone = own
