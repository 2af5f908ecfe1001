"""What two records answered to the same examples, side by side.

Read from `predictions.parquet` and checked against the record's own digest of it. What its columns
mean is in `answered`, which metrics can be computed of them in `resampled`.
"""

import hashlib
import io
from collections.abc import Collection, Mapping

import numpy as np

from mmbench.cards import TaskCard
from mmbench.compare.answered import (
    SIDES,
    Answers,
    Column,
    answer_columns,
    answers_of,
    example_columns,
    form_of,
    ordered,
    tags_by_name,
    targets_of,
)
from mmbench.errors import StoreError
from mmbench.store import Stored

FILE = "predictions"  # its name among a record's artefacts
GROUP = "group"  # equal for examples that depend on each other; absent where the task has none


def has_predictions(stored: Stored) -> bool:
    artefact = stored.record.artefacts.get(FILE)
    return artefact is not None and (stored.folder / artefact.path).is_file()


def read_predictions(
    stored: Stored, split: str, *, also: Collection[str] = ()
) -> Mapping[str, Column]:
    """The columns of one split that its kind of task is compared by, and `also` these, each [N], as
    far as they are there; StoreError if the file is not what was written."""
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
    task = stored.record.trial.task
    wanted = {*example_columns(task), *answer_columns(task), GROUP, *also}
    file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
    names = [name for name in file.schema_arrow.names if name in wanted]
    table = file.read(columns=["split", *names])
    rows = table.filter(pyarrow.compute.equal(table["split"].cast("string"), split))
    found = {name: rows[name].to_numpy(zero_copy_only=False) for name in names}
    if task.kind != "tagging":
        return found
    labels = stored.record.labels  # each side has its own, perhaps in another order
    return found | {name: tags_by_name(found[name], labels) for name in SIDES if name in found}


def side_by_side(
    task: TaskCard, baseline: Mapping[str, Column], candidate: Mapping[str, Column]
) -> Answers | None:
    """None unless both answered the same examples, whatever the order of the rows. ValueError for
    columns that are missing, or of another form than the kind's."""
    names = example_columns(task)
    for side, columns in (("baseline", baseline), ("candidate", candidate)):
        lacking = [name for name in (*names, *answer_columns(task)) if name not in columns]
        if lacking:
            raise ValueError(f"the {side} has no column {', '.join(lacking)}")
    ours, theirs = ordered(baseline, names), ordered(candidate, names)
    asked = [(baseline[name][ours], candidate[name][theirs]) for name in names]
    asked.append((targets_of(task, baseline)[ours], targets_of(task, candidate)[theirs]))
    if not all(np.array_equal(first, second) for first, second in asked):
        return None
    groups = candidate.get(GROUP)
    return Answers(
        kind=form_of(task),
        targets=asked[-1][0],
        baseline=answers_of(task, baseline)[ours],
        candidate=answers_of(task, candidate)[theirs],
        groups=None if groups is None else np.unique(groups[theirs], return_inverse=True)[1],
        steps=task.target.normalise,
        languages=task.languages,
    )
