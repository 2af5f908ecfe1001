"""A number: a linear layer, or two layers, on pooled features; squared or Huber loss."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmbench.heads.classify import ClassifyHead, Standardise
from mmbench.models.base import Features

RegressionLoss = Literal["mse", "huber"]

FAR = 10.0
"""Standard deviations from its mean beyond which a standardised feature counts as just so far. One
that is 0 in nearly all training rows has a tiny deviation, and may be thousands of them off in
another row; a class can be no more than certain, but a number has no such bound."""


class RegressHead(nn.Module):
    """Pooled features [B, D] → numbers [B] in the target's own unit.

    `layers` answer in standard deviations from the mean of the training targets, `unit` holds both
    and turns them into the target's unit; it is kept with the head. Where features are
    standardised they are held within `FAR`.
    """

    def __init__(self, layers: ClassifyHead) -> None:
        """layers: a head of one class."""
        super().__init__()
        self.layers = layers
        self.unit = Standardise(1)

    def fit(self, targets: Tensor) -> None:
        """Take mean and standard deviation from the training targets [N]; constant ones keep 1."""
        self.unit.fit(targets.double()[:, None])

    def forward(self, features: Features) -> Tensor:
        pooled = features.pooled
        if self.layers.standardise is not None:
            pooled = self.layers.standardise(pooled).clamp(-FAR, FAR)
        found: Tensor = self.layers.layers(pooled)
        return (found.float() * self.unit.std + self.unit.mean).squeeze(1)

    def loss(self, predicted: Tensor, targets: Tensor, by: RegressionLoss) -> Tensor:
        """Sum over the rows, in float32, of errors in standard deviations of the training targets:
        predicted, targets [B]. `mse`: their squares. `huber`: half the square up to 1, from there
        on linear (Huber 1964, doi:10.1214/aoms/1177703732), as torch's huber_loss.
        """
        error = (predicted.float() - targets.float()) / self.unit.std
        if by == "mse":
            return (error**2).sum()
        return functional.huber_loss(error, torch.zeros_like(error), reduction="sum", delta=1.0)
