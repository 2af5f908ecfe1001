"""Fetching one need, so that a run finds it without a connection."""

from mmbench.cards.sources import HubModel, ModelScopeModel
from mmbench.data.identity import data_digest, media_columns
from mmbench.data.sources import read_parts
from mmbench.fetching.needs import Need, TaskNeed
from mmbench.models import hub
from mmbench.models.identity import weights_digest
from mmbench.models.sources import locate


def fetch(need: Need) -> str:
    """Its identity, as trials hash it, once all its files are on this machine and are the card's.

    MmbenchError says what is missing or not what the card says, and what to do.
    """
    if isinstance(need, TaskNeed):
        read_parts(need.source)  # so that what `datasets` makes of the files is kept as well
        return data_digest(need.source, media_columns=media_columns(need.card))
    source = need.source
    if isinstance(source, HubModel | ModelScopeModel):
        weights = hub.weight_files(need.card)
        hub.download(source, weights)
        return hub.identity(source, weights)
    locate(source)
    return weights_digest(need.card)
