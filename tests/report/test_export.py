"""Exports: the scores of the records in every form, and metadata that the hub's library reads."""

import csv
import io
import json

import pandas as pd
import pytest
import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results

from mmbench.compare.cells import cells
from mmbench.records import Record
from mmbench.report.export import COLUMNS, as_csv, as_json, as_parquet, model_index, rows


def test_there_is_a_row_for_every_score_of_every_cell(records: list[Record]) -> None:
    found = rows(records)
    wanted = {
        (cell.model.name, cell.task.name, cell.recipe.name, s.stage, s.split, s.metric): cell.score(
            s.stage, s.split, s.metric
        )
        for cell in cells(records)
        for record in cell.records
        for s in record.scores
    }
    known = {key: estimate for key, estimate in wanted.items() if estimate is not None}
    names = ("model", "task", "recipe", "stage", "split", "metric")
    assert {tuple(row[name] for name in names) for row in found} == set(known)
    for row in found:
        estimate = known[row["model"], row["task"], row["recipe"], row["stage"], row["split"],
                         row["metric"]]  # fmt: skip
        assert (row["value"], row["low"], row["high"]) == (
            estimate.value,
            estimate.low,
            estimate.high,
        )
    assert {row["seeds"] for row in found} >= {"0", "0 1 2"}


def test_all_forms_hold_the_same(records: list[Record]) -> None:
    found = rows(records)
    from_csv = list(csv.DictReader(io.StringIO(as_csv(found))))
    from_json = json.loads(as_json(found))
    from_parquet = pd.read_parquet(io.BytesIO(as_parquet(found)))
    assert list(from_parquet.columns) == list(from_csv[0]) == list(COLUMNS)
    assert len(from_csv) == len(from_json) == len(from_parquet) == len(found)
    for row, text, parsed in zip(found, from_csv, from_json, strict=True):
        assert parsed == dict(row)
        assert float(text["value"]) == row["value"]
    assert from_parquet["value"].tolist() == [row["value"] for row in found]


def test_a_name_that_looks_like_a_formula_is_quoted() -> None:
    row = dict.fromkeys(COLUMNS, None) | {"model": "=1+1", "task": 'a,b"c', "value": -0.5}
    (read,) = csv.DictReader(io.StringIO(as_csv([row])))
    assert (read["model"], read["task"], read["value"]) == ("'=1+1", 'a,b"c', "-0.5")


def test_model_cards_are_read_back_by_the_hubs_library(records: list[Record]) -> None:
    documents = [found for found in yaml.safe_load_all(model_index(records)) if found]
    trained = [r for r in records if r.status == "ok" and r.trial.recipe.strategy != "zero_shot"]
    assert len(documents) == len(trained)
    for document, record in zip(documents, trained, strict=True):
        name, results = model_index_to_eval_results(document["model-index"])
        assert name.endswith(f".s{record.trial.seed}")
        assert record.trial.model.name in name
        wanted = {
            (s.metric, s.split): s.value
            for s in record.scores
            if s.stage == "after" and s.split.startswith("test") and s.value is not None
        }
        found = {(r.metric_type, r.dataset_split): r.metric_value for r in results}
        assert found == pytest.approx(wanted)
