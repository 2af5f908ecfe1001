"""Card → adapter: the one door through which a model comes in."""

from importlib import import_module

import torch

from mmbench.cards import ModelCard
from mmbench.errors import CardError, did_you_mean
from mmbench.models.base import Adapter

BUILT_IN = {
    "audio": "mmbench.models.audio:AudioAdapter",
    "dual": "mmbench.models.dual:DualAdapter",
    "fusion": "mmbench.models.fusion:FusionAdapter",
    "generative": "mmbench.models.generative:GenerativeAdapter",
    "image": "mmbench.models.image:ImageAdapter",
    "pair": "mmbench.models.pair:PairAdapter",
    "text": "mmbench.models.text:TextAdapter",
}


def load(card: ModelCard, *, seed: int = 0) -> Adapter:
    """The adapter of `card` in eval mode, float32, on the CPU.

    `seed` draws the weights of a random start; torch's generators are left as they were. CardError
    if the card is wrong, TrialError if its files are missing, unreadable or not what it says.
    """
    adapter_class = adapter_class_of(card)
    # the CPU generator alone is forked and seeded: weights are drawn there, on every machine
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        adapter = adapter_class.from_card(card)
    return adapter.float().eval()


def adapter_class_of(card: ModelCard) -> type[Adapter]:
    """The class that `card.adapter` names: a short name, or `module:Class`, imported only now."""
    where = f"{card.name}: adapter {card.adapter!r}"
    module_name, separator, class_name = BUILT_IN.get(card.adapter, card.adapter).partition(":")
    if not separator:
        hint = did_you_mean(card.adapter, BUILT_IN)
        raise CardError(
            f"{where} is neither built in ({', '.join(BUILT_IN)}) nor 'module:Class'{hint}"
        )
    try:
        found = getattr(import_module(module_name), class_name)
    except ImportError as error:
        raise CardError(f"{where} cannot be imported: {error}. Install its package.") from error
    except (AttributeError, ValueError):
        raise CardError(f"{where}: module {module_name!r} has no class {class_name!r}") from None
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise CardError(f"{where} is no subclass of mmbench.models.base.Adapter")
    return found
