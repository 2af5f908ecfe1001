"""Low-rank additions to some of a backbone's matrices (LoRA: Hu et al. 2022, arXiv:2106.09685).

A matrix W of a target computes W x + (α / r) B A x, of which A and B alone are trained: A starts at
random and B at zero, so that training starts from the backbone's own output. peft puts them in.
When training has ended they are added to W, and what is scored, timed and kept is a plain backbone.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from torch import nn

from mmbench.cards import Recipe
from mmbench.errors import CardError
from mmbench.models.base import Adapter

if TYPE_CHECKING:
    from peft.tuners.lora.layer import LoraLayer


def add_lora(adapter: Adapter, recipe: Recipe) -> None:
    """Put the additions into the adapter, in place. They are drawn from torch's default generator.

    CardError where none of the targets that a card states is in the model.
    """
    from peft import LoraConfig, inject_adapter_in_model  # a second of import: only where used
    from peft.utils.error import NoMatchingPeftModuleError

    assert recipe.lora_rank is not None, "the recipe is checked to name it"
    assert recipe.lora_alpha is not None, "the recipe is checked to name it"
    for card, model in adapter.pieces():
        config = LoraConfig(
            r=recipe.lora_rank,
            lora_alpha=recipe.lora_alpha,  # type: ignore[arg-type]  # any number divides
            lora_dropout=recipe.lora_dropout,
            target_modules=list(card.lora_targets),
            bias="none",
        )
        try:
            inject_adapter_in_model(config, model)
        except (NoMatchingPeftModuleError, ValueError) as error:
            raise CardError(
                f"{card.name}: lora_targets {', '.join(card.lora_targets)}: {error}"
            ) from error


def additions(adapter: Adapter) -> Iterator[nn.Parameter]:
    """A and B of every target."""
    for _, _, layer in _layers(adapter):
        for pair in (layer.lora_A, layer.lora_B):
            yield from pair.parameters()


def merge_lora(adapter: Adapter) -> None:
    """Add what was learnt to the matrices, in place: W + (α / r) B A; nothing of peft is left.

    Without additions nothing happens.
    """
    for holder, name, layer in _layers(adapter):
        layer.merge()
        setattr(holder, name, layer.get_base_layer())


def _layers(adapter: Adapter) -> list[tuple[nn.Module, str, "LoraLayer"]]:
    """Each layer with an addition, the module that holds it, and its name there."""
    if "peft" not in sys.modules:
        return []  # nobody has put one in
    from peft.tuners.lora.layer import LoraLayer

    return [
        (holder, name, child)
        for holder in adapter.modules()
        for name, child in holder.named_children()
        if isinstance(child, LoraLayer)
    ]
