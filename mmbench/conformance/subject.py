"""A loaded model with rows to try it on, and what it makes of them, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mmbench.cards import ModelCard
from mmbench.conformance.findings import Violation
from mmbench.conformance.samples import examples_for
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.joint import SIDES, inputs_of
from mmbench.data.prepared import Inputs, Prepared
from mmbench.models.base import Adapter, Features, PairedAdapter
from mmbench.models.generative import GenerativeAdapter
from mmbench.train.generation import Generative

Row = Mapping[str, Tensor]
"""What a model makes of one row: a vector, or [T, D] of its real tokens, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """tolerance: how far two computations of one value may lie apart, as a share of the largest
    value of its kind: summation in another order, and nothing else."""

    card: ModelCard
    adapter: Adapter
    examples: Examples
    rows: Prepared
    folder: Path
    tolerance: float

    @property
    def cache(self) -> Cache:
        return cache_in(self.folder)


def subject_of(card: ModelCard, adapter: Adapter, folder: Path, *, tolerance: float) -> Subject:
    """The adapter with its vocabulary, if it trains one, and its rows prepared."""
    examples = examples_for(card)
    adapter.learn_vocabulary(examples)
    rows = adapter.prepare(examples, cache_in(folder))
    return Subject(
        card=card,
        adapter=adapter,
        examples=examples,
        rows=rows,
        folder=folder,
        tolerance=tolerance,
    )


def cache_in(folder: Path) -> Cache:
    """A cache of its own: what a check builds is nobody else's."""
    return Cache(folder / "cache")


@torch.no_grad()
def made_of(adapter: Adapter, rows: Prepared, indices: Sequence[int]) -> list[Row]:
    """What the adapter makes of these rows as one batch, row by row."""
    inputs = rows.collate(list(indices))
    if isinstance(adapter, PairedAdapter):
        sides = {side: adapter.encode(side, inputs_of(side, inputs)) for side in SIDES}
        return [
            {side: vectors[row] for side, vectors in sides.items()} for row in range(len(indices))
        ]
    if isinstance(adapter, GenerativeAdapter):
        sums = Generative(adapter).sums(inputs)
        return [{"log-likelihood of its answer": value[None]} for value in sums]
    return _of_features(features_of(adapter, inputs), len(indices))


def features_of(adapter: Adapter, inputs: Inputs) -> Features:
    found = adapter(inputs)
    if not isinstance(found, Features):
        raise Violation(f"forward gives {type(found).__name__}, not models.base.Features")
    return found


def _of_features(features: Features, count: int) -> list[Row]:
    made: list[dict[str, Tensor]] = [{"pooled": features.pooled[row]} for row in range(count)]
    if features.tokens is None:
        return list(made)
    for row, own in enumerate(made):
        tokens = features.tokens[row]
        own["tokens"] = tokens if features.mask is None else tokens[features.mask[row]]
    return list(made)


def distance(one: Row, other: Row) -> tuple[float, str]:
    """The largest difference of two makings of a row, as a share of the largest value, and of what;
    infinite where shapes differ or a value is not finite."""
    worst = (0.0, "nothing")
    for name in one.keys() | other.keys():
        a, b = one.get(name), other.get(name)
        if a is None or b is None or a.shape != b.shape:
            return float("inf"), name
        scale = max(float(a.abs().max()), 1e-12) if a.numel() else 1.0
        apart = float((a.float() - b.float()).abs().max()) / scale if a.numel() else 0.0
        if not apart <= worst[0]:  # NaN is no distance that is small
            worst = (apart if apart == apart else float("inf"), name)
    return worst


def alone(subject: Subject, row: int) -> Row:
    """What the adapter makes of a row that is a batch by itself."""
    return made_of(subject.adapter, subject.rows, [row])[0]


def together(subject: Subject) -> list[Row]:
    """Of all rows as one batch."""
    return made_of(subject.adapter, subject.rows, range(len(subject.rows)))


def with_adapter(subject: Subject, adapter: Adapter, rows: Prepared) -> Subject:
    return replace(subject, adapter=adapter, rows=rows)
