"""What a fine-tuned model says of one sample, by the form of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

LabelValue = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One label out of several. names: the label's by language, where the task card has it."""

    id: str
    label: LabelValue
    names: Mapping[str, str] = field(default_factory=dict)
    probabilities: Mapping[LabelValue, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """All labels whose probability is above one half, the likeliest first."""

    id: str
    labels: tuple[LabelValue, ...]
    probabilities: Mapping[LabelValue, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    id: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """text: of the words [start, end) of the sample."""

    start: int
    end: int
    type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """words, tags: as many of each. spans: the entities that the tags mark."""

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    text: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """All texts that were given, the one that fits the image best first; scores are cosines."""

    id: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """The answer to each of the task's targets."""

    id: str
    answers: Mapping[str, Labelled]


Answer = Labelled | LabelSet | Valued | Tagged | Ranked | Generated | Several


def labelled(
    ids: Sequence[str],
    labels: Sequence[LabelValue],
    logits: NDArray[Any],
    names: Mapping[LabelValue, Mapping[str, str]],
) -> list[Labelled]:
    """logits: [N, C] in the order of the labels; probabilities are their softmax in float64."""
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(1, keepdims=True))
    shares = powers / powers.sum(1, keepdims=True)
    best = [labels[place] for place in exact.argmax(1).tolist()]
    return [
        Labelled(
            id=identity,
            label=label,
            names=names.get(label, {}),
            probabilities={value: float(p) for value, p in zip(labels, row, strict=True)},
        )
        for identity, label, row in zip(ids, best, shares, strict=True)
    ]


def ranked(
    ids: Sequence[str], texts: Sequence[str], image: NDArray[Any], text: NDArray[Any]
) -> list[Ranked]:
    """image: [I, D] of the samples `ids`, text: [T, D] of `texts`; of two that fit alike the one
    that was given first stands first."""
    image, text = (
        side / np.linalg.norm(side, axis=1, keepdims=True)
        for side in (image.astype(np.float64), text.astype(np.float64))
    )
    cosines = image @ text.T
    orders = np.argsort(-cosines, axis=1, kind="stable").tolist()
    return [
        Ranked(
            id=identity,
            candidates=tuple(Candidate(text=texts[i], score=float(row[i])) for i in order),
        )
        for identity, row, order in zip(ids, cosines, orders, strict=True)
    ]
