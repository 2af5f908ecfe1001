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
from mmbench.report.document import Block, Details, Gallery, Lang, Paragraph, Table
from mmbench.report.findings import findings
from mmbench.report.i18n import Messages
from mmbench.report.mistakes import mistakes
from mmbench.report.shown import LONGEST_TEXT, Shown, short
from mmbench.store import Stored
from tests.compare.answers import ranks, written
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


def parts(stored: Stored, *, inputs: bool = True) -> tuple[Block, ...]:
    _, _, details = mistakes(findings([stored]), Messages("en"), inputs=inputs)
    assert isinstance(details, Details)
    return details.blocks


def with_texts(monkeypatch: pytest.MonkeyPatch, read: Shown) -> None:
    monkeypatch.setattr(section, "seen", lambda *_, **__: read)


def test_a_few_labels_are_a_matrix_and_the_surest_come_with_their_inputs(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"test/{row}": short(text) for row, text in enumerate(TEXTS)}
    with_texts(monkeypatch, Shown(texts=texts))
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


def test_pictures_stand_below_with_what_they_were_taken_for(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_texts(monkeypatch, Shown(pictures={"test/1": b"one", "test/5": b"never shown"}))
    *_, gallery = parts(stored)
    assert isinstance(gallery, Gallery)
    assert [(p.name, p.told, p.webp) for p in gallery.pictures] == [("test/1", "b → a", b"one")]


def test_without_inputs_the_ids_stand_alone_and_the_reader_is_told_why(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_texts(monkeypatch, Shown(why="gone"))
    _, _, surest, why = parts(stored)
    assert isinstance(surest, Table)
    assert [row[0] for row in surest.rows] == ["test/2", "test/1"]
    assert len(surest.columns) == 4
    assert isinstance(why, Paragraph)
    assert "not here as they were" in why.text


def test_inputs_that_nobody_is_to_see_are_not_read(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmbench.report.shown.shown", None)
    *_, why = parts(stored, inputs=False)
    assert isinstance(why, Paragraph)
    assert "left out" in why.text


def test_many_labels_are_a_list_of_confusions(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "MATRIX_UP_TO", 1)
    _, confusions, *_ = parts(stored)
    assert isinstance(confusions, Table)
    assert sorted(confusions.rows) == [("a", "b", "1", "33.3%"), ("b", "a", "1", "33.3%")]


def test_no_mistakes_no_answers_no_section(stored: Stored) -> None:
    record: Record = make_record()
    gone = findings([Stored(stored.folder / "gone", record)])
    assert mistakes(gone, Messages("zh"), inputs=True) == []


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", ("rank of the right answer", "by the image: rank 7", "by its text: rank 9")),
        ("zh", ("正确答案的排名", "以图搜文：第 7 位", "以文搜图：第 9 位")),
    ],
)
def test_queries_show_their_pair_and_the_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: Lang, told: tuple[str, ...]
) -> None:
    record = make_record(metric="mean_recall")
    stored = written(record, tmp_path / "run", ranks([1, 7], [9, 1]))
    read = Shown(texts={"q0": "a dog", "q1": "a cat"}, pictures={"q0": b"d", "q1": b"c"})
    monkeypatch.setattr("mmbench.report.worst.seen", lambda *_, **__: read)
    _, _, details = mistakes(findings([stored]), Messages(lang), inputs=True)
    assert isinstance(details, Details)
    _, table, gallery = details.blocks
    assert isinstance(table, Table)
    assert isinstance(gallery, Gallery)
    assert table.columns[-1].header == told[0]
    assert [(row[0], row[1], row[-1]) for row in table.rows] == [
        ("q0", "a dog", "9"), ("q1", "a cat", "7"),
    ]  # fmt: skip
    assert [picture.told for picture in gallery.pictures] == [told[2], told[1]]


def test_numbers_show_how_far_off_the_answer_was(tmp_path: Path) -> None:
    made = make_record()
    task = replace(made.trial.task, kind="regression", metrics=("mae",))
    trial = replace(made.trial, task=task)
    scores = tuple(replace(score, metric="mae") for score in made.scores)
    record = replace(made, trial=trial, key=trial.key, scores=scores)
    columns: dict[str, Sequence[Any]] = {
        "id": ["r0", "r1"],
        "target": [1.0, 2.0],
        "predicted": [1.5, 2.0],
    }
    _, _, details = mistakes(
        findings([written(record, tmp_path / "run", columns)]), Messages("en"), inputs=False
    )
    assert isinstance(details, Details)
    told, table, _ = details.blocks
    assert isinstance(told, Paragraph)
    assert told.text.endswith("the worst of 2 examples of test.")
    assert isinstance(table, Table)
    assert table.rows == (("r0", "1", "1.5", "0.500"),)
