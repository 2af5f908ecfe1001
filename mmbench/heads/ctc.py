"""Characters without knowing where each stands: connectionist temporal classification.

Graves et al. 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf. Class 0 is the blank, class
1 + i the i-th character.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mmbench.data.ragged import IGNORED, Ragged
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import Features

BLANK = 0


class CtcHead(nn.Module):
    """Features of frames [B, T, D] → logits [B, T, 1 + C]; each frame by itself."""

    def __init__(self, layers: ClassifyHead) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, frames: Tensor) -> Tensor:
        logits: Tensor = self.layers(Features(pooled=frames))
        return logits


def ctc_losses(logits: Tensor, frames: Tensor, targets: Tensor) -> Tensor:
    """[B] −log p(targets | clip) in nats, float32: the sum over all alignments.

    logits: [B, T, 1 + C]; frames: [B] real ones of each clip; targets: [B, L] classes from 1 on,
    padded with `IGNORED`. Infinite where a clip has fewer frames than `frames_needed`: whoever
    trains makes sure of that before.
    """
    log_probabilities = functional.log_softmax(logits.float(), dim=2).transpose(0, 1)
    lengths = (targets != IGNORED).sum(1)
    return functional.ctc_loss(
        log_probabilities,
        targets.clamp(min=0),
        frames,
        lengths,
        blank=BLANK,
        reduction="none",
        zero_infinity=False,
    )


def frames_needed(targets: Ragged) -> NDArray[np.int64]:
    """[N] the fewest frames that can spell each row: one a character, and one for the blank that
    must stand between two equal ones."""
    return np.array([len(row) + int((row[1:] == row[:-1]).sum()) for row in targets.rows()])


def best_path(logits: Tensor, frames: Tensor) -> Tensor:
    """[B, T] the likeliest class of each frame, the blank behind a clip's end."""
    best = logits.argmax(2)
    real = torch.arange(best.shape[1], device=best.device) < frames[:, None]
    return best.masked_fill(~real, BLANK)


def collapse(path: Sequence[int]) -> list[int]:
    """The classes that a path spells: runs of one class count once, then blanks go."""
    return [label for label, _ in groupby(path) if label != BLANK]
