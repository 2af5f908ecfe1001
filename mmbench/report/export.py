"""Scores for other programs: one row a score of a cell, and the metadata of model cards."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mmbench.cards import HubData, HubModel, ModelCard, ModelScopeData, ModelScopeModel, TaskCard
from mmbench.compare.cells import Cell, cells
from mmbench.records import Record

COLUMNS = (
    "model", "start", "region", "task", "task_version", "recipe", "strategy", "seeds", "stage",
    "split", "metric", "unit", "value", "low", "high", "examples", "behaviour", "device", "code",
)  # fmt: skip

HUB_TASKS = {
    ("classification", "text"): "text-classification",
    ("classification", "image"): "image-classification",
    ("classification", "audio"): "audio-classification",
    ("sentence_pair", "text"): "text-classification",
    ("multilabel", "text"): "text-classification",
    ("multilabel", "image"): "image-classification",
    ("tagging", "text"): "token-classification",
    ("transcription", "audio"): "automatic-speech-recognition",
    ("captioning", "image"): "image-to-text",
    ("question_answering", "image"): "visual-question-answering",
    ("retrieval", "image"): "zero-shot-image-classification",
}
"""Kind and first input → the hub's name of the task; others keep the name of the kind."""

Row = Mapping[str, Any]


def rows(records: Sequence[Record]) -> list[Row]:
    """One a score: of a cell, over its seeds, with its interval; unrounded, in its own unit."""
    return [row for cell in cells(records) for row in _of_cell(cell)]


def _of_cell(cell: Cell) -> list[Row]:
    from mmbench.metrics.table import metric

    known = dict.fromkeys(
        (score.stage, score.split, score.metric)
        for record in cell.records
        for score in record.scores
    )
    found: list[Row] = []
    for stage, split, name in known:
        estimate = cell.score(stage, split, name)
        if estimate is None:
            continue  # a seed has no value: there is no mean
        found.append(
            {
                "model": cell.model.name,
                "start": cell.mark,
                "region": cell.model.region,
                "task": cell.task.name,
                "task_version": cell.task.version,
                "recipe": cell.recipe.name,
                "strategy": cell.recipe.strategy,
                "seeds": " ".join(str(seed) for seed in cell.seeds),
                "stage": stage,
                "split": split,
                "metric": name,
                "unit": metric(name).unit,
                "value": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "examples": estimate.count,
                "behaviour": cell.fingerprint.behaviour,
                "device": cell.fingerprint.device_name,
                "code": cell.fingerprint.code,
            }
        )
    return found


def as_csv(found: Sequence[Row]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows({name: _plain(value) for name, value in row.items()} for row in found)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula begins with a quote."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def as_json(found: Sequence[Row]) -> str:
    return json.dumps(list(found), ensure_ascii=False, indent=1) + "\n"


def as_parquet(found: Sequence[Row]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    sink = io.BytesIO()
    columns = {name: [row[name] for row in found] for name in COLUMNS}
    parquet.write_table(pyarrow.table(columns), sink)
    return sink.getvalue()


def model_index(records: Sequence[Record]) -> str:
    """YAML, a document for each fine-tuned model: what the head of its README on the hub may hold.

    Scores after training on the splits that begin with `test`; a trial each, since a model on the
    hub is that of one seed.
    """
    from huggingface_hub import EvalResult, ModelCardData

    found = []
    for record in records:
        if record.status != "ok" or record.trial.recipe.strategy == "zero_shot":
            continue
        trial = record.trial
        results = [
            EvalResult(
                task_type=_hub_task(trial.task),
                task_name=trial.task.kind.replace("_", " "),
                dataset_type=_dataset(trial.task),
                dataset_name=trial.task.name,
                dataset_config=getattr(trial.task.source, "subset", None),
                dataset_split=score.split,
                dataset_revision=getattr(trial.task.source, "revision", None),
                metric_type=score.metric,
                metric_value=score.value,
                metric_name=f"{score.metric} on {score.split}",
            )
            for score in record.scores
            if score.stage == "after" and score.split.startswith("test") and score.value is not None
        ]
        if results:
            name = f"{trial.model.name}.{trial.task.name}.{trial.recipe.name}.s{trial.seed}"
            data = ModelCardData(
                model_name=name,
                base_model=_base(trial.model),
                language=list(trial.task.languages) or None,
                library_name=trial.model.library,
                tags=["mmbench"],
                eval_results=results,
            )
            found.append(data.to_yaml())
    return "".join(f"---\n{text}\n" for text in found)


def _hub_task(task: TaskCard) -> str:
    first = next(iter(task.inputs))
    return HUB_TASKS.get((task.kind, first), task.kind.replace("_", "-"))


def _dataset(task: TaskCard) -> str:
    """Hugging Face's name, or the card's of data that lie elsewhere."""
    source = task.source
    if isinstance(source, ModelScopeData):
        return source.copy_of or task.name
    return source.repo if isinstance(source, HubData) else task.name


def _base(model: ModelCard) -> str | None:
    """The repository of the pretrained weights; None where they are of none, or of two."""
    source = model.source
    if isinstance(source, ModelScopeModel):
        return source.copy_of
    return source.repo if isinstance(source, HubModel) else None
