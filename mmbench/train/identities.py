"""What the features of a trial's backbone depend on, besides its inputs."""

from pathlib import Path
from typing import Literal

from mmbench.cards import ModelCard, Side
from mmbench.data.joint import SIDES
from mmbench.digests import digest_of
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.models.fusion import FusionAdapter
from mmbench.models.generative import GenerativeAdapter
from mmbench.models.identity import weights_digest
from mmbench.models.sources import relocated
from mmbench.records import Trial, model_behaviour


def card_of(trial: Trial) -> ModelCard:
    """The trial's model, with the weights that it starts from."""
    return trial.model if trial.start is None else relocated(trial.model, Path(trial.start))


def identity_of(trial: Trial) -> str:
    """Of the whole model."""
    if trial.start is not None:
        return digest_of([model_behaviour(trial.model), weights_digest(card_of(trial)), "start"])
    seed = trial.seed if trial.model.draws_weights else None
    return digest_of([model_behaviour(trial.model), trial.digests["model"], seed])


def identities(trial: Trial, adapter: Adapter) -> dict[Literal["whole"] | Side, str]:
    """Those of the whole model and of its sides: a pretrained encoder of a pair or a fusion has the
    same features as alone."""
    whole = identity_of(trial)
    found: dict[Literal["whole"] | Side, str] = {"whole": whole}
    if isinstance(adapter, PairedAdapter | FusionAdapter | GenerativeAdapter):
        for side in SIDES:
            card = adapter.encoder_card(side)
            if card == adapter.card:
                found[side] = whole
            elif card.start == "scratch":  # drawn together with the other side
                found[side] = digest_of([whole, side])
            else:
                found[side] = digest_of([model_behaviour(card), weights_digest(card), None])
    return found
