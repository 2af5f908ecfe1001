"""The task kinds: what each needs of a model, and what may be asked of it.

A kind is a row of this table. What a model can do follows from what its card `gives` and what
the kind `needs`; nothing else decides it.
"""

from dataclasses import dataclass
from typing import Literal

from mmbench.cards import Gives, Slot, Strategy
from mmbench.errors import CardError, did_you_mean

Baseline = Literal["majority", "chance"]
TargetForm = Literal["class", "key", "labels", "number", "tags", "text", "classes"]
"""`data.targets` has a class for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`needs`: what a model must give, any one of them. `inputs`: what a task of the kind must have
    as input, if that is fixed. `target`: the form of what is to be predicted. `decomposable`: the
    loss of a batch is the sum of the losses of its rows, so that a batch may be cut into
    micro-batches and give the same gradient. `baseline`: what a model must beat. `ignores`: fields
    of a recipe that mean nothing here."""

    name: str
    needs: tuple[Gives, ...]
    inputs: tuple[Slot, ...] | None = None
    target: TargetForm
    metrics: tuple[str, ...]
    strategies: tuple[Strategy, ...]
    decomposable: bool
    baseline: Baseline
    ignores: tuple[str, ...]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="classification",
            needs=("pooled",),
            target="class",
            metrics=("accuracy", "balanced_accuracy", "f1_macro", "f1_micro"),
            strategies=("zero_shot", "probe", "head", "full"),
            decomposable=True,
            baseline="majority",
            ignores=("projection_width", "similarity"),
        ),
        Kind(
            name="retrieval",
            needs=("paired",),
            inputs=("image", "text"),
            target="key",
            metrics=(
                "mean_recall",
                "i2t_recall@1",
                "i2t_recall@5",
                "i2t_recall@10",
                "t2i_recall@1",
                "t2i_recall@5",
                "t2i_recall@10",
                "i2t_median_rank",
                "t2i_median_rank",
            ),
            strategies=("zero_shot", "probe", "head", "full"),
            decomposable=False,
            baseline="chance",
            ignores=("label_smoothing", "prompts"),
        ),
    )
}


def kind(name: str) -> Kind:
    if name not in KINDS:
        raise CardError(f"no task kind {name!r}{did_you_mean(name, KINDS)} ({', '.join(KINDS)})")
    return KINDS[name]
