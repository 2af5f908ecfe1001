"""Records with a predictions file, as a trial writes them, for tests of quality."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from mmbench.records import Artefact, Record
from mmbench.store import Store, Stored


def written(record: Record, folder: Path, columns: Mapping[str, Sequence[Any]]) -> Stored:
    """The record with these predictions beside it; they are all of the split test."""
    folder.mkdir(parents=True)
    rows = len(next(iter(columns.values())))
    split = pyarrow.array(["test"] * rows).dictionary_encode()
    table = pyarrow.table({"split": split, **columns})
    path = folder / "predictions.parquet"
    pyarrow.parquet.write_table(table, path)
    content = path.read_bytes()
    artefact = Artefact(
        path=path.name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)
    )
    with_file = replace(record, artefacts={"predictions": artefact})
    return Store(folder.parent).put(with_file, folder)


def classes(
    right: Sequence[bool], *, groups: Sequence[str] | None = None
) -> dict[str, Sequence[Any]]:
    """Two classes in turn, answered right or wrong."""
    targets = [index % 2 for index in range(len(right))]
    told: dict[str, Sequence[Any]] = {
        "id": [f"r{index}" for index in range(len(right))],
        "target": targets,
        "predicted": [t if ok else 1 - t for t, ok in zip(targets, right, strict=True)],
        "logits": [[0.0, 1.0]] * len(right),
    }
    return told if groups is None else {**told, "group": groups}


def ranks(images: Sequence[int], texts: Sequence[int]) -> dict[str, Sequence[Any]]:
    return {
        "query": ["image"] * len(images) + ["text"] * len(texts),
        "id": [f"q{index}" for index in (*range(len(images)), *range(len(texts)))],
        "rank": [*images, *texts],
    }
