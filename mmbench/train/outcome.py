"""What a fine-tuned learner is worth: its scores on every split, its predictions, their digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmbench.atomic import write_atomically
from mmbench.cards import Side
from mmbench.data.examples import TaskData
from mmbench.data.views import rows_at, spread
from mmbench.records import Artefact, ClassScore, Score
from mmbench.train.ablation import ablation
from mmbench.train.finetune import Finetuned
from mmbench.train.objectives import Objective, Outputs, SplitRows

TRAIN_ROWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """outputs: by split, the training split left out. parts, without: as in `Record`."""

    scores: tuple[Score, ...]
    classes: tuple[ClassScore, ...]
    parts: Mapping[str, tuple[Score, ...]] = field(default_factory=dict)
    without: Mapping[Side, tuple[Score, ...]] = field(default_factory=dict)
    outputs: Mapping[str, Outputs]

    @property
    def digest(self) -> str:
        """sha256 of all outputs as float32, split by split in the order of their names."""
        found = hashlib.sha256()
        for split in sorted(self.outputs):
            found.update(split.encode())
            for name in sorted(self.outputs[split]):
                found.update(np.ascontiguousarray(self.outputs[split][name]).tobytes())
        return found.hexdigest()


def judge(finetuned: Finetuned, data: TaskData) -> Outcome:
    """Scores before, after and of the baseline, on every split.

    The training split is scored on up to 2,000 rows at even distances, to show over-fitting.
    """
    objective = finetuned.objective
    trained = finetuned.grid is not None
    scores: list[Score] = []
    classes: list[ClassScore] = []
    parts: dict[str, list[Score]] = {}
    outputs: dict[str, Outputs] = {}
    for name in data.splits:
        if name == "train" and not trained:
            continue  # nothing was fitted to it
        objective.setting.watcher.phase(f"scoring {name}")
        split = finetuned.split(data, name)
        if name == "train" and len(split.examples) > TRAIN_ROWS:
            split = _part_of(split)
        scores += _before(finetuned, split)
        scores += objective.baseline(split)
        _add(parts, objective.part_baselines(split))
        found = (
            objective.outputs(finetuned.learner, split.rows) if trained else finetuned.before[name]
        )
        if trained:
            scores += objective.scores("after", split, found)
            _add(parts, objective.part_scores("after", split, found))
        if name != "train":
            outputs[name] = found
        if name.startswith("test"):
            classes += objective.classes(split, found)
    return Outcome(
        scores=tuple(scores),
        classes=tuple(classes),
        parts={name: tuple(own) for name, own in parts.items()},
        without=ablation(finetuned, data),
        outputs=outputs,
    )


def _add(parts: dict[str, list[Score]], more: Mapping[str, list[Score]]) -> None:
    for name, scores in more.items():
        parts.setdefault(name, []).extend(scores)


def _part_of(split: SplitRows) -> SplitRows:
    some = spread(len(split.examples), TRAIN_ROWS)
    return replace(
        split,
        examples=split.examples.take(some),
        rows=rows_at(split.rows, some),
        note=f"on {len(some)} of {len(split.examples)} rows",
    )


def _before(finetuned: Finetuned, split: SplitRows) -> list[Score]:
    """Scores before training; one that says why there are none, where nothing could answer."""
    objective = finetuned.objective
    if split.name in finetuned.before:
        return objective.scores("before", split, finetuned.before[split.name])
    if finetuned.before:
        return []  # the training rows, which nobody asks about before training
    return [
        Score(
            stage="before",
            split=split.name,
            metric=objective.metrics[0],
            value=None,
            count=len(split.examples),
            note=objective.why_not_before(),
        )
    ]


def write_predictions(
    outcome: Outcome, objective: Objective, finetuned: Finetuned, folder: Path
) -> Artefact:
    """predictions.parquet: the split, and the columns of `Objective.predictions`."""
    import pyarrow
    import pyarrow.parquet

    tables = []
    for name, outputs in outcome.outputs.items():
        columns = objective.predictions(finetuned.split(objective.data, name), outputs)
        table = {"split": pyarrow.array([name] * _rows(columns)).dictionary_encode()}
        tables.append(pyarrow.table(table | {k: _column(v) for k, v in columns.items()}))
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(
        pyarrow.concat_tables(tables).unify_dictionaries(), sink, compression="zstd"
    )
    content = sink.getvalue().to_pybytes()
    write_atomically(folder / "predictions.parquet", content)
    return Artefact(
        path="predictions.parquet", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)
    )


def _rows(columns: Mapping[str, Any]) -> int:
    return len(next(iter(columns.values())))


def _column(values: Any) -> Any:
    """A matrix becomes a column of float32 lists."""
    import pyarrow

    if isinstance(values, np.ndarray) and values.ndim == 2:
        return pyarrow.array(list(values), type=pyarrow.list_(pyarrow.float32()))
    return pyarrow.array(values)
