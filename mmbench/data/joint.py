"""Each distinct image and text is prepared once: rows that repeat one, and pairs of both."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mmbench.cards import Side
from mmbench.data.examples import EncodedMedia, Examples, Words
from mmbench.data.prepared import Inputs, Prepared, PreparedFacts
from mmbench.digests import digest_of

SIDES: tuple[Side, Side] = ("image", "text")


@dataclass(frozen=True, slots=True)
class JointRows:
    """N pairs; a `Prepared`. Row i is the image `image_index[i]` and the text `text_index[i]`.

    image, text: the distinct images [I] and texts [T], prepared. image_index, text_index: [N].
    """

    image: Prepared
    text: Prepared
    image_index: NDArray[np.int64]
    text_index: NDArray[np.int64]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        pairing = [self.image_index.tolist(), self.text_index.tolist()]
        found = digest_of([self.image.digest, self.text.digest, pairing])
        object.__setattr__(self, "digest", found)

    def __len__(self) -> int:
        return len(self.image_index)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[N] tokens of each row's text."""
        return np.asarray(self.text.lengths)[self.text_index]

    @property
    def padded_to(self) -> int | None:
        return self.text.padded_to

    @property
    def facts(self) -> PreparedFacts:
        """Of the distinct texts."""
        return self.text.facts

    def side(self, side: Side) -> Prepared:
        return self.image if side == "image" else self.text

    def collate(self, indices: Sequence[int]) -> Inputs:
        """Both sides' inputs, their names led by `image.` and `text.`; see `inputs_of`."""
        rows = np.asarray(indices, dtype=np.int64)
        image = self.image.collate(self.image_index[rows].tolist())
        text = self.text.collate(self.text_index[rows].tolist())
        return {f"image.{name}": value for name, value in image.items()} | {
            f"text.{name}": value for name, value in text.items()
        }


@dataclass(frozen=True, slots=True)
class Repeated:
    """N rows, some of which are the same; a `Prepared`. Row i is `distinct` row `index[i]`.

    distinct: U rows, each once, in the order in which they first occur. index: [N].
    """

    distinct: Prepared
    index: NDArray[np.int64]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of([self.distinct.digest, self.index.tolist()]))

    def __len__(self) -> int:
        return len(self.index)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.asarray(self.distinct.lengths)[self.index]

    @property
    def padded_to(self) -> int | None:
        return self.distinct.padded_to

    @property
    def facts(self) -> PreparedFacts:
        """Of the distinct rows."""
        return self.distinct.facts

    def collate(self, indices: Sequence[int]) -> Inputs:
        return self.distinct.collate(self.index[np.asarray(indices, dtype=np.int64)].tolist())


def images_once(examples: Examples, prepare: Callable[[Examples], Prepared]) -> Prepared:
    """The images of `examples`, each distinct one (by content) prepared once.

    So a task of images and one that pairs the same images with texts share pixels and features.
    """
    images, index = distinct(examples, "image")
    if len(images) == len(examples):
        return prepare(examples)
    return Repeated(prepare(images), index)


def inputs_of(side: Side, inputs: Inputs) -> Inputs:
    """One side's inputs of a batch of `JointRows`, under their own names."""
    lead = f"{side}."
    return {name.removeprefix(lead): v for name, v in inputs.items() if name.startswith(lead)}


def pair_up(
    examples: Examples,
    *,
    image: Callable[[Examples], Prepared],
    text: Callable[[Examples], Prepared],
) -> JointRows:
    """Prepare the distinct images (by content) and texts of `examples`, and pair them by row."""
    images, image_index = distinct(examples, "image")
    texts, text_index = distinct(examples, "text")
    return JointRows(image(images), text(texts), image_index, text_index)


def distinct(examples: Examples, side: Side) -> tuple[Examples, NDArray[np.int64]]:
    """The first row of each distinct value, with that input alone, and each row's place in it."""
    place: dict[str | Words | bytes, int] = {}
    first: list[int] = []
    index = np.empty(len(examples), dtype=np.int64)
    content = cache(_content)  # the five rows of one image read its file once
    for row, given in enumerate(examples.inputs[side]):
        value = content(given)
        if value not in place:
            place[value] = len(first)
            first.append(row)
        index[row] = place[value]
    kept = examples.take(first)
    return Examples(ids=kept.ids, inputs={side: kept.inputs[side]}), index


def _content(value: str | Words | EncodedMedia) -> str | Words | bytes:
    """What makes it the same as another: a text itself, the digest of an image's content."""
    if isinstance(value, str | tuple):
        return value
    try:
        content = value if isinstance(value, bytes) else value.read_bytes()
    except OSError:
        content = str(value).encode()  # whoever decodes it will name the rows that cannot be read
    return hashlib.sha256(content).digest()
