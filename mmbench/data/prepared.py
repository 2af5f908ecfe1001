"""What an adapter makes of examples once, before training: tokens or pixels, ready to batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Inputs = Mapping[str, Tensor]
"""What a model's forward takes: named tensors whose first dimension is the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFacts:
    """What preparing did to the rows and a reader must know; None where it has no meaning.

    sampling_rate: of sounds, whose lengths are samples (Hz).
    """

    truncated: int = 0
    tokens: int | None = None
    unknown_token_share: float | None = None
    sampling_rate: int | None = None


class Prepared(Protocol):
    """N rows of model inputs on the CPU, with random access.

    lengths: [N] real tokens (or samples of a sound, or 1) of each row: batches are grouped by it,
    padded to the longest, and tokens/s counts it. digest: of the content and the rules that made
    it, so that whatever is computed from it can be cached. collate gives [B, …] tensors. padded_to:
    the length that every row is padded to; None if it is that of the batch's longest row.
    """

    @property
    def lengths(self) -> NDArray[np.int64]: ...

    @property
    def digest(self) -> str: ...

    @property
    def facts(self) -> PreparedFacts: ...

    @property
    def padded_to(self) -> int | None: ...

    def __len__(self) -> int: ...

    def collate(self, indices: Sequence[int]) -> Inputs: ...


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Features that were computed once, as rows to train a head on; a `Prepared`.

    features: [N, D] of any float type, in memory or memory-mapped.
    """

    features: NDArray[Any]
    digest: str
    facts: PreparedFacts = field(default_factory=PreparedFacts)

    def __post_init__(self) -> None:
        assert self.features.ndim == 2, f"features are [N, D], not {self.features.shape}"

    def __len__(self) -> int:
        return len(self.features)

    @property
    def padded_to(self) -> None:
        return None

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[N] ones: nothing is padded."""
        return np.ones(len(self), dtype=np.int64)

    def collate(self, indices: Sequence[int]) -> Inputs:
        """{"features": [B, D] float32}, a copy."""
        rows = np.asarray(indices, dtype=np.int64)
        return {"features": torch.from_numpy(self.features[rows].astype(np.float32))}
