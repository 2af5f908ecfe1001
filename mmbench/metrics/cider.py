"""CIDEr-D: how much of what is particular about the references a caption says.

Shapes: N examples.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmbench.metrics.normalise import HAN
from mmbench.metrics.overlap import References
from mmbench.metrics.resampling import Sums, ratio

ORDER = 4
_SIGMA = 6.0  # of the penalty for another length, in tokens

Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """A text: the weights of its n-grams by order, the lengths of these vectors, its tokens."""

    weights: list[dict[Gram, float]]
    lengths: list[float]
    words: int


_TOKEN = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:'[^\W_{HAN}]+)*")


def tokens(text: str) -> list[str]:
    """Each Chinese character, and each lower-cased word of other scripts; no punctuation."""
    return _TOKEN.findall(text.lower())


def cider(references: References, generated: Sequence[str]) -> Sums:
    """Mean of the examples' CIDEr-D, 0..10, higher is better.

    Vedantam, Zitnick and Parikh 2015, arXiv:1411.5726, section 4, as pycocoevalcap computes it, the
    code behind published tables (which print 100 times the value): weights are the count of an
    n-gram, not its share of the text as in the paper, times the logarithm of N over the number
    of examples with the n-gram in a reference. Where we differ: the tokens are those of `tokens`,
    not PTB's.

    A text of less than four tokens has no 4-grams, and so cannot reach 10. The document frequencies
    are those of all N examples and stay as they are when these are resampled. All values are 0 of a
    single example, where everything is in every document.
    """
    known = [[_grams(text) for text in texts] for texts in references]
    documents = Counter(gram for texts in known for gram in set().union(*texts))
    scores = np.empty(len(known))
    for row, (texts, text) in enumerate(zip(known, generated, strict=True)):
        made = _weighted(_grams(text), documents, len(known))
        wanted = [_weighted(grams, documents, len(known)) for grams in texts]
        scores[row] = np.mean([_similarity(made, one) for one in wanted])
    statistics = np.stack([scores, np.ones_like(scores)], axis=1)
    return Sums(statistics=statistics, value=lambda sums: 10 * ratio(sums[..., 0], sums[..., 1]))


def _grams(text: str) -> Counter[Gram]:
    found = tokens(text)
    return Counter(
        tuple(found[at : at + order])
        for order in range(1, ORDER + 1)
        for at in range(len(found) - order + 1)
    )


def _weighted(grams: Counter[Gram], documents: Mapping[Gram, int], count: int) -> Weighted:
    weights: list[dict[Gram, float]] = [{} for _ in range(ORDER)]
    for gram, times in grams.items():
        rarity = math.log(count) - math.log(max(1, documents.get(gram, 0)))
        weights[len(gram) - 1][gram] = times * rarity
    lengths = [math.sqrt(sum(value**2 for value in order.values())) for order in weights]
    words = sum(times for gram, times in grams.items() if len(gram) == 1)
    return Weighted(weights=weights, lengths=lengths, words=words)


def _similarity(made: Weighted, wanted: Weighted) -> float:
    """The cosine with what is said too often clipped, of the mean order; 0..1."""
    found = 0.0
    for own, other, *norms in zip(
        made.weights, wanted.weights, made.lengths, wanted.lengths, strict=True
    ):
        shared = sum(min(own[gram], other[gram]) * other[gram] for gram in own.keys() & other)
        found += shared / math.prod(norms) if all(norms) else 0.0
    return found / ORDER * math.exp(-((made.words - wanted.words) ** 2) / (2 * _SIGMA**2))
