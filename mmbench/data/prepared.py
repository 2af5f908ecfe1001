"""What an adapter makes of examples once, before training: tokens or pixels, ready to batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Inputs = Mapping[str, Tensor]
"""What a model's forward takes: named tensors whose first dimension is the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFacts:
    """What preparing did to the rows and a reader must know; None where it has no meaning."""

    truncated: int = 0
    tokens: int | None = None
    unknown_token_share: float | None = None


class Prepared(Protocol):
    """N rows of model inputs on the CPU, with random access.

    lengths: [N] real tokens (or patches, or 1) of each row: batches are grouped by it, padded to
    the longest, and tokens/s counts it. digest: of the content and the rules that made it, so
    that whatever is computed from it can be cached. collate gives [B, …] tensors.
    """

    lengths: NDArray[np.int64]
    digest: str
    facts: PreparedFacts

    def __len__(self) -> int: ...

    def collate(self, indices: Sequence[int]) -> Inputs: ...
