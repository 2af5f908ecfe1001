"""Running a trained model over rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmbench.data.batches import evaluation_batches, to_device
from mmbench.data.prepared import Inputs, Prepared
from mmbench.errors import Diverged
from mmbench.train.device import Precision, autocast


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Scores by metric, the primary one first, and the mean loss of the task's own kind."""

    scores: Mapping[str, float]
    loss: float


@torch.inference_mode()
def run_over(
    model: nn.Module,
    answer: Callable[[Inputs], Tensor],
    prepared: Prepared,
    *,
    device: torch.device,
    precision: Precision,
    batch_size: int,
) -> NDArray[np.float32]:
    """What `answer`, a method of `model`, gives for every row: [N, …] float32 in their order.

    In eval mode, whatever the mode before. Diverged if a value is not finite: what is largest
    among such would mean nothing.
    """
    training = model.training
    model.eval()
    rows: list[int] = []
    answers: list[Tensor] = []
    for batch in evaluation_batches(prepared, None, batch_size=batch_size):
        with autocast(device, precision):
            answers.append(answer(to_device(batch, device).inputs).float())
        rows += batch.indices
    model.train(training)
    found = torch.cat(answers).cpu().numpy()
    if not np.isfinite(found).all():
        raise Diverged("the model's outputs are not finite; lower the learning rate")
    ordered = np.empty_like(found)
    ordered[rows] = found
    return ordered
