"""How many parameters a card's architecture has, its weights nowhere.

The model is built on torch's meta device, which has shapes and no memory, so that nothing is
downloaded and nothing large is held.
"""

import torch
from torch import nn

from mmbench.cards import ModelCard, RandomModel, as_random


def architecture(card: ModelCard) -> nn.Module:
    """The model that the card's adapter loads, on the meta device; CardError without a config."""
    scratch = as_random(card)
    source = scratch.source
    assert isinstance(source, RandomModel), "a pair and a fusion are counted by their parts"
    with torch.device("meta"):
        if card.adapter == "generative":
            from mmbench.models import generative_loading

            return generative_loading.random(source.config, card.name)
        if card.adapter == "audio":
            from mmbench.models import speech

            return speech.random(scratch)
        if card.library == "transformers":
            from mmbench.models import from_transformers

            return from_transformers.random(source.config, card.name)
        assert card.architecture is not None, "a model of timm or open_clip names its architecture"
        if card.library == "timm":
            from mmbench.models import from_timm

            return from_timm.random(card.architecture, source.config, card.name)
        from mmbench.models import from_open_clip

        return from_open_clip.random(card.architecture, source.config, card.name)[0]


def parameters_of(model: nn.Module) -> int:
    """Of the whole model, a classifier that is cut off not among them."""
    return sum(parameter.numel() for parameter in model.parameters())
