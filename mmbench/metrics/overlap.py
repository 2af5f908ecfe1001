"""BLEU and chrF: n-grams that a generated text shares with its references.

Both are functions of counts that add up over examples. The tokens of BLEU are sacrebleu's own;
what follows them is written here, since each example's counts, which resampling needs, are not part
of sacrebleu's interface.

Shapes: N examples, S statistics, `...` any number of leading axes.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mmbench.metrics.resampling import Sums, Values, ratio

References = Sequence[Sequence[str]]
"""N examples with one text or more each."""

BLEU_ORDER = 4
CHRF_ORDER = 6
_BETA = 2.0  # recall weighs twice as much as precision


def bleu(references: References, generated: Sequence[str], *, chinese: bool) -> Sums:
    """Corpus BLEU-4 over 100, 0..1, higher is better (Papineni et al. 2002, P02-1040).

    Equals sacrebleu's BLEU(tokenize="zh") if `chinese`, else BLEU(tokenize="13a"), both with their
    smoothing `exp`. "zh" makes each Chinese character a token and treats the rest as 13a does, so
    that it suits texts of both languages. It is 0 if no text generated has four tokens.
    """
    split = _tokens(chinese=chinese)
    rows = [
        _bleu_counts([split(text) for text in known], split(found))
        for known, found in zip(references, generated, strict=True)
    ]
    return Sums(statistics=np.array(rows, dtype=np.float64), value=bleu_value)


def bleu_value(sums: Values) -> Values:
    """From the lengths of texts and references, and the matches and totals of 1- to 4-grams:
    [..., 10] to [...]."""
    length, wanted = sums[..., 0], sums[..., 1]
    matches, totals = sums[..., 2 : 2 + BLEU_ORDER], sums[..., 2 + BLEU_ORDER :]
    brevity = np.exp(np.minimum(0.0, 1 - ratio(wanted, length)))
    # smoothing "exp": the k-th order without a match counts as 1 / 2^k of one
    halved = np.cumsum(matches == 0, axis=-1)
    smoothed = np.where(matches == 0, 0.5**halved, matches)
    defined = np.all(totals > 0, axis=-1, keepdims=True) & np.any(
        matches > 0, axis=-1, keepdims=True
    )
    shares = np.where(defined, ratio(smoothed, totals), 1.0)
    found = np.where(defined[..., 0], brevity, 0.0) * np.exp(np.mean(np.log(shares), axis=-1))
    return np.asarray(found)


def chrf(references: References, generated: Sequence[str]) -> Sums:
    """Corpus chrF2 over 100, 0..1, higher is better (Popović 2015, W15-3049).

    n-grams of up to 6 characters, white space left out, no words. Equals sacrebleu's CHRF(): of
    several references the one with the best score of its own counts.
    """
    rows = [
        max((_chrf_counts(text, found) for text in known), key=_chrf_of_one)
        for known, found in zip(references, generated, strict=True)
    ]
    return Sums(statistics=np.array(rows, dtype=np.float64), value=chrf_value)


def chrf_value(sums: Values) -> Values:
    """From the n-grams generated, wanted and shared, of each order: [..., 18] to [...]."""
    made, wanted, shared = (sums[..., part::3] for part in range(3))
    both = (made > 0) & (wanted > 0)
    orders = np.maximum(both.sum(axis=-1), 1)
    precision, recall = (
        np.where(both, ratio(shared, whole), 0.0).sum(axis=-1) / orders for whole in (made, wanted)
    )
    weighted = _BETA**2 * precision + recall
    return np.nan_to_num(ratio((1 + _BETA**2) * precision * recall, weighted))


def _tokens(*, chinese: bool) -> Callable[[str], list[str]]:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_zh import TokenizerZh

    chosen: type[Any] = TokenizerZh if chinese else Tokenizer13a
    tokenizer = chosen()
    return lambda text: str(tokenizer(text.rstrip())).split()


def _grams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[at : at + order]) for at in range(len(tokens) - order + 1))


def _bleu_counts(references: Sequence[list[str]], tokens: list[str]) -> list[int]:
    """The reference that is nearest in length (the shorter of two) gives the length that is wanted;
    an n-gram may match as often as the reference that has most of it."""
    lengths = sorted(len(reference) for reference in references)
    wanted = min(lengths, key=lambda length: abs(length - len(tokens)))
    matches, totals = [], []
    for order in range(1, BLEU_ORDER + 1):
        made = _grams(tokens, order)
        allowed: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            allowed |= _grams(reference, order)
        matches.append((made & allowed).total())
        totals.append(made.total())
    return [len(tokens), wanted, *matches, *totals]


def _chrf_counts(reference: str, generated: str) -> list[int]:
    known, found = ("".join(text.split()) for text in (reference, generated))
    counts = []
    for order in range(1, CHRF_ORDER + 1):
        made, wanted = _grams(found, order), _grams(known, order)
        # as sacrebleu: what is longer than the whole reference is not held against a text
        counts += [made.total() if wanted else 0, wanted.total(), (made & wanted).total()]
    return counts


def _chrf_of_one(counts: list[int]) -> float:
    return float(chrf_value(np.array(counts, dtype=np.float64)))
