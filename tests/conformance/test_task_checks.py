"""A task card against its data: what is wrong with rows is found by the check it belongs to."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from mmbench.cards import FileData, SplitRule, Target, TaskCard
from mmbench.conformance.findings import CheckReport, Finding
from mmbench.conformance.tasks import check_task

COLOURS = ("red", "green", "blue")


def written(folder: Path, rows: Sequence[Mapping[str, object]], name: str = "rows") -> str:
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return str(path)


def plain(count: int = 120) -> list[dict[str, object]]:
    return [{"note": f"a thing number {i}", "colour": COLOURS[i % 3]} for i in range(count)]


def card(parts: Mapping[str, str], **changes: object) -> TaskCard:
    whole = TaskCard(
        name="mine",
        version=1,
        kind="classification",
        languages=("en",),
        inputs={"text": "note"},
        target=Target(column="colour"),
        source=FileData(via="files", files=dict(parts)),
        metrics=("accuracy",),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def of(report: CheckReport, what: str) -> Finding:
    return next(found for found in report.findings if found.what == what)


def test_good_rows_pass_every_check_and_are_summed_up(tmp_path: Path) -> None:
    report = check_task(card({"all": written(tmp_path, plain())}))
    assert report.passed
    assert {found.verdict for found in report.findings} <= {"pass", "not applicable"}
    said = "\n".join(report.summary)
    assert "languages: en (0% of the letters are Chinese characters)" in said
    assert "labels in training: " in said
    sizes = of(report, "splits").said
    assert sum(int(word.strip(",")) for word in sizes.split() if word.strip(",").isdigit()) == 120


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    report = check_task(card({"all": written(tmp_path, plain())}, inputs={"text": "nots"}))
    found = of(report, "columns")
    assert found.verdict == "fail"
    assert "nots" in found.said
    assert "note" in found.said
    assert [f.what for f in report.findings] == ["source", "columns"]  # the rest means nothing


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    report = check_task(card({"all": str(tmp_path / "none.csv")}))
    assert [(f.what, f.verdict) for f in report.findings] == [("source", "fail")]


def test_labels_that_were_kept_secret(tmp_path: Path) -> None:
    secret = [{**row, "note": f"{row['note']} s", "colour": -1} for row in plain(30)]
    parts = {"train": written(tmp_path, plain()), "test": written(tmp_path, secret, "secret")}
    found = of(check_task(card(parts)), "hidden labels")
    assert (found.verdict, "no row has a label but −1" in found.said) == ("fail", True)
    assert "part 'test' (30 rows)" in found.said


def test_some_labels_of_minus_one(tmp_path: Path) -> None:
    rows = plain()
    rows[5]["colour"] = "-1"
    found = of(check_task(card({"all": written(tmp_path, rows)})), "hidden labels")
    assert found.verdict == "note"
    assert "1 of 120 rows" in found.said


def test_blank_cells_are_named_all_at_once(tmp_path: Path) -> None:
    rows = plain()
    rows[3]["note"] = ""
    rows[7]["colour"] = ""
    found = of(check_task(card({"all": written(tmp_path, rows)})), "empty cells")
    assert found.verdict == "fail"
    assert "column 'note' of part 'all'" in found.said
    assert "column 'colour' of part 'all'" in found.said


def test_a_column_that_is_always_the_same(tmp_path: Path) -> None:
    rows = [{**row, "note": "nothing"} for row in plain()]
    found = of(check_task(card({"all": written(tmp_path, rows)})), "constant columns")
    assert (found.verdict, found.said) == ("fail", "note is 'nothing' in all 120 rows")


@pytest.mark.parametrize(("copied", "verdict"), [(1, "note"), (10, "fail")])
def test_rows_of_training_in_the_test_split(tmp_path: Path, copied: int, verdict: str) -> None:
    train = plain(400)
    test = [{**row, "note": f"{row['note']} t"} for row in plain(200)]
    test[:copied] = train[:copied]
    parts = {"train": written(tmp_path, train), "test": written(tmp_path, test, "test")}
    splits = {"train": SplitRule(part="train"), "test": SplitRule(part="test")}
    found = of(check_task(card(parts, splits=splits)), "leaks")
    assert found.verdict == verdict
    assert f"{copied} rows" in found.said
    assert "of test stand in train too" in found.said or "validation" in found.said


def test_duplicates_that_contradict_each_other(tmp_path: Path) -> None:
    rows = [{**row, "note": f"thing {i // 2}"} for i, row in enumerate(plain(300))]
    parts = {"train": written(tmp_path, rows), "test": written(tmp_path, plain(30), "test")}
    splits = {"train": SplitRule(part="train"), "test": SplitRule(part="test")}
    found = of(check_task(card(parts, splits=splits)), "duplicates")
    assert found.verdict == "fail"
    assert "with another target" in found.said


def test_classes_out_of_balance(tmp_path: Path) -> None:
    rows = [{**row, "colour": "red" if i > 5 else "blue"} for i, row in enumerate(plain(400))]
    found = of(check_task(card({"all": written(tmp_path, rows)})), "label balance")
    assert found.verdict == "note"
    assert "red is 9" in found.said
    assert "accuracy says little" in found.said
    assert "fewer than 5 rows of" in found.said


def test_texts_that_most_models_cut(tmp_path: Path) -> None:
    rows = plain()
    rows[0]["note"] = "long " * 500
    found = of(check_task(card({"all": written(tmp_path, rows)})), "lengths")
    assert found.verdict == "note"
    assert "longest 2,50" in found.said
    assert "1 texts are longer than 2,000" in found.said


def test_images_that_cannot_be_read(tmp_path: Path) -> None:
    rows = []
    for i in range(60):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (4, 4), (4 * i, 0, 0)).save(path)
        rows.append({"file": path.name, "colour": COLOURS[i % 3]})
    whole = card({"all": written(tmp_path, rows)}, inputs={"image": "file"}, languages=())
    assert of(check_task(whole), "media").verdict == "pass"
    for i in range(60):
        (tmp_path / f"{i}.png").write_bytes(b"no picture " + bytes([i]))
    found = of(check_task(whole), "media")
    assert found.verdict == "fail"
    assert "60 of 60 that were looked at cannot be read" in found.said
