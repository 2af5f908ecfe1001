"""What a fine-tuned learner is worth: its scores on every split, its predictions, their digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmbench.atomic import write_atomically
from mmbench.data.examples import Examples, TaskData
from mmbench.data.views import Subset, spread
from mmbench.records import Artefact, ClassScore, Score, Stage
from mmbench.train.evaluate import class_scores, predict_logits, score_split
from mmbench.train.finetune import Finetuned, Setting

TRAIN_ROWS = 2000
NOT_APPLICABLE = "no joint space of inputs and labels: nothing to score before training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """logits: [N, C] by split, the training split left out."""

    scores: tuple[Score, ...]
    classes: tuple[ClassScore, ...]
    logits: Mapping[str, NDArray[np.float32]]

    @property
    def digest(self) -> str:
        """sha256 of all logits as float32, split by split in the order of their names."""
        found = hashlib.sha256()
        for split in sorted(self.logits):
            found.update(split.encode())
            found.update(np.ascontiguousarray(self.logits[split]).tobytes())
        return found.hexdigest()


def judge(finetuned: Finetuned, data: TaskData, setting: Setting) -> Outcome:
    """Scores before, after and of the majority class, on every split.

    The training split is scored on up to 2,000 rows at even distances, to show over-fitting.
    """
    scores: list[Score] = []
    classes: list[ClassScore] = []
    logits: dict[str, NDArray[np.float32]] = {}
    majority = _majority(data.splits["train"])
    for split, examples in data.splits.items():
        setting.watcher.phase(f"scoring {split}")
        rows = finetuned.inputs[split]
        note = None
        if split == "train" and len(examples) > TRAIN_ROWS:
            some = spread(len(examples), TRAIN_ROWS)
            note = f"on {len(some)} of {len(examples)} rows"
            rows, examples = Subset(rows, some), examples.take(some)
        found = predict_logits(
            finetuned.learner,
            rows,
            device=setting.device,
            precision=setting.recipe.precision,
            batch_size=setting.recipe.batch_size,
        )
        predicted = found.argmax(1)
        scores += _scores(split, examples, predicted, majority, data, setting, note)
        if split != "train":
            logits[split] = found
        if split.startswith("test"):
            classes += class_scores(split, _targets(examples), predicted, data.labels)
    return Outcome(scores=tuple(scores), classes=tuple(classes), logits=logits)


def _scores(
    split: str,
    examples: Examples,
    predicted: NDArray[np.int64],
    majority: int,
    data: TaskData,
    setting: Setting,
    note: str | None,
) -> list[Score]:
    targets = _targets(examples)
    before = Score(
        stage="before",
        split=split,
        metric=setting.metrics[0],
        value=None,
        count=len(targets),
        note=NOT_APPLICABLE,
    )
    found = [before]
    stages: dict[Stage, NDArray[np.int64]] = {
        "majority": np.full_like(targets, majority),
        "after": predicted,
    }
    for stage, answers in stages.items():
        found += score_split(
            stage,
            split,
            targets,
            answers,
            classes=len(data.labels),
            metrics=setting.metrics,
            groups=examples.groups,
            note=note,
        )
    return found


def write_predictions(outcome: Outcome, data: TaskData, folder: Path) -> Artefact:
    """predictions.parquet: split, id, target and predicted (class indices), logits (float32)."""
    import pyarrow
    import pyarrow.parquet

    tables = []
    for split, logits in outcome.logits.items():
        examples = data.splits[split]
        tables.append(
            pyarrow.table(
                {
                    "split": pyarrow.array([split] * len(examples)).dictionary_encode(),
                    "id": list(examples.ids),
                    "target": _targets(examples),
                    "predicted": logits.argmax(1),
                    "logits": pyarrow.array(list(logits), type=pyarrow.list_(pyarrow.float32())),
                }
            )
        )
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(
        pyarrow.concat_tables(tables).unify_dictionaries(), sink, compression="zstd"
    )
    content = sink.getvalue().to_pybytes()
    write_atomically(folder / "predictions.parquet", content)
    return Artefact(
        path="predictions.parquet", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)
    )


def _majority(train: Examples) -> int:
    """The most frequent class of the training split (the first, if several are)."""
    return int(np.bincount(_targets(train)).argmax())


def _targets(examples: Examples) -> NDArray[np.int64]:
    assert examples.targets is not None, "the splits of a task carry targets"
    return examples.targets
