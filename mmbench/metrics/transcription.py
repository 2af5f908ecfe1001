"""Transcription: error rates of whole test sets, by characters and by words.

Shapes: N utterances.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from mmbench.metrics.normalise import normalise
from mmbench.metrics.resampling import Measure, Sums, ratio
from mmbench.metrics.table import metric_of


def measures(
    names: Sequence[str],
    references: Sequence[str],
    hypotheses: Sequence[str],
    *,
    steps: Iterable[str] = (),
) -> dict[str, Measure]:
    """What `resampling.scored` takes. references, hypotheses: N texts; steps: of `normalise`, done
    to both.

    CardError for a metric that is not of transcription; ValueError for no text or unequal lengths.
    """
    if len(references) == 0 or len(references) != len(hypotheses):
        raise ValueError(
            f"{len(references)} references but {len(hypotheses)} hypotheses; one each is needed"
        )
    steps = tuple(steps)
    known, found = ([normalise(text, steps) for text in side] for side in (references, hypotheses))
    return {name: MEASURES[metric_of("transcription", name).name](known, found) for name in names}


def cer(references: Sequence[str], hypotheses: Sequence[str]) -> Sums:
    """Character error rate: edits of all utterances over characters of all references.

    From 0, lower is better; above 1 if there are more edits than characters. Edits are the least
    number of substitutions, deletions and insertions (Levenshtein). Spaces count as characters, but
    for those at the ends. Equals jiwer's cer; not defined, where jiwer gives the number of
    insertions, if all references are empty.
    """
    return _error_rate([r.strip() for r in references], [h.strip() for h in hypotheses])


def wer(references: Sequence[str], hypotheses: Sequence[str]) -> Sums:
    """Word error rate: the same of words, which are what white space parts.

    Equals jiwer's wer, but for texts with a single tab or line break, which jiwer keeps in a word.
    Of Chinese, which has no spaces, it is the share of utterances that are not right.
    """
    return _error_rate([r.split() for r in references], [h.split() for h in hypotheses])


MEASURES: Mapping[str, Callable[[Sequence[str], Sequence[str]], Measure]] = MappingProxyType(
    {"cer": cer, "wer": wer}
)


def _error_rate(references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]) -> Sums:
    from rapidfuzz.distance import Levenshtein

    counts = [
        (Levenshtein.distance(known, found), len(known))
        for known, found in zip(references, hypotheses, strict=True)
    ]
    return Sums(
        statistics=np.array(counts, dtype=np.float64),
        value=lambda sums: ratio(sums[..., 0], sums[..., 1]),
        undefined="all references are empty",
    )
