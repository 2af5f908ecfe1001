"""A task's data in a few lines that a person wants to read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmbench.conformance.task_checks import counted
from mmbench.conformance.task_rows import TaskRows
from mmbench.data.script import share_of_chinese
from mmbench.kinds import kind

LABELS = 12
EXAMPLES = 3
READ = 200  # texts of a slot, to see their script
SHOWN = 90  # characters of a cell


def summary_of(task: TaskRows) -> Iterator[str]:
    """Sizes, languages, balance or range, lengths, and a few examples."""
    yield from _sizes(task)
    yield from _targets(task)
    yield from _examples(task)


def _sizes(task: TaskRows) -> Iterator[str]:
    card = task.card
    said = ", ".join(card.languages) or "none named"
    read = task.texts("train").values()
    chinese = share_of_chinese(text for texts in read for text in texts[:READ])
    seen = "" if chinese is None else f" ({chinese:.0%} of the letters are Chinese characters)"
    yield f"languages: {said}{seen}"
    for name, examples in task.data.splits.items():
        groups = "" if examples.groups is None else f", {len(set(examples.groups)):,} groups"
        texts = task.texts(name)
        medians = [
            f"median {slot} {np.median([len(text) for text in column]):.0f} characters"
            for slot, column in texts.items()
        ]
        yield f"{name}: {len(examples):,} rows{groups}{''.join(f', {m}' for m in medians)}"


def _targets(task: TaskRows) -> Iterator[str]:
    form = kind(task.card.kind).target
    if form in ("class", "labels", "tags"):
        counts = counted(task, "train")
        total = sum(counts.values())
        named = [f"{label} {count / total:.1%}" for label, count in counts.most_common(LABELS)]
        more = f", and {len(counts) - LABELS} more" if len(counts) > LABELS else ""
        yield f"labels in training: {', '.join(named)}{more}"
    elif form == "number":
        values = [float(value) for value in task.targets("train")]
        low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
        yield f"target in training: {low:g} to {high:g}, median {middle:g}"
    elif form == "key":
        keys = len(set(task.targets("test"))) if "test" in task.data.splits else 0
        yield f"candidates of the test split: {keys:,} keys"
    elif form == "text":
        lengths = [len(str(value)) for value in task.targets("train")]
        yield f"answers in training: median {np.median(lengths):.0f} characters"


def _examples(task: TaskRows) -> Iterator[str]:
    examples = task.data.splits["train"]
    rows = np.unique(np.linspace(0, len(examples) - 1, EXAMPLES).astype(int)).tolist()
    targets = task.targets("train")
    for row in rows:
        cells = [f"{slot} {_shown(column[row])}" for slot, column in examples.inputs.items()]
        yield f"e.g. {examples.ids[row]}: {'; '.join(cells)} → {_shown(targets[row])}"


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, Path):
        return value.name
    text = " ".join(str(value).split() if isinstance(value, str | int | float) else map(str, value))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
