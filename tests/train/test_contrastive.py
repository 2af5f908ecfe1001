"""The contrastive learner: cached gradients are exact, and scale and bias are whose they are."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmbench.cards import ModelCard, Side
from mmbench.data.batches import Batch
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import Inputs, Prepared
from mmbench.heads.contrast import LARGEST_SCALE, START, ContrastHead, ProjectionShape, Similarity
from mmbench.models.base import Features, PairedAdapter
from mmbench.train.contrastive import Contrastive, RandomState
from mmbench.train.learner import Place

CPU = torch.device("cpu")
WIDTHS: dict[Side, int] = {"image": 6, "text": 5}


class Towers(PairedAdapter):
    """Two small networks with dropout, and a scale and bias of their own."""

    def __init__(self, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.widths = {"image": 4, "text": 4}
        self.joint = True
        self.similarity = "softmax"
        self.batch_statistics = False
        self.towers = nn.ModuleDict(
            {
                side: nn.Sequential(
                    nn.Linear(width, 16), nn.GELU(), nn.Dropout(dropout), nn.Linear(16, 4)
                )
                for side, width in WIDTHS.items()
            }
        )
        self.log_scale = nn.Parameter(torch.tensor(2.0))
        self.bias = nn.Parameter(torch.tensor(-1.0))

    def encode(self, side: Side, inputs: Inputs) -> Tensor:
        found: Tensor = self.towers[side](inputs["features"])
        return found

    def encoder_card(self, side: Side) -> ModelCard:
        raise NotImplementedError

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        raise NotImplementedError

    def prepare(self, examples: Examples, cache: Cache) -> Prepared:
        raise NotImplementedError

    def forward(self, inputs: Inputs) -> Features:
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        raise NotImplementedError


def batches(sizes: Sequence[int], keys: Sequence[int]) -> list[Batch]:
    generator = torch.Generator().manual_seed(7)
    rows = sum(sizes)
    image = torch.randn(rows, WIDTHS["image"], generator=generator)
    text = torch.randn(rows, WIDTHS["text"], generator=generator)
    ends = np.cumsum([0, *sizes])
    return [
        Batch(
            inputs={"image.features": image[a:b], "text.features": text[a:b]},
            targets=torch.tensor(keys[a:b]),
            indices=list(range(a, b)),
            samples=int(b - a),
            tokens=0,
            padded_tokens=0,
        )
        for a, b in pairwise(ends)
    ]


def learner(
    similarity: Similarity, *, dropout: float = 0.0, own_scale: bool = False
) -> Contrastive:
    torch.manual_seed(3)
    shape = ProjectionShape(layers="mlp", width=3, hidden=8, dropout=dropout, standardise=False)
    head = (
        ContrastHead({"image": 4, "text": 4}, None, start=None)
        if own_scale
        else ContrastHead({"image": 4, "text": 4}, shape, start=START[similarity])
    )
    return Contrastive(Towers(dropout=dropout), head, similarity=similarity)


PLACE = Place(device=CPU, move=lambda batch: batch, autocast=nullcontext)


def gradients(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("similarity", ["softmax", "sigmoid"])
@pytest.mark.parametrize("own_scale", [False, True], ids=["head's scale", "backbone's scale"])
@pytest.mark.parametrize("sizes", [(4, 4, 4), (5, 6, 1), (1,) * 12])
def test_cached_gradients_are_those_of_the_whole_batch(
    similarity: Similarity, own_scale: bool, sizes: tuple[int, ...]
) -> None:
    keys = [0, 1, 2, 3, 0, 4, 5, 6, 6, 7, 8, 9]  # two concepts stand twice, across pieces
    whole, pieces = (learner(similarity, own_scale=own_scale) for _ in range(2))
    one = whole.backward(batches([12], keys), PLACE)
    many = pieces.backward(batches(sizes, keys), PLACE)
    torch.testing.assert_close(many, one, rtol=1e-6, atol=1e-6)
    expected = gradients(whole)
    assert expected.keys() == gradients(pieces).keys()
    assert any(name.endswith("log_scale") for name in expected)
    for name, gradient in gradients(pieces).items():
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=1e-5)


def test_the_loss_is_not_that_of_the_pieces_alone() -> None:
    """Without the cache the micro-batches would be easier: fewer negatives each."""
    model, keys = learner("softmax"), list(range(12))
    whole = float(model.backward(batches([12], keys), PLACE))
    alone = [float(model.backward([piece], PLACE)) for piece in batches([4, 4, 4], keys)]
    assert max(alone) < whole


def test_dropout_is_drawn_alike_in_both_passes() -> None:
    """Frozen embeddings and their gradients fit together only if the masks are the same ones: the
    gradient equals the one that autograd gives for the same masks in one graph."""
    cached, plain = learner("softmax", dropout=0.5), learner("softmax", dropout=0.5)
    sizes, keys = [4, 4], list(range(8))
    torch.manual_seed(11)
    cached.backward(batches(sizes, keys), PLACE)
    torch.manual_seed(11)
    found = [plain.represent(batch.inputs) for batch in batches(sizes, keys)]
    joined = type(found[0])(
        image=torch.cat([each.image for each in found]),
        text=torch.cat([each.text for each in found]),
    )
    (plain.contrast(joined, torch.tensor(keys)) / 8).backward()  # type: ignore[no-untyped-call]
    expected = gradients(plain)
    for name, gradient in gradients(cached).items():
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=1e-5)


def test_a_random_state_leaves_the_generator_where_it_was() -> None:
    torch.manual_seed(0)
    state = RandomState(CPU)
    first = torch.rand(3)
    with state.again():
        assert torch.equal(torch.rand(3), first)
    after = torch.rand(3)
    torch.manual_seed(0)
    torch.rand(3)
    assert torch.equal(torch.rand(3), after)


def test_the_scale_is_clamped_after_a_step() -> None:
    model = learner("softmax")
    with torch.no_grad():
        model.log_scale.fill_(math.log(500.0))
    model.after_step()
    assert float(model.log_scale.detach()) == pytest.approx(LARGEST_SCALE)


def test_the_backbones_own_scale_is_trained_where_the_head_has_none() -> None:
    model = learner("softmax", own_scale=True)
    assert model.log_scale is model.backbone.log_scale
    assert model.bias is None  # a softmax takes no notice of a bias


def test_in_batch_accuracy_is_told_once() -> None:
    model = learner("softmax")
    model.backward(batches([12], list(range(12))), PLACE)
    told = model.take_in_batch()
    assert list(told) == ["in_batch_accuracy"]
    assert 0 <= told["in_batch_accuracy"] <= 1
    assert model.take_in_batch() == {}


def test_predict_gives_the_logit_of_each_row_with_its_own_text() -> None:
    model = learner("sigmoid").eval()
    (batch,) = batches([5], list(range(5)))
    found = model.represent(batch.inputs)
    cosines = torch.cosine_similarity(found.image, found.text)
    assert model.bias is not None
    expected = model.log_scale.exp() * cosines + model.bias
    torch.testing.assert_close(model.predict(batch.inputs), expected)
