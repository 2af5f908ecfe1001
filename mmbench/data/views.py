"""Some rows of prepared rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmbench.data.joint import JointRows
from mmbench.data.prepared import Inputs, Prepared, PreparedFacts
from mmbench.digests import digest_of


class Subset:
    """The rows of `prepared` at `indices`, in that order; itself prepared rows."""

    def __init__(self, prepared: Prepared, indices: NDArray[np.int64]) -> None:
        self.prepared = prepared
        self.indices = indices
        self.lengths: NDArray[np.int64] = prepared.lengths[indices]
        self.digest = digest_of([prepared.digest, indices.tolist()])
        self.facts = PreparedFacts()
        self.padded_to = prepared.padded_to

    def __len__(self) -> int:
        return len(self.indices)

    def collate(self, indices: Sequence[int]) -> Inputs:
        return self.prepared.collate([int(self.indices[i]) for i in indices])


def spread(rows: int, most: int) -> NDArray[np.int64]:
    """Up to `most` of `rows` indices at even distances, ascending, without repeats."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))


def rows_at(prepared: Prepared, indices: NDArray[np.int64]) -> Prepared:
    """The rows at `indices`; of pairs, with the images and texts that these rows hold alone."""
    if not isinstance(prepared, JointRows):
        return Subset(prepared, indices)
    images, image_index = np.unique(prepared.image_index[indices], return_inverse=True)
    texts, text_index = np.unique(prepared.text_index[indices], return_inverse=True)
    return JointRows(
        Subset(prepared.image, images), Subset(prepared.text, texts), image_index, text_index
    )
