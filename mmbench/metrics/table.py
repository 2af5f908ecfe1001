"""What each metric is: range, direction, unit, source, and the task kinds it is legal for.

The table alone is read by `mmbench list` and by the reports, so it imports nothing heavy; the
functions that compute the values live beside it, under the same names.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mmbench.errors import CardError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `range` is its (lowest, highest) value; `unit` is that of the value as stored.

    An empty `unit` is a pure number; with the range (0, 1) it is a fraction, which a report may
    print as a percentage. `reference` names the paper or the code whose numbers ours equal, and
    says where they differ.
    """

    name: str
    range: tuple[float, float]
    higher_is_better: bool
    unit: str
    reference: str
    kinds: tuple[str, ...]


def _classification(name: str, reference: str) -> Metric:
    return Metric(
        name=name,
        range=(0.0, 1.0),
        higher_is_better=True,
        unit="",
        reference=reference,
        kinds=("classification",),
    )


def _recall(direction: str, query: str, candidates: str, k: int) -> Metric:
    return Metric(
        name=f"{direction}_recall@{k}",
        range=(0.0, 1.0),
        higher_is_better=True,
        unit="",
        reference=(
            f"share of {query} of which a {candidates} that belongs to it is among the first {k}, "
            "of all candidates of the split (Karpathy and Fei-Fei 2015, arXiv:1412.2306); a hit "
            "rate, as in CLIP_benchmark and Chinese-CLIP, except that a tie counts as a miss and "
            "equal images or texts are one candidate"
        ),
        kinds=("retrieval",),
    )


def _median_rank(direction: str, query: str) -> Metric:
    return Metric(
        name=f"{direction}_median_rank",
        range=(1.0, math.inf),
        higher_is_better=False,
        unit="rank",
        reference=(
            f"median over {query} of the rank, from 1, of the first candidate that belongs to it "
            "(Karpathy and Fei-Fei 2015, arXiv:1412.2306); not rounded down as in VSE++"
        ),
        kinds=("retrieval",),
    )


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            _classification(
                "accuracy",
                "share of examples predicted right; equals scikit-learn accuracy_score",
            ),
            _classification(
                "balanced_accuracy",
                "mean recall (Brodersen et al. 2010, doi:10.1109/ICPR.2010.764); equals "
                "scikit-learn balanced_accuracy_score: a class absent from the targets is left out",
            ),
            _classification(
                "f1_macro",
                "mean of the F1 of each class, not the F1 of mean precision and mean recall (the "
                "two are told apart in Opitz and Burst 2019, arXiv:1911.03347); equals "
                "scikit-learn f1_score(average='macro', zero_division=0)",
            ),
            _classification(
                "f1_micro",
                "F1 of the pooled counts, the same number as accuracy where each example has one "
                "label; equals scikit-learn f1_score(average='micro')",
            ),
            Metric(
                name="mean_recall",
                range=(0.0, 1.0),
                higher_is_better=True,
                unit="",
                reference=(
                    "mean of recall@1, @5 and @10 of both directions, the MR of AltCLIP "
                    "(arXiv:2211.06679); that of Chinese-CLIP on MUGE (arXiv:2211.01335) is of "
                    "text to image alone"
                ),
                kinds=("retrieval",),
            ),
            *(_recall("i2t", "images", "text", k) for k in (1, 5, 10)),
            *(_recall("t2i", "texts", "image", k) for k in (1, 5, 10)),
            _median_rank("i2t", "images"),
            _median_rank("t2i", "texts"),
        )
    }
)


def metric(name: str) -> Metric:
    """Return the metric called `name`; CardError, with the nearest names, if there is none."""
    if name not in METRICS:
        raise CardError(
            f"no metric {name!r}{did_you_mean(name, METRICS)} (there are {', '.join(METRICS)})"
        )
    return METRICS[name]


def metric_of(kind: str, name: str) -> Metric:
    """Return the metric `name` of a task kind; CardError if there is none or it is another's."""
    row = metric(name)
    if kind not in row.kinds:
        legal = ", ".join(other.name for other in METRICS.values() if kind in other.kinds)
        raise CardError(
            f"{name!r} is a metric of {' and '.join(row.kinds)}, not of {kind} (it has {legal})"
        )
    return row
