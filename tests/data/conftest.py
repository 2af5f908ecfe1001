"""Cards and files made on the spot."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmbench.cards import FileData, Target, TaskCard

MakeCard = Callable[..., TaskCard]
WriteCsv = Callable[..., Path]


@pytest.fixture
def make_card() -> MakeCard:
    """A task card over files; `columns` are (text, label) and any field may be given."""

    def make(*, columns: tuple[str, str] = ("text", "label"), **fields: Any) -> TaskCard:
        files = fields.pop("files", None)
        if files is not None:
            paths = {part: str(path) for part, path in files.items()}
            fields["source"] = FileData(via="files", files=paths, format=fields.pop("format", None))
        text, label = columns
        given = {"inputs": {"text": text}, "target": Target(column=label), **fields}
        return TaskCard(
            name="mine",
            version=1,
            kind="classification",
            languages=("zh",),
            metrics=("accuracy",),
            **given,
        )

    return make


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """A CSV file in the test's folder: `write_csv("a.csv", header, rows)`."""

    def write(name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        path = tmp_path / name
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write
