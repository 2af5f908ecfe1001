"""Cards of a fusion of the tiny encoders, four captioned pictures, and what it makes of them."""

from typing import Literal

import torch
from torch import Tensor

from mmbench.cards import FusionModel, ModelCard
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.models.fusion import FusionAdapter
from mmbench.models.loading import load
from tests.models.samples import encoded, picture

By = Literal["concatenation", "gated", "cross_attention"]
BLOCKS: tuple[By, ...] = ("concatenation", "gated", "cross_attention")
PICTURES = [picture(n) for n in range(3)]
CAPTIONS = ("a big red dog ran", "the cat", "a mat on a mat")
ROWS = ((0, 0), (1, 1), (0, 2), (2, 1))
"""The picture and the caption of each of four rows."""


def fusion_card(image: ModelCard, text: ModelCard, by: By, width: int = 8) -> ModelCard:
    """As the catalog makes it of the two cards it looked up."""
    own = None if by == "concatenation" else width
    return ModelCard(
        name="tiny-fusion",
        family="fusion",
        languages=text.languages,
        modalities=("image", "text"),
        adapter="fusion",
        source=FusionModel(via="fusion", image=image.name, text=text.name, by=by, width=own),
        gives=("fused",),
        parts={"image": image, "text": text},
    )


def loaded(card: ModelCard, *, seed: int = 0) -> FusionAdapter:
    adapter = load(card, seed=seed)
    assert isinstance(adapter, FusionAdapter)
    return adapter


def captioned() -> Examples:
    columns = {
        "image": [encoded(PICTURES[i]) for i, _ in ROWS],
        "text": [CAPTIONS[t] for _, t in ROWS],
    }
    return Examples(ids=("a", "b", "c", "d"), inputs=columns)  # type: ignore[arg-type]


@torch.no_grad()
def fused(adapter: FusionAdapter, cache: Cache, *, batch: int = 4) -> Tensor:
    rows = adapter.prepare(captioned(), cache)
    found = [adapter(rows.collate(range(i, min(i + batch, 4)))).pooled for i in range(0, 4, batch)]
    return torch.cat(found)
