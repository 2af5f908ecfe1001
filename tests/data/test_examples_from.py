"""A caller's own texts and images become examples to predict on."""

from pathlib import Path
from typing import Any

import pytest

from mmbench.data.tasks import examples_from
from mmbench.errors import DataError


def test_inputs_of_a_caller_become_examples(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    path = tmp_path / "a.png"
    examples = examples_from({"image": [str(path), path, b"raw"], "text": ["a", "b", "c"]})
    assert examples.inputs == {"image": [path, path, b"raw"], "text": ["a", "b", "c"]}
    assert examples.ids == ("0", "1", "2")
    assert examples.targets is None
    assert examples_from({"text": ["a"]}, ids=["mine"]).ids == ("mine",)
    assert len(examples_from({"text": []})) == 0


@pytest.mark.parametrize(
    ("inputs", "ids", "message"),
    [
        ({"text": ["a", " "]}, None, r"text is blank in rows 1 \(from 0\)"),
        ({"text": ["a"], "image": [b"x", b"y"]}, None, "equally many rows of every modality"),
        ({}, None, "equally many rows"),
        ({"text": ["a", "b"]}, ["x", "x"], "2 rows need 2 different ids; there are 1"),
        ({"text": [b"a"]}, None, r"holds b'a' \(bytes\), not text"),
        ({"image": ["/no/such.png"]}, None, "1 files that do not exist"),
        ({"audio": ["/no/such.wav"]}, None, "1 files that do not exist"),
    ],
)
def test_inputs_that_cannot_be_read_are_refused(
    inputs: Any, ids: list[str] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        examples_from(inputs, ids)
