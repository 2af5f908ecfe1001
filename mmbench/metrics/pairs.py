"""Which images and texts of a split belong together, and which queries depend on each other.

Shapes: N rows, I distinct images, T distinct texts, Q queries, E relevant pairs, G groups.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.int64]
Direction = Literal["i2t", "t2i"]
"""Images as queries for texts, or texts as queries for images."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relevant:
    """The candidates that are relevant to each query, as the rows of a sparse matrix (CSR).

    Those of query q are `columns[starts[q] : starts[q + 1]]`. starts: [Q + 1], columns: [E] in
    0..candidates - 1, both int64. ValueError if a query has none, since it has no rank then, or a
    column is no candidate.
    """

    starts: Codes
    columns: Codes
    candidates: int

    def __post_init__(self) -> None:
        counts = self.counts
        if self.starts[0] != 0 or self.starts[-1] != len(self.columns) or counts.size == 0:
            raise ValueError(
                f"starts: expected 0 to {len(self.columns)}, one query or more; got {self.starts}"
            )
        if counts.min() < 1:
            raise ValueError(f"query {counts.argmin()} has no relevant candidate, and so no rank")
        if self.columns.min() < 0 or self.columns.max() >= self.candidates:
            raise ValueError(
                f"columns: {self.columns.min()}..{self.columns.max()} are not within "
                f"0..{self.candidates - 1}"
            )

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> Codes:
        """[Q] how many candidates are relevant to each query."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """The distinct images and texts of a split, each in ascending order of its code.

    images: [I] and texts: [T], the first row of each. i2t: the texts relevant to each image; t2i:
    the images relevant to each text. image_groups: [I] and text_groups: [T], 0..groups - 1, equal
    for queries that depend on each other; every group has queries of both directions.
    """

    images: Codes
    texts: Codes
    i2t: Relevant
    t2i: Relevant
    image_groups: Codes
    text_groups: Codes
    groups: int

    def of(self, direction: Direction) -> Relevant:
        return self.i2t if direction == "i2t" else self.t2i

    def groups_of(self, direction: Direction) -> Codes:
        """[Q] the group of each query."""
        return self.image_groups if direction == "i2t" else self.text_groups


def candidates(
    images: ArrayLike, texts: ArrayLike, keys: ArrayLike, groups: ArrayLike | None = None
) -> Candidates:
    """Find the distinct images and texts of N rows, and which belong together.

    images, texts: [N] integers or strings, equal for equal images and for equal texts. keys: [N],
    likewise: an image and a text belong together if a row of the one and a row of the other have
    the same key. So an image may have several texts and a text several images, and a text that
    stands under two keys belongs to the images of both. The cost grows with the pairs that belong
    together, and a key shared by a images and b texts makes a · b of these.

    groups: [N], equal for rows that depend on each other. Rows of one image, one text or one key
    do so in any case, since they share a query or what is relevant to it: they are one group
    together, and so is what is linked through others. Without `groups` that is all.

    ValueError if there is no row, not one value a row, or a value is missing or a float.
    """
    image, image_rows = _codes("images", images)
    text, text_rows = _codes("texts", texts)
    key, _ = _codes("keys", keys)
    columns = {"texts": text, "keys": key}
    if groups is not None:
        columns["groups"], _ = _codes("groups", groups)
    for name, column in columns.items():
        if len(column) != len(image):
            raise ValueError(f"{len(image)} images but {len(column)} {name}; one a row is needed")
    pairs = _pairs(image, text, key)
    group, found = np.unique(_linked([image, *columns.values()]), return_inverse=True)
    return Candidates(
        images=image_rows,
        texts=text_rows,
        i2t=_relevant(pairs[0], pairs[1], len(image_rows), len(text_rows)),
        t2i=_relevant(pairs[1], pairs[0], len(text_rows), len(image_rows)),
        image_groups=found[image_rows],
        text_groups=found[text_rows],
        groups=len(group),
    )


def _codes(name: str, values: ArrayLike) -> tuple[Codes, Codes]:
    """Each row's place among the distinct values [N], and the first row of each of these."""
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name}: expected one value a row, [N], of one row or more")
    if array.dtype.kind == "O" and all(isinstance(value, str) for value in array):
        array = array.astype(np.str_)  # a column of pandas
    if array.dtype.kind not in "iuU":
        raise ValueError(f"{name}: expected integers or strings, none missing; got {array.dtype}")
    _, first, codes = np.unique(array, return_index=True, return_inverse=True)
    return codes.astype(np.int64, copy=False), first.astype(np.int64, copy=False)


def _pairs(image: Codes, text: Codes, key: Codes) -> tuple[Codes, Codes]:
    """The distinct pairs of an image and a text that share a key: [E] and [E]."""
    keyed_images = np.unique(np.stack([key, image]), axis=1)
    keyed_texts = np.unique(np.stack([key, text]), axis=1)
    texts_of = np.bincount(keyed_texts[0])
    start_of = np.cumsum(texts_of) - texts_of
    # Each image of a key meets the key's texts, which lie side by side.
    times = texts_of[keyed_images[0]]
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    partners = keyed_texts[1][np.repeat(start_of[keyed_images[0]], times) + within]
    width = int(text.max()) + 1
    both = np.unique(np.repeat(keyed_images[1], times) * width + partners)
    return both // width, both % width


def _relevant(query: Codes, candidate: Codes, queries: int, count: int) -> Relevant:
    order = np.lexsort((candidate, query))
    starts = np.concatenate([[0], np.cumsum(np.bincount(query, minlength=queries))])
    return Relevant(starts=starts, columns=candidate[order], candidates=count)


def _linked(columns: list[Codes]) -> Codes:
    """A row, [N], that stands for all that each row is linked with by equal values, near or far.

    A forest of disjoint sets with path halving (Tarjan and van Leeuwen 1984,
    doi:10.1145/62.2160): the time does not depend on how long the chains of links are.
    """
    above = list(range(len(columns[0])))

    def top(row: int) -> int:
        while above[row] != row:
            above[row] = above[above[row]]
            row = above[row]
        return row

    for column in columns:
        first: dict[int, int] = {}
        for row, value in enumerate(column.tolist()):
            other = top(first.setdefault(value, row))
            above[max(other, top(row))] = min(other, top(row))
    return np.array([top(row) for row in range(len(above))], dtype=np.int64)
