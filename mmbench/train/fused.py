"""Fused models in training: on the stored features of their encoders, and with one taken away."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard

import numpy as np
import torch
from torch import Tensor, nn

from mmbench.cards import Side
from mmbench.data.joint import SIDES, JointRows, inputs_of
from mmbench.data.prepared import FeatureRows, Inputs, Prepared
from mmbench.data.views import rows_at, spread
from mmbench.models.base import Adapter, Features
from mmbench.models.fusion import FusionAdapter
from mmbench.models.fusion_blocks import FusionBlock
from mmbench.train.evaluate import run_over
from mmbench.train.features import Extracted, Pass, extract
from mmbench.train.learner import Learner
from mmbench.train.setting import Setting

MEAN_ROWS = 1024
"""Training rows that an encoder's mean feature is taken from, at even distances."""


class FusedFeatures(nn.Module):
    """Stands for frozen encoders whose pooled features were computed before, one a side; the block
    that fuses them is the model's own, and trains with the head."""

    def __init__(self, block: FusionBlock) -> None:
        super().__init__()
        self.block = block

    def fresh(self) -> Sequence[nn.Module]:
        return (self.block,)

    def forward(self, inputs: Inputs) -> Features:
        """The inputs of `JointRows` of features. pooled: [B, W]."""
        image, text = (self.encode(side, inputs_of(side, inputs)) for side in SIDES)
        return Features(pooled=self.block(image, text))

    def encode(self, side: Side, inputs: Inputs) -> Features:
        return Features(pooled=inputs["features"])


class Without(nn.Module):
    """A fused backbone that sees one side alone: `mean` [D] stands for the other in each row."""

    def __init__(self, backbone: FusionAdapter | FusedFeatures, gone: Side, mean: Tensor) -> None:
        super().__init__()
        self.backbone = backbone
        self.gone = gone
        self.mean = mean

    def forward(self, inputs: Inputs) -> Features:
        left: Side = "text" if self.gone == "image" else "image"
        given = self.backbone.encode(left, inputs_of(left, inputs))
        same = Features(pooled=self.mean.expand(len(given.pooled), -1))
        image, text = (same, given) if self.gone == "image" else (given, same)
        return Features(pooled=self.backbone.block(image, text))


def stores_sides(adapter: Adapter) -> TypeGuard[FusionAdapter]:
    """Whether one vector a side is all that a fused model makes of its frozen encoders."""
    return isinstance(adapter, FusionAdapter) and not adapter.block.reads_tokens


def side_features(adapter: FusionAdapter, rows: Prepared, setting: Setting) -> Extracted:
    """Each encoder's pooled features, which all tasks and models share that use it on the same
    rows, paired as the rows are."""
    assert isinstance(rows, JointRows), "a fused model prepares pairs"
    found: dict[Side, FeatureRows] = {}
    passes: dict[str, Pass] = {}
    for side in SIDES:

        def pooled(inputs: Inputs, side: Side = side) -> Tensor:
            return adapter.encode(side, inputs).pooled

        found[side], passes[side] = extract(
            adapter, pooled, rows.side(side), setting.identities[side], setting
        )
    pairs = JointRows(found["image"], found["text"], rows.image_index, rows.text_index)
    return Extracted(rows=pairs, passes=passes)


@torch.no_grad()
def fused_of(adapter: FusionAdapter, rows: Prepared, indices: Sequence[int]) -> Tensor:
    """[n, W] on the CPU: what the block makes of stored features at `indices`."""
    place = next(adapter.parameters()).device
    inputs = {name: value.to(place) for name, value in rows.collate(indices).items()}
    pooled: Tensor = FusedFeatures(adapter.block)(inputs).pooled
    return pooled.float().cpu()


def mean_features(learner: Learner, train: Prepared, setting: Setting) -> Mapping[Side, Tensor]:
    """Of each encoder its mean over up to 1,024 training rows at even distances: [D], on the
    setting's device. Of an encoder whose tokens are fused it is the mean of their means."""
    backbone = learner.backbone
    assert isinstance(backbone, FusionAdapter | FusedFeatures), "asked of fused models alone"
    some = rows_at(train, spread(len(train), MEAN_ROWS))
    assert isinstance(some, JointRows), "a fused model prepares pairs"
    indices = {"image": some.image_index, "text": some.text_index}
    found: dict[Side, Tensor] = {}
    for side in SIDES:

        def summary(inputs: Inputs, side: Side = side) -> Tensor:
            return backbone.block.summary(backbone.encode(side, inputs))

        distinct = run_over(
            learner,
            summary,
            some.side(side),
            device=setting.device,
            precision=setting.recipe.precision,
            batch_size=setting.recipe.batch_size,
        )
        mean = distinct[indices[side]].astype(np.float64).mean(0)
        found[side] = torch.from_numpy(mean.astype(np.float32)).to(setting.device)
    return found
