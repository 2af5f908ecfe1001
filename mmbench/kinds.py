"""The task kinds: what each needs of a model, and what may be asked of it.

A kind is a row of this table. What a model can do follows from what its card `gives` and what
the kind `needs`; nothing else decides it.
"""

from dataclasses import dataclass

from mmbench.cards import Gives, Strategy
from mmbench.errors import CardError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`decomposable`: the loss of a batch is the sum of the losses of its rows, so that a batch
    may be cut into micro-batches and give the same gradient."""

    name: str
    needs: Gives
    metrics: tuple[str, ...]
    strategies: tuple[Strategy, ...]
    zero_shot_needs: Gives | None
    decomposable: bool


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="classification",
            needs="pooled",
            metrics=("accuracy", "balanced_accuracy", "f1_macro", "f1_micro"),
            strategies=("zero_shot", "probe", "head", "full"),
            zero_shot_needs="joint",
            decomposable=True,
        ),
    )
}


def kind(name: str) -> Kind:
    if name not in KINDS:
        raise CardError(f"no task kind {name!r}{did_you_mean(name, KINDS)} ({', '.join(KINDS)})")
    return KINDS[name]
