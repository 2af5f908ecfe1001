"""Pairs of images and texts: each distinct one is prepared once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmbench.data.examples import Examples
from mmbench.data.joint import JointRows, Repeated, images_once, inputs_of, pair_up
from mmbench.data.prepared import Inputs, PreparedFacts


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows that know what they were made of."""

    values: Sequence[Any]
    facts: PreparedFacts = field(default_factory=PreparedFacts)
    padded_to: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def digest(self) -> str:
        return repr(list(self.values))

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.array([len(str(value)) for value in self.values], dtype=np.int64)

    def collate(self, indices: Sequence[int]) -> Inputs:
        return {"row": torch.tensor([list(range(len(self)))[i] for i in indices])}


def paired(images: Sequence[Any], texts: Sequence[str]) -> JointRows:
    ids = tuple(f"r{i}" for i in range(len(texts)))
    examples = Examples(ids=ids, inputs={"image": images, "text": texts})
    return pair_up(
        examples,
        image=lambda side: Listed(side.inputs["image"]),
        text=lambda side: Listed(side.inputs["text"], PreparedFacts(tokens=7), padded_to=9),
    )


def test_each_distinct_image_and_text_is_prepared_once_in_the_order_of_the_rows() -> None:
    rows = paired([b"x", b"y", b"x", b"y"], ["one", "two", "three", "one"])
    assert isinstance(rows.image, Listed)
    assert isinstance(rows.text, Listed)
    assert rows.image.values == [b"x", b"y"]
    assert rows.text.values == ["one", "two", "three"]
    assert rows.image_index.tolist() == [0, 1, 0, 1]
    assert rows.text_index.tolist() == [0, 1, 2, 0]
    assert len(rows) == 4
    assert rows.lengths.tolist() == [3, 3, 5, 3]
    assert (rows.facts.tokens, rows.padded_to) == (7, 9)
    assert rows.side("image") is rows.image
    assert rows.side("text") is rows.text


def test_a_batch_holds_both_sides_under_names_of_their_own() -> None:
    rows = paired([b"x", b"y", b"x"], ["one", "two", "three"])
    batch = rows.collate([2, 1])
    assert set(batch) == {"image.row", "text.row"}
    assert inputs_of("image", batch)["row"].tolist() == [0, 1]
    assert inputs_of("text", batch)["row"].tolist() == [2, 1]


def test_one_image_in_two_files_is_one_image(tmp_path: Path) -> None:
    """As it is where the images lie in a table: the number of candidates does not depend on it."""
    for name, content in (("a", b"x"), ("b", b"y"), ("c", b"x")):
        (tmp_path / name).write_bytes(content)
    rows = paired([tmp_path / name for name in "abca"], ["1", "2", "3", "4"])
    assert rows.image_index.tolist() == [0, 1, 0, 0]
    assert paired([b"x", b"y", b"x", b"x"], list("1234")).image_index.tolist() == [0, 1, 0, 0]


def test_files_that_cannot_be_read_are_left_to_who_decodes_them(tmp_path: Path) -> None:
    rows = paired([tmp_path / "absent", tmp_path / "gone", tmp_path / "absent"], ["1", "2", "3"])
    assert isinstance(rows.image, Listed)
    assert rows.image.values == [tmp_path / "absent", tmp_path / "gone"]


def test_the_digest_follows_both_sides_and_how_they_are_paired() -> None:
    images, texts = [b"x", b"y", b"x"], ["one", "two", "two"]
    digests = {
        paired(images, texts).digest,
        paired(images, ["one", "two", "one"]).digest,
        paired([b"x", b"y", b"y"], texts).digest,
        paired([b"x", b"z", b"x"], texts).digest,
    }
    assert len(digests) == 4
    assert paired(images, texts).digest in digests


def test_an_image_that_returns_is_prepared_once_and_stands_in_every_row() -> None:
    examples = Examples(ids=("a", "b", "c"), inputs={"image": [b"x", b"y", b"x"]})
    rows = images_once(examples, lambda images: Listed(images.inputs["image"]))
    assert isinstance(rows, Repeated)
    assert isinstance(rows.distinct, Listed)
    assert rows.distinct.values == [b"x", b"y"]
    assert len(rows) == 3
    assert rows.collate([2, 1])["row"].tolist() == [0, 1]
    assert rows.lengths.tolist() == [len(str(b"x"))] * 3
    assert rows.digest != Repeated(rows.distinct, np.array([0, 1, 1])).digest


def test_distinct_images_are_prepared_as_they_are() -> None:
    examples = Examples(ids=("a", "b"), inputs={"image": [b"x", b"y"]})
    rows = images_once(examples, lambda images: Listed(images.inputs["image"]))
    assert isinstance(rows, Listed)
    assert rows.values == [b"x", b"y"]
