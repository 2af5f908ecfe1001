"""The loss of label sets against torch's and scikit-learn's."""

from typing import Literal

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch.nn import BCEWithLogitsLoss

from mmbench.heads.classify import ClassifyHead
from mmbench.heads.multilabel import binary_cross_entropy, start_at_frequencies
from mmbench.models.base import Features


def test_the_mean_over_rows_is_torchs_mean_over_all() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(12, 5, generator=generator)
    targets = (torch.rand(12, 5, generator=generator) < 0.3).float()
    ours = binary_cross_entropy(logits, targets) / 12
    torch.testing.assert_close(ours, BCEWithLogitsLoss()(logits, targets))


def test_it_is_the_log_loss_of_each_label_that_scikit_learn_gives() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(40, 3)).astype(np.float32)
    targets = rng.integers(0, 2, size=(40, 3))
    chances = 1 / (1 + np.exp(-logits.astype(np.float64)))
    theirs = np.mean([log_loss(targets[:, c], chances[:, c]) for c in range(3)])
    ours = binary_cross_entropy(torch.tensor(logits), torch.tensor(targets))
    assert ours.item() / 40 == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("layers", ["linear", "mlp"])
def test_a_fresh_head_says_how_frequent_labels_are(layers: Literal["linear", "mlp"]) -> None:
    targets = torch.zeros(8, 3)
    targets[:2, 0] = 1
    targets[:, 2] = 1
    head = ClassifyHead(4, 3, layers=layers, hidden=5 if layers == "mlp" else None).eval()
    start_at_frequencies(head, targets)
    last = head.layers[-1]
    assert isinstance(last, torch.nn.Linear)
    torch.nn.init.zeros_(last.weight)
    chances = torch.sigmoid(head(Features(pooled=torch.randn(1, 4))))[0]
    assert chances.tolist() == pytest.approx([3 / 10, 1 / 10, 9 / 10])


def test_certain_logits_do_not_overflow() -> None:
    logits, targets = torch.tensor([[500.0, -500.0]]), torch.tensor([[0.0, 0.0]])
    assert binary_cross_entropy(logits, targets).item() == 250.0
