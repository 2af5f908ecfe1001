"""What two records answered to the same examples, side by side.

Read from `predictions.parquet` (its columns: `train.objectives`), checked against the record's own
digest of it. Which metrics can be computed of it is in `resampled`.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmbench.errors import StoreError
from mmbench.store import Stored

FILE = "predictions"  # its name among a record's artefacts
EXAMPLE = {"classification": ("id", "target"), "retrieval": ("query", "id")}
ANSWER = {"classification": "predicted", "retrieval": "rank"}
GROUP = "group"  # equal for examples that depend on each other; absent where the task has none

Column = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Of one seed: baseline and candidate to the same N examples of one split.

    kind: of task. targets: [N] class indices (classification) or "image" / "text" (retrieval).
    baseline, candidate: [N] predicted classes or ranks. groups: [N], or None.
    """

    kind: str
    targets: Column
    baseline: Column
    candidate: Column
    groups: Column | None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def moved(self) -> int:
        """How many examples are answered differently."""
        return int(np.count_nonzero(self.baseline != self.candidate))


def has_predictions(stored: Stored) -> bool:
    artefact = stored.record.artefacts.get(FILE)
    return artefact is not None and (stored.folder / artefact.path).is_file()


def read_predictions(stored: Stored, split: str) -> Mapping[str, Column]:
    """The columns of one split, each [N]; StoreError if the file is not what was written."""
    import pyarrow.compute
    import pyarrow.parquet

    artefact = stored.record.artefacts[FILE]
    path = stored.folder / artefact.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != artefact.sha256:
        raise StoreError(f"{path}: changed since its record was written; restore it or run again")
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    rows = table.filter(pyarrow.compute.equal(table["split"].cast("string"), split))
    names = [name for name in rows.column_names if name not in ("split", "logits")]
    return {name: rows[name].to_numpy(zero_copy_only=False) for name in names}


def side_by_side(
    kind: str, baseline: Mapping[str, Column], candidate: Mapping[str, Column]
) -> Answers | None:
    """None unless both answered the same examples, whatever the order of the rows."""
    ours, theirs = _order(kind, baseline), _order(kind, candidate)
    for name in EXAMPLE[kind]:
        if not np.array_equal(baseline[name][ours], candidate[name][theirs]):
            return None
    answer = ANSWER[kind]
    groups = candidate.get(GROUP)
    return Answers(
        kind=kind,
        targets=baseline["target" if kind == "classification" else "query"][ours],
        baseline=baseline[answer][ours],
        candidate=candidate[answer][theirs],
        groups=None if groups is None else np.unique(groups[theirs], return_inverse=True)[1],
    )


def _order(kind: str, columns: Mapping[str, Column]) -> NDArray[np.int64]:
    keys = [columns[name] for name in reversed(EXAMPLE[kind])]
    return np.lexsort([key.astype(np.str_) if key.dtype.kind == "O" else key for key in keys])
