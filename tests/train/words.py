"""Tasks that are answered in words: sixteen flags, their names, and questions about them."""

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from mmbench.cards import FileData, Target, TaskCard
from tests.train.pictures import COLOURS, SPLITS, flag

ASKED = {"What is on top?": 0, "Which colour is below?": 1}


def write_words(folder: Path) -> Path:
    """Two drawings of each flag, one to train on; test holds the other. The name has capitals."""
    rows: list[dict[str, Any]] = []
    for number, (top, bottom) in enumerate((t, b) for t in COLOURS for b in COLOURS):
        question = list(ASKED)[number % 2]
        for copy in range(2):
            rows.append(
                {
                    "image": flag(top, bottom, 2 * number + copy),
                    "name": f"{top.title()} on {bottom}",
                    "question": question,
                    "answer": (top, bottom)[ASKED[question]],
                    "concept": f"{top}-{bottom}",
                    "fold": "train" if copy == 0 else "validation" if number % 4 == 0 else "test",
                }
            )
    path = folder / "words.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def caption_task(data: Path | str = "words.parquet") -> TaskCard:
    return TaskCard(
        name="flag-names",
        version=1,
        kind="captioning",
        languages=("en",),
        inputs={"image": "image"},
        target=Target(column="name"),
        source=FileData(via="files", files={"all": str(data)}),
        splits={name: rule for name, rule in SPLITS.items() if name != "test_shift"},
        metrics=("chrf", "exact_match", "bleu", "cider"),
    )


def question_task(data: Path | str = "words.parquet") -> TaskCard:
    return TaskCard(
        name="flag-questions",
        version=1,
        kind="question_answering",
        languages=("en",),
        inputs={"image": "image", "text": "question"},
        target=Target(column="answer"),
        source=FileData(via="files", files={"all": str(data)}),
        splits={name: rule for name, rule in SPLITS.items() if name != "test_shift"},
        metrics=("answer_accuracy",),
        prompts={"en": ("{}",)},
    )
