"""Contrastive losses against open_clip's own, and what masking and projections do."""

import math

import pytest
import torch
from open_clip.loss import ClipLoss, SigLipLoss
from torch import Tensor, nn
from torch.nn import functional

from mmbench.heads.contrast import (
    START,
    ContrastHead,
    Embeddings,
    Projection,
    ProjectionShape,
    Similarity,
    cosine_logits,
    in_batch_hits,
    same_but_not_own,
    sigmoid_contrast,
    softmax_contrast,
)

ROWS, WIDTH = 7, 5


@pytest.fixture
def embeddings() -> Embeddings:
    torch.manual_seed(0)
    return Embeddings(image=torch.randn(ROWS, WIDTH), text=torch.randn(ROWS, WIDTH))


def different() -> Tensor:
    return same_but_not_own(torch.arange(ROWS))


def normalised(embeddings: Embeddings) -> tuple[Tensor, Tensor]:
    return functional.normalize(embeddings.image), functional.normalize(embeddings.text)


def test_the_softmax_loss_is_clips(embeddings: Embeddings) -> None:
    scale = torch.tensor(2.0)
    ours = softmax_contrast(cosine_logits(embeddings, scale, None), different()) / ROWS
    theirs = ClipLoss()(*normalised(embeddings), scale.exp())
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


def test_the_sigmoid_loss_is_siglips(embeddings: Embeddings) -> None:
    scale, bias = torch.tensor(math.log(10.0)), torch.tensor(-10.0)
    ours = sigmoid_contrast(cosine_logits(embeddings, scale, bias), different()) / ROWS
    theirs = SigLipLoss()(*normalised(embeddings), scale.exp(), bias)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


def test_rows_of_one_key_are_masked_but_for_the_own_pair() -> None:
    masked = same_but_not_own(torch.tensor([4, 4, 9]))
    assert masked.tolist() == [
        [False, True, False],
        [True, False, False],
        [False, False, False],
    ]


def test_a_masked_pair_is_no_negative(embeddings: Embeddings) -> None:
    """Row 0 and 1 belong together: the loss of the rest is as if each saw only the others."""
    logits = cosine_logits(embeddings, torch.tensor(1.0), None)
    masked = same_but_not_own(torch.tensor([0, 0, 2, 3, 4, 5, 6]))
    expected = 0.0
    for direction in (logits, logits.T):
        for row in range(ROWS):
            kept = [c for c in range(ROWS) if c == row or not masked[row, c]]
            values = direction[row, kept]
            expected += float(values.logsumexp(0) - direction[row, row]) / 2
    assert float(softmax_contrast(logits, masked)) == pytest.approx(expected, rel=1e-6)


def test_a_masked_pair_leaves_the_sigmoid_loss(embeddings: Embeddings) -> None:
    logits = cosine_logits(embeddings, torch.tensor(1.0), torch.tensor(-1.0))
    masked = same_but_not_own(torch.tensor([0, 0, 2, 3, 4, 5, 6]))
    without = -functional.logsigmoid(-logits[0, 1]) - functional.logsigmoid(-logits[1, 0])
    difference = sigmoid_contrast(logits, different()) - sigmoid_contrast(logits, masked)
    torch.testing.assert_close(difference, without)


def test_masked_pairs_give_no_gradient() -> None:
    logits = torch.zeros(3, 3, requires_grad=True)
    masked = same_but_not_own(torch.tensor([1, 1, 2]))
    softmax_contrast(logits, masked).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad[0, 1] == logits.grad[1, 0] == 0
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    ("logits", "hits"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], 2.0),
        ([[0.0, 1.0], [1.0, 0.0]], 0.0),
        ([[1.0, 1.0], [1.0, 1.0]], 0.0),  # a tie is no hit
        ([[1.0, 0.0], [2.0, 3.0]], 1.5),  # text 0 prefers image 1
    ],
)
def test_in_batch_hits_count_both_directions(logits: list[list[float]], hits: float) -> None:
    nothing = torch.zeros(2, 2, dtype=torch.bool)
    assert float(in_batch_hits(torch.tensor(logits), nothing)) == hits


def test_in_batch_hits_leave_masked_pairs_out() -> None:
    logits = torch.tensor([[1.0, 5.0], [5.0, 1.0]])
    assert float(in_batch_hits(logits, same_but_not_own(torch.tensor([3, 3])))) == 2.0


# ------------------------------------------------------------------------------ projections


def shape(**changes: object) -> ProjectionShape:
    known: dict[str, object] = {
        "layers": "mlp",
        "width": 3,
        "hidden": 8,
        "dropout": 0.0,
        "standardise": True,
    }
    return ProjectionShape(**(known | changes))  # type: ignore[arg-type]


def test_a_projection_without_a_width_starts_as_the_identity() -> None:
    features = torch.randn(4, WIDTH)
    for layers, hidden in (("linear", None), ("mlp", 8)):
        projection = Projection(WIDTH, shape(layers=layers, hidden=hidden, width=None))
        assert torch.equal(projection(features), features)
        assert projection.standardise is None  # it would leave the space that is kept


def test_a_projection_with_a_width_standardises_first() -> None:
    projection = Projection(WIDTH, shape())
    assert projection.standardise is not None
    features = 5 + 3 * torch.randn(100, WIDTH)
    projection.standardise.fit(features)
    standard = (features - features.mean(0)) / features.std(0, correction=0)
    torch.testing.assert_close(projection(features), projection.layers(standard))


def test_a_head_without_projections_leaves_features_alone() -> None:
    head = ContrastHead({"image": WIDTH, "text": WIDTH}, None, start=None)
    features = torch.randn(2, WIDTH)
    assert head.project("image", features) is features
    assert list(head.parameters()) == []


@pytest.mark.parametrize("similarity", ["softmax", "sigmoid"])
def test_scale_and_bias_start_where_the_papers_start(similarity: Similarity) -> None:
    head = ContrastHead({"image": 2, "text": 2}, None, start=START[similarity])
    assert isinstance(head.log_scale, nn.Parameter)
    assert isinstance(head.bias, nn.Parameter)
    expected = {"softmax": (1 / 0.07, 0.0), "sigmoid": (10.0, -10.0)}[similarity]
    assert float(head.log_scale.detach().exp()) == pytest.approx(expected[0], rel=1e-6)
    assert float(head.bias) == expected[1]
