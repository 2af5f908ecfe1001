"""The section on mistakes: matrix or list, and the inputs where they can be read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import FileData
from mmbench.data.identity import data_digest
from mmbench.records import Record
from mmbench.report import mistakes as section
from mmbench.report.document import Block, Details, Paragraph, Table
from mmbench.report.findings import findings
from mmbench.report.i18n import Messages
from mmbench.report.mistakes import LONGEST_TEXT, worst
from mmbench.store import Stored
from tests.compare.answers import written
from tests.compare.conftest import make_record

ROWS = 6
TEXTS = ["short", "x" * 200, "two\nlines", "<script>", "e", "f"]


@pytest.fixture(name="stored")
def fixture_stored(tmp_path: Path) -> Stored:
    """Of six rows in a file the second and the third are answered wrong, the third more surely."""
    file = tmp_path / "rows.csv"
    lines = [f'"{text}",{"ab"[row % 2]}' for row, text in enumerate(TEXTS)]
    file.write_text("\n".join(["text,label", *lines]) + "\n")
    made = make_record()
    other = tmp_path / "train.csv"
    other.write_text("text,label\n" + "".join(f"row {n},{'ab'[n % 2]}\n" for n in range(60)))
    source = FileData(via="files", files={"train": str(other), "test": str(file)})
    trial = replace(made.trial, task=replace(made.trial.task, source=source))
    digests = {"model": "m1", "task": data_digest(source)}
    trial = replace(trial, digests=digests)
    answers = [0, 0, 1, 1, 0, 1]
    columns: dict[str, Sequence[Any]] = {
        "id": [f"test/{row}" for row in range(ROWS)],
        "target": [row % 2 for row in range(ROWS)],
        "predicted": answers,
        "logits": [
            [2.0 - 3 * a, 0.0] if row == 2 else [0.5 - a, 0.0] for row, a in enumerate(answers)
        ],
    }
    record = replace(made, trial=trial, key=trial.key, labels=("a", "b"))
    return written(record, tmp_path / "run", columns)


def parts(stored: Stored) -> tuple[Block, ...]:
    _, _, details = worst(findings([stored]), Messages("en"))
    assert isinstance(details, Details)
    return details.blocks


def test_a_few_labels_are_a_matrix_and_the_surest_come_with_their_inputs(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {f"test/{row}": text for row, text in enumerate(TEXTS)}
    monkeypatch.setattr(
        section, "_texts", lambda *_: {k: section._short(v) for k, v in ids.items()}
    )
    told, matrix, surest = parts(stored)
    assert isinstance(told, Paragraph)
    assert told.text.endswith("seed 0: 2 of 6 examples of test are wrong.")
    assert isinstance(matrix, Table)
    assert matrix.rows == (("a", "2", "1"), ("b", "1", "2"))
    assert isinstance(surest, Table)
    assert [row[:4] for row in surest.rows] == [
        ("test/2", "two lines", "a", "b"),
        ("test/1", f"{'x' * LONGEST_TEXT}…", "b", "a"),
    ]
    assert surest.rows[0][4] == "73.1%"


def test_inputs_come_from_the_data_as_they_were_and_from_no_others(stored: Stored) -> None:
    (task,) = findings([stored]).tasks
    found = section._texts(task, task.cells[0])
    assert sorted(found.values()) == sorted(section._short(text) for text in TEXTS)
    source = stored.record.trial.task.source
    assert isinstance(source, FileData)
    path = Path(source.files["test"])
    path.write_text(path.read_text().replace("short", "edited"))
    assert section._texts(task, task.cells[0]) == {}
    path.unlink()
    assert section._texts(task, task.cells[0]) == {}


def test_without_inputs_the_ids_stand_alone(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "_texts", lambda *_: {})
    _, _, surest = parts(stored)
    assert isinstance(surest, Table)
    assert [row[0] for row in surest.rows] == ["test/2", "test/1"]
    assert len(surest.columns) == 4


def test_many_labels_are_a_list_of_confusions(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "MATRIX_UP_TO", 1)
    _, confusions, _ = parts(stored)
    assert isinstance(confusions, Table)
    assert sorted(confusions.rows) == [("a", "b", "1", "33.3%"), ("b", "a", "1", "33.3%")]


def test_no_mistakes_no_answers_no_section(stored: Stored) -> None:
    record: Record = make_record()
    assert worst(findings([Stored(stored.folder / "gone", record)]), Messages("zh")) == []
