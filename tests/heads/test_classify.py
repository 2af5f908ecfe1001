"""The classification head and its loss against closed forms."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from torch import nn

from mmbench.heads.classify import ClassifyHead, Standardise, cross_entropy
from mmbench.models.base import Features


def test_the_loss_is_the_sum_that_scikit_learn_gives() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(40, 5)).astype(np.float32)
    targets = rng.integers(0, 5, size=40)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    theirs = log_loss(targets, shares, labels=range(5), normalize=False)
    ours = cross_entropy(torch.tensor(logits), torch.tensor(targets))
    assert ours.item() == pytest.approx(theirs, rel=1e-5)


def test_smoothing_spreads_the_target_over_all_classes() -> None:
    logits = torch.tensor([[2.0, 0.0, -1.0]])
    log_shares = torch.log_softmax(logits, 1)[0]
    wanted = -(0.9 * log_shares[0] + 0.1 / 3 * log_shares.sum())
    ours = cross_entropy(logits, torch.tensor([0]), smoothing=0.1)
    assert ours.item() == pytest.approx(wanted.item(), rel=1e-6)


def test_standardising_equals_scikit_learn_and_spares_constant_dimensions() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(3, 7, size=(100, 4)).astype(np.float32)
    features[:, 2] = 5.0
    layer = Standardise(4)
    layer.fit(torch.tensor(features))
    theirs = StandardScaler().fit_transform(features)
    np.testing.assert_allclose(layer(torch.tensor(features)).numpy(), theirs, atol=1e-4)


def test_a_linear_head_is_one_matrix_product() -> None:
    head = ClassifyHead(3, 2).eval()
    pooled = torch.randn(5, 3)
    linear = head.layers[1]
    assert isinstance(linear, nn.Linear)
    wanted = pooled @ linear.weight.T + linear.bias
    torch.testing.assert_close(head(Features(pooled=pooled)), wanted)


def test_a_two_layer_head_has_the_width_that_was_asked_for() -> None:
    head = ClassifyHead(8, 3, layers="mlp", hidden=16)
    assert [tuple(p.shape) for p in head.parameters()] == [(16, 8), (16,), (3, 16), (3,)]
