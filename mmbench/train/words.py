"""Running a model over rows whose words it answers one by one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmbench.data.batches import evaluation_batches, to_device
from mmbench.data.prepared import Inputs, Prepared
from mmbench.data.ragged import IGNORED
from mmbench.errors import Diverged
from mmbench.models.word_tokens import NOWHERE
from mmbench.train.device import autocast
from mmbench.train.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WordValues:
    """Of the words of all rows behind each other (M). values: [M, …] float32, 0 where a word has
    no token. read: [M] whether it has one."""

    values: NDArray[np.float32]
    read: NDArray[np.bool_]

    @property
    def known(self) -> Tensor:
        """The values of the words that have a token."""
        return torch.from_numpy(self.values[self.read])


@torch.inference_mode()
def run_over_words(
    model: nn.Module, answer: Callable[[Inputs], Tensor], rows: Prepared, setting: Setting
) -> WordValues:
    """What `answer`, a method of `model`, gives for every word: [B, W, …] a batch.

    In eval mode, whatever the mode before. Diverged if a value is not finite.
    """
    training = model.training
    model.eval()
    values: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(rows)
    read: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)] * len(rows)
    for batch in evaluation_batches(rows, None, batch_size=setting.recipe.batch_size):
        with autocast(setting.device, setting.recipe.precision):
            found = answer(to_device(batch, setting.device).inputs).float().cpu().numpy()
        starts = batch.inputs["word_starts"].numpy()
        for index, row, places in zip(batch.indices, found, starts, strict=True):
            words = places != IGNORED
            read[index] = places[words] != NOWHERE
            values[index] = np.where(read[index][:, None], row[words], np.float32(0))
    model.train(training)
    answers = WordValues(values=np.concatenate(values), read=np.concatenate(read))
    if not np.isfinite(answers.values).all():
        raise Diverged("the model's outputs are not finite; lower the learning rate")
    return answers
