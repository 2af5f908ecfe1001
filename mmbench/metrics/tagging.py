"""Token tagging: whole entities found in tagged words, and single tags.

Tags are names: `O` outside of entities, else a prefix and a type, `B-PER`, `I-PER`. Entities are
read as conlleval reads them, so that every sequence has a meaning: an `I-` of another type than the
tag before it, or after an `O`, begins an entity. The prefixes `E-` and `S-` of BIOES are
understood. seqeval's default mode gives the same entities and so the same numbers.

Shapes: N sentences.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mmbench.metrics import margins
from mmbench.metrics.classification import ClassReport
from mmbench.metrics.resampling import Measure, Sums, Values, ratio
from mmbench.metrics.table import metric_of

Tags = Sequence[str]
"""The tags of the words of one sentence."""

OUTSIDE = ("O", "")


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """Words `start` to `end`, which is not included, of the type."""

    start: int
    end: int
    type: str


def measures(
    names: Sequence[str], targets: Sequence[Tags], predicted: Sequence[Tags]
) -> dict[str, Measure]:
    """What `resampling.scored` takes: the statistics of whole sentences, which are resampled.

    targets, predicted: N sequences of tags, each of the same length as its counterpart. CardError
    for a metric that is not of tagging; ValueError for no sentence, unequal lengths, or what is
    no tag.
    """
    _check(targets, predicted)
    return {name: MEASURES[metric_of("tagging", name).name](targets, predicted) for name in names}


def entities(tags: Tags) -> list[Entity]:
    """The entities of one sentence, in order. ValueError for what is no tag."""
    found = []
    start, before = 0, OUTSIDE
    for place, now in enumerate([*map(_parsed, tags), OUTSIDE]):
        if before != OUTSIDE and _parts(before, now):
            found.append(Entity(start, place, before[1]))
            before = OUTSIDE
        if before == OUTSIDE:
            start = place
        before = now
    return found


def entity_counts(targets: Sequence[Tags], predicted: Sequence[Tags]) -> Values:
    """[N, 3]: of each sentence the entities found, those there are, those predicted."""
    counts = np.empty((len(targets), 3))
    for row, (known, found) in zip(counts, _pairs(targets, predicted), strict=True):
        row[:] = len(known & found), len(known), len(found)
    return counts


def entity_f1(targets: Sequence[Tags], predicted: Sequence[Tags]) -> Sums:
    """Micro F1 of entities, boundaries and type both right; 0 where there are none at all. 0..1.

    Tjong Kim Sang and De Meulder 2003, W03-0419; equals seqeval's f1_score in its default mode.
    """
    return Sums(statistics=entity_counts(targets, predicted), value=margins.f1_micro)


def entity_precision(targets: Sequence[Tags], predicted: Sequence[Tags]) -> Sums:
    """Share of predicted entities that are right, 0 if none is predicted. 0..1."""
    return Sums(statistics=entity_counts(targets, predicted), value=margins.precision)


def entity_recall(targets: Sequence[Tags], predicted: Sequence[Tags]) -> Sums:
    """Share of entities that are found, 0 if there are none. 0..1."""
    return Sums(statistics=entity_counts(targets, predicted), value=margins.recall)


def token_accuracy(targets: Sequence[Tags], predicted: Sequence[Tags]) -> Sums:
    """Share of words whose tag is right, `O` included. 0..1. Equals seqeval's accuracy_score."""
    counts = [
        (sum(t == p for t, p in zip(known, found, strict=True)), len(known))
        for known, found in zip(targets, predicted, strict=True)
    ]
    return Sums(
        statistics=np.array(counts, dtype=np.float64),
        value=lambda sums: ratio(sums[..., 0], sums[..., 1]),
        undefined="no sentence has a word",
    )


MEASURES: Mapping[str, Callable[[Sequence[Tags], Sequence[Tags]], Measure]] = MappingProxyType(
    {
        "entity_f1": entity_f1,
        "entity_precision": entity_precision,
        "entity_recall": entity_recall,
        "token_accuracy": token_accuracy,
    }
)


def type_report(targets: Sequence[Tags], predicted: Sequence[Tags]) -> dict[str, ClassReport]:
    """Precision, recall, F1 and number of entities of each type that occurs, in their order.

    Equals seqeval's classification_report in its default mode. ValueError as of `measures`.
    """
    _check(targets, predicted)
    counts: dict[str, Values] = {}
    for known, found in _pairs(targets, predicted):
        for column, those in enumerate((known & found, known, found)):
            for entity in those:
                counts.setdefault(entity.type, np.zeros(3))[column] += 1
    return {
        name: ClassReport(
            precision=float(margins.precision(counts[name])),
            recall=float(margins.recall(counts[name])),
            f1=float(margins.f1_micro(counts[name])),
            support=int(counts[name][1]),
        )
        for name in sorted(counts)
    }


def _pairs(
    targets: Sequence[Tags], predicted: Sequence[Tags]
) -> Iterator[tuple[set[Entity], set[Entity]]]:
    for known, found in zip(targets, predicted, strict=True):
        yield set(entities(known)), set(entities(found))


def _parsed(tag: str) -> tuple[str, str]:
    """Prefix and type. A prefix alone is an entity of the type `_`, as in seqeval."""
    prefix, dash, kind = tag.partition("-")
    if tag == "O":
        return OUTSIDE
    if prefix not in ("B", "I", "E", "S"):
        raise ValueError(f"{tag!r} is no tag; expected 'O' or a type after B-, I-, E- or S-")
    return prefix, kind if dash and kind else "_"


def _parts(before: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether an entity that holds the tag `before` ends there."""
    return before[0] in ("E", "S") or now[0] in ("B", "S", "O") or before[1] != now[1]


def _check(targets: Sequence[Tags], predicted: Sequence[Tags]) -> None:
    if len(targets) == 0 or len(targets) != len(predicted):
        raise ValueError(
            f"{len(targets)} tagged sentences but {len(predicted)} predictions; one each is needed"
        )
    for place, (known, found) in enumerate(zip(targets, predicted, strict=True)):
        if len(known) != len(found):
            raise ValueError(f"sentence {place}: {len(known)} tags but {len(found)} predictions")
