"""The examples that are answered worst, against errors by hand, jiwer and sacrebleu."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import pytest
from sacrebleu import sentence_chrf

from mmbench.cards import TaskCard
from mmbench.compare.worst import BY, Worst, worst
from mmbench.errors import StoreError
from mmbench.kinds import kind
from mmbench.records import Record
from mmbench.store import Stored
from tests.compare.answers import ranks, written
from tests.compare.conftest import make_record

Columns = dict[str, Sequence[Any]]
IDS = ["r0", "r1", "r2", "r3"]


def of_kind(name: str, *, labels: tuple[str, ...] = ()) -> Record:
    made = make_record()
    task: TaskCard = replace(made.trial.task, kind=name, metrics=kind(name).metrics[:1])
    trial = replace(made.trial, task=task)
    return replace(made, trial=trial, key=trial.key, labels=labels)


def found_in(record: Record, folder: Path, columns: Mapping[str, Sequence[Any]]) -> Worst:
    found = worst(written(record, folder / "run", columns), "test", most=3)
    assert found is not None
    return found


def test_the_largest_errors_come_first_and_none_is_no_mistake(tmp_path: Path) -> None:
    targets, predicted = [1.0, 2.0, 3.0, 4.0], [1.0, 2.5, 1.0, 4.1]
    columns: Columns = {"id": IDS, "target": targets, "predicted": predicted}
    found = found_in(of_kind("regression"), tmp_path, columns)
    assert (found.metric, found.count) == ("mae", 4)
    assert [each.id for each in found.examples] == ["r2", "r1", "r3"]
    assert [each.value for each in found.examples] == pytest.approx([2.0, 0.5, 0.1])
    assert (found.examples[0].target, found.examples[0].answer) == ("3", "1")


def test_transcripts_come_by_their_own_error_rate(tmp_path: Path) -> None:
    known, said = ["abcd", "efgh", "ijkl", "mn"], ["abcd", "efxx", "zzzzzz", "m"]
    columns: Columns = {"id": IDS, "target": known, "predicted": said}
    found = found_in(of_kind("transcription"), tmp_path, columns)
    rates = {name: jiwer.cer(a, b) for name, a, b in zip(IDS, known, said, strict=True)}
    assert found.examples[0].id == max(rates, key=lambda name: rates[name])
    assert {each.id: each.value for each in found.examples} == pytest.approx(
        {name: rate for name, rate in rates.items() if rate}
    )


def test_captions_come_by_chrf_with_the_lowest_first(tmp_path: Path) -> None:
    known = [["a red cat"], ["a blue dog", "one blue dog"], ["birds"], ["a fish"]]
    said = ["a red cat", "one blue cat", "zzz", "a fist"]
    columns: Columns = {"id": IDS, "target": known, "predicted": said}
    found = found_in(of_kind("captioning"), tmp_path, columns)
    expected = {
        name: sentence_chrf(b, a).score / 100 for name, a, b in zip(IDS, known, said, strict=True)
    }
    assert [each.id for each in found.examples] == sorted(IDS, key=lambda n: expected[n])[:3]
    assert [each.value for each in found.examples] == pytest.approx(
        sorted(expected.values())[:3], abs=1e-6
    )


def test_sentences_come_by_the_share_of_right_tags(tmp_path: Path) -> None:
    columns: Columns = {
        "id": IDS,
        "target": [[0, 1], [0, 0], [1, 2], [0, 1]],
        "predicted": [[0, 1], [0, 1], [0, 0], [0, 1]],
    }
    found = found_in(of_kind("tagging", labels=("O", "B-A", "I-A")), tmp_path, columns)
    assert [(each.id, each.value) for each in found.examples] == [("r2", 0.0), ("r1", 0.5)]
    assert (found.examples[0].target, found.examples[0].answer) == ("B-A I-A", "O O")


def test_queries_come_by_the_rank_of_the_right_answer(tmp_path: Path) -> None:
    found = found_in(of_kind("retrieval"), tmp_path, ranks([1, 7, 2], [9, 1, 1]))
    assert (found.metric, found.count) == (None, 6)
    told = [(each.query, each.id, each.value) for each in found.examples]
    assert told == [("text", "q0", 9.0), ("image", "q1", 7.0), ("image", "q2", 2.0)]


def test_all_right_is_no_example(tmp_path: Path) -> None:
    columns: Columns = {"id": IDS, "target": ["a"] * 4, "predicted": ["a"] * 4}
    assert found_in(of_kind("question_answering"), tmp_path, columns).examples == ()


def test_what_has_no_such_answers_has_none(tmp_path: Path) -> None:
    assert "classification" not in BY
    columns: Columns = {"id": IDS, "target": [0, 1, 0, 1], "predicted": [1, 1, 0, 0]}
    stored = written(of_kind("classification", labels=("a", "b")), tmp_path / "run", columns)
    assert worst(stored, "test", most=3) is None
    gone = Stored(tmp_path / "gone", of_kind("regression"))
    assert worst(gone, "test", most=3) is None


def test_a_file_that_changed_is_told(tmp_path: Path) -> None:
    columns: Columns = {"id": IDS, "target": [1.0] * 4, "predicted": [2.0] * 4}
    stored = written(of_kind("regression"), tmp_path / "run", columns)
    path = stored.folder / "predictions.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(StoreError, match="changed since its record was written"):
        worst(stored, "test", most=3)
