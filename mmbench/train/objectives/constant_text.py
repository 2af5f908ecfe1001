"""The one text that is the best answer to everything, as far as the training split tells."""

from collections.abc import Sequence

import numpy as np

from mmbench.data.views import spread

MOST = 512
"""Training references that are candidates, and that candidates are compared with, at even
distances."""


def constant_answer(references: Sequence[str]) -> str:
    """Of up to 512 training references the one with the fewest edits (Levenshtein, in characters)
    to all of these; of equally near ones the first in the order of Unicode."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    some = [references[int(i)] for i in spread(len(references), MOST)]
    distinct = sorted(set(some))
    edits = cdist(distinct, some, scorer=Levenshtein.distance, dtype=np.int64).sum(1)
    return distinct[int(np.argmin(edits))]
