"""Generated texts, captions and answers, against one reference or several.

Shapes: N examples.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from mmbench.metrics.cider import cider
from mmbench.metrics.normalise import normalise
from mmbench.metrics.overlap import References, bleu, chrf
from mmbench.metrics.resampling import Measure, Share, Sums
from mmbench.metrics.table import metric_of


def measures(
    kind: str,
    names: Sequence[str],
    references: Sequence[str | Sequence[str]],
    generated: Sequence[str],
    *,
    languages: Sequence[str] = (),
    steps: Iterable[str] = (),
) -> dict[str, Measure]:
    """What `resampling.scored` takes.

    kind: captioning or question_answering. references: N texts, or N sequences of one text or
    more; generated: N texts. languages: of the task's card; with `zh` among them BLEU counts
    Chinese characters. steps: of `normalise`, done to both sides, whatever the metric. CardError
    for a metric that is not of the kind; ValueError for no text, unequal lengths, or an example
    without a reference.
    """
    steps = tuple(steps)
    listed = [(texts,) if isinstance(texts, str) else tuple(texts) for texts in references]
    if len(listed) == 0 or len(listed) != len(generated):
        raise ValueError(
            f"{len(listed)} references but {len(generated)} generated texts; one each is needed"
        )
    for place, texts in enumerate(listed):
        if not texts:
            raise ValueError(f"example {place} has no reference")
    known = [[normalise(text, steps) for text in texts] for texts in listed]
    found = [normalise(text, steps) for text in generated]
    chinese = "zh" in languages
    return {
        name: MEASURES[metric_of(kind, name).name](known, found, chinese=chinese) for name in names
    }


def exact_match(references: References, generated: Sequence[str]) -> Share:
    """Share of texts that equal one of their references. 0..1, higher is better."""
    pairs = zip(references, generated, strict=True)
    return Share(right=np.array([found in known for known, found in pairs]))


def _exact_match(references: References, generated: Sequence[str], *, chinese: bool) -> Share:
    return exact_match(references, generated)


def _chrf(references: References, generated: Sequence[str], *, chinese: bool) -> Sums:
    return chrf(references, generated)


def _cider(references: References, generated: Sequence[str], *, chinese: bool) -> Sums:
    return cider(references, generated)


MEASURES: Mapping[str, Callable[..., Measure]] = MappingProxyType(
    {
        "cider": _cider,
        "chrf": _chrf,
        "bleu": bleu,
        "exact_match": _exact_match,
        "answer_accuracy": _exact_match,
    }
)
