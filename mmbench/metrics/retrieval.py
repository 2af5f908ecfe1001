"""Image–text retrieval over the whole candidate set of a split.

Every distinct image is a query for texts (`i2t`), every distinct text a query for images (`t2i`).
All that a metric needs of a model is, for each query, the rank of the first candidate that belongs
to it. The protocol is that of Karpathy and Fei-Fei 2015, arXiv:1412.2306: recall@k is the share of
queries with at least one such candidate among the first k. That is a hit rate and not the share of
the relevant candidates that were found; CLIP_benchmark and Chinese-CLIP compute it so as well.

We differ in two ways. A tie counts against the model, so that one that says the same of everything
comes last. And an image or a text that occurs in several rows is one query and one candidate.

Shapes: N rows, I images, T texts, Q queries, M candidates, D dimensions, E relevant pairs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmbench.metrics.pairs import Candidates, Codes, Direction, Relevant, candidates
from mmbench.metrics.table import metric_of

Ranks = NDArray[np.int64]
Vectors = NDArray[np.float64]
DIRECTIONS: tuple[Direction, Direction] = ("i2t", "t2i")

# Similarities are computed in portions of 16 MB of float64.
_CELLS_AT_ONCE = 2**21


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """The rank, from 1, of each query's best relevant candidate.

    i2t: [I] ranks of images as queries, t2i: [T] of texts, both in the order of `candidates`.
    ValueError if there is not one a query, or one is not among the candidates.
    """

    candidates: Candidates
    i2t: Ranks
    t2i: Ranks

    def __post_init__(self) -> None:
        for direction in DIRECTIONS:
            found, relevant = self.of(direction), self.candidates.of(direction)
            if found.shape != (len(relevant),):
                raise ValueError(
                    f"{direction}: expected one rank a query, ({len(relevant)},); got {found.shape}"
                )
            if found.min() < 1 or found.max() > relevant.candidates:
                raise ValueError(
                    f"{direction}: ranks {found.min()}..{found.max()} are not within "
                    f"1..{relevant.candidates}, the number of candidates"
                )

    def of(self, direction: Direction) -> Ranks:
        return self.i2t if direction == "i2t" else self.t2i


def evaluate_retrieval(
    image_embeddings: ArrayLike,
    text_embeddings: ArrayLike,
    images: ArrayLike,
    texts: ArrayLike,
    keys: ArrayLike,
    groups: ArrayLike | None = None,
) -> Ranked:
    """Rank the distinct images and texts of N rows against each other.

    image_embeddings, text_embeddings: [N, D] floats of length 1, one a row; the first row of an
    image or a text stands for it. images, texts, keys, groups: [N], see `candidates`. ValueError
    for what `candidates` and `ranks` refuse, or unless there is one embedding a row.
    """
    found = candidates(images, texts, keys, groups)
    rows = np.asarray(keys).shape
    sides = {"image": np.asarray(image_embeddings), "text": np.asarray(text_embeddings)}
    for side, embeddings in sides.items():
        if embeddings.shape[:1] != rows:
            raise ValueError(
                f"{side} embeddings: expected one a row, ({rows[0]}, D); got {embeddings.shape}"
            )
    return rank_candidates(found, sides["image"][found.images], sides["text"][found.texts])


def rank_candidates(
    candidates: Candidates, image_embeddings: ArrayLike, text_embeddings: ArrayLike
) -> Ranked:
    """Rank in both directions: [I, D] and [T, D] floats, of length 1, one a candidate.

    ValueError for what `ranks` refuses.
    """
    return Ranked(
        candidates=candidates,
        i2t=ranks(image_embeddings, text_embeddings, candidates.i2t),
        t2i=ranks(text_embeddings, image_embeddings, candidates.t2i),
    )


def ranks(
    queries: ArrayLike, candidates: ArrayLike, relevant: Relevant, chunk: int | None = None
) -> Ranks:
    """Return the rank, from 1, of the best relevant candidate by dot product: [Q] int64.

    queries: [Q, D] and candidates: [M, D] floats; who wants cosines passes vectors of length 1.
    The rank is 1 + the number of candidates that are not relevant and score at least as high as
    the best relevant one: ties count against the model, other relevant candidates never do.

    The same two vectors may give other last bits elsewhere in a matrix product: scores are
    float64 and tied when they differ by no more than two such products can by rounding,
    2 D ε |query| |candidate| with ε = 2.2e-16 and the longest candidate (2e-13 for 512 dimensions
    and length 1). So equal candidates always tie, whatever the portions.

    chunk: queries at a time; as many as 16 MB of similarities allow if None. Besides these there
    is one copy of both sides in float64. ValueError if a vector is not finite, for unequal D,
    unless `relevant` speaks of Q queries and M candidates, and for a chunk of none.
    """
    asked, against = _vectors("queries", queries), _vectors("candidates", candidates)
    if asked.shape[1] != against.shape[1]:
        raise ValueError(f"queries have {asked.shape[1]} dimensions, candidates {against.shape[1]}")
    if (len(asked), len(against)) != (len(relevant), relevant.candidates):
        raise ValueError(
            f"{len(asked)} queries and {len(against)} candidates, but what is relevant is known of "
            f"{len(relevant)} and {relevant.candidates}"
        )
    if chunk is None:
        chunk = max(1, _CELLS_AT_ONCE // len(against))
    rounding = 2 * asked.shape[1] * np.finfo(np.float64).eps
    within = rounding * np.linalg.norm(asked, axis=1) * np.linalg.norm(against, axis=1).max()
    found = np.empty(len(asked), dtype=np.int64)
    for rows in _portions(len(asked), chunk):
        starts = relevant.starts[rows.start : rows.stop + 1]
        columns = relevant.columns[starts[0] : starts[-1]]
        found[rows] = _ranks_of(asked[rows] @ against.T, starts - starts[0], columns, within[rows])
    return found


def _ranks_of(scores: Vectors, starts: Codes, columns: Codes, within: Vectors) -> Ranks:
    """Rank from all scores of some queries, [Q, M], which are overwritten."""
    owners = np.repeat(np.arange(len(scores)), np.diff(starts))
    best = np.maximum.reduceat(scores[owners, columns], starts[:-1])
    scores[owners, columns] = -np.inf
    ahead: Ranks = np.count_nonzero(scores >= (best - within)[:, None], axis=1)
    return 1 + ahead


def recall_at(ranks: Ranks, k: int) -> float:
    """Share of queries with a relevant candidate among the first k. 0..1, higher is better."""
    return float(np.mean(ranks <= k))


def mean_recall(ranked: Ranked) -> float:
    """Mean of the six recalls, so that each direction has the same weight. 0..1.

    The MR of AltCLIP, arXiv:2211.06679. Chinese-CLIP's evaluation.py gives the mean of the three
    of one direction, which for MUGE, text to image alone, is what its paper calls MR.
    """
    return float(np.mean([recall_at(ranked.of(direction), k) for direction, k in RECALLS.values()]))


def median_rank(ranks: Ranks) -> float:
    """Median over queries, from 1, lower is better; half-way between the middle two of an even
    number, where VSE++ rounds down."""
    return float(np.median(ranks))


RECALLS: Mapping[str, tuple[Direction, int]] = MappingProxyType(
    {
        "i2t_recall@1": ("i2t", 1),
        "i2t_recall@5": ("i2t", 5),
        "i2t_recall@10": ("i2t", 10),
        "t2i_recall@1": ("t2i", 1),
        "t2i_recall@5": ("t2i", 5),
        "t2i_recall@10": ("t2i", 10),
    }
)

MEDIANS: Mapping[str, Direction] = MappingProxyType(
    {"i2t_median_rank": "i2t", "t2i_median_rank": "t2i"}
)


def _recall(ranked: Ranked, *, direction: Direction, k: int) -> float:
    return recall_at(ranked.of(direction), k)


def _median(ranked: Ranked, *, direction: Direction) -> float:
    return median_rank(ranked.of(direction))


VALUE: Mapping[str, Callable[[Ranked], float]] = MappingProxyType(
    {
        "mean_recall": mean_recall,
        **{name: partial(_recall, direction=way, k=k) for name, (way, k) in RECALLS.items()},
        **{name: partial(_median, direction=way) for name, way in MEDIANS.items()},
    }
)


def chance(name: str, candidates: Candidates) -> float:
    """What the metric `name` is worth if the candidates come in random order, in closed form.

    A query with r relevant ones among M candidates has one of them among the first k with
    probability 1 - C(M - r, k) / C(M, k); a recall's chance is the mean of that over the queries,
    which is its expected value. A median rank's chance is the median of the distribution that the
    ranks of all queries then have together; with one relevant candidate each that is (M + 1) / 2.
    CardError unless `name` is a metric of retrieval.
    """
    metric_of("retrieval", name)
    if name in MEDIANS:
        return _chance_of_median(candidates.of(MEDIANS[name]))
    asked = RECALLS.values() if name == "mean_recall" else [RECALLS[name]]
    return float(np.mean([_chance_of_recall(candidates.of(way), k) for way, k in asked]))


def _chance_of_recall(relevant: Relevant, k: int) -> float:
    drawn = np.arange(min(k, relevant.candidates))
    others = relevant.candidates - relevant.counts[:, None] - drawn
    # A factor below 0 follows one that is 0: more are drawn than there are others.
    missed = np.prod(others / (relevant.candidates - drawn), axis=1)
    return float(np.mean(1 - missed))


def _chance_of_median(relevant: Relevant) -> float:
    drawn = np.arange(relevant.candidates)
    beyond = np.zeros(relevant.candidates)  # P(rank > m) for m from 1
    for count, times in zip(*np.unique(relevant.counts, return_counts=True), strict=True):
        others = relevant.candidates - count - drawn
        beyond += times * np.cumprod(others / (relevant.candidates - drawn))
    beyond /= len(relevant)
    # Half-way between two ranks where exactly half of the probability lies beyond the first.
    lower, upper = (1 + np.count_nonzero(beyond > 0.5 + hair) for hair in (1e-9, -1e-9))
    return float(lower + upper) / 2


def _vectors(name: str, values: ArrayLike) -> Vectors:
    array = np.asarray(values)
    if array.ndim != 2 or array.size == 0 or array.dtype.kind != "f":
        raise ValueError(
            f"{name}: expected floats, one vector each, [N, D]; got {array.dtype} {array.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise ValueError(f"{name}: {len(bad)} have NaN or infinity in them, the first is {bad[0]}")
    return array.astype(np.float64, copy=False)


def _portions(count: int, size: int) -> Iterator[slice]:
    if size < 1:
        raise ValueError(f"chunk: expected one query or more at a time; got {size}")
    for start in range(0, count, size):
        yield slice(start, min(count, start + size))
