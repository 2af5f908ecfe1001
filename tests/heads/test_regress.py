"""The regression head answers in the target's unit; its losses against closed forms."""

import pytest
import torch
from torch.nn import HuberLoss, MSELoss

from mmbench.heads.classify import ClassifyHead
from mmbench.heads.regress import RegressHead
from mmbench.models.base import Features

TARGETS = torch.tensor([120.0, 80.0, 100.0, 140.0, 60.0])  # mean 100, deviation √800


def head() -> RegressHead:
    torch.manual_seed(0)
    made = RegressHead(ClassifyHead(4, 1)).eval()
    made.fit(TARGETS)
    return made


def test_answers_are_deviations_from_the_mean_of_training_turned_back() -> None:
    made, pooled = head(), torch.randn(3, 4)
    assert made.unit.mean.item() == 100.0
    assert made.unit.std.item() == pytest.approx(800**0.5)
    wanted = made.layers(Features(pooled=pooled))[:, 0] * 800**0.5 + 100
    torch.testing.assert_close(made(Features(pooled=pooled)), wanted)


def test_the_squared_loss_is_that_of_standardised_targets() -> None:
    made, predicted = head(), torch.tensor([110.0, 90.0, 95.0, 150.0, 10.0])
    scaled = [(side - 100) / 800**0.5 for side in (predicted, TARGETS)]
    torch.testing.assert_close(
        made.loss(predicted, TARGETS, "mse"), MSELoss(reduction="sum")(*scaled)
    )


def test_hubers_loss_is_that_of_standardised_targets() -> None:
    made, predicted = head(), torch.tensor([110.0, 90.0, 95.0, 150.0, 10.0])
    scaled = [(side - 100) / 800**0.5 for side in (predicted, TARGETS)]
    torch.testing.assert_close(
        made.loss(predicted, TARGETS, "huber"), HuberLoss(reduction="sum")(*scaled)
    )
    assert made.loss(predicted, TARGETS, "huber") < made.loss(predicted, TARGETS, "mse")


def test_a_feature_beyond_all_measure_has_a_bounded_share() -> None:
    torch.manual_seed(0)
    made = RegressHead(ClassifyHead(4, 1, standardise=True)).eval()
    made.fit(TARGETS)
    assert made.layers.standardise is not None
    known = torch.randn(64, 4)
    known[:, 2] = 0
    known[0, 2] = 1e-4  # its deviation is 1e-5
    made.layers.standardise.fit(known)
    far, row = made.layers.standardise.mean.clone(), made.layers.standardise.std[2]
    far[2] += 10 * row
    wild = far.clone()
    wild[2] = 0.5
    answers = made(Features(pooled=torch.stack([far, wild])))
    assert answers[0].item() == pytest.approx(answers[1].item(), abs=1e-3)
    without = ClassifyHead.forward(made.layers, Features(pooled=wild[None])).abs().item()
    assert without > 1000


def test_a_constant_target_does_not_divide_by_zero() -> None:
    made = RegressHead(ClassifyHead(4, 1))
    made.fit(torch.full((4,), 7.0))
    assert (made.unit.mean.item(), made.unit.std.item()) == (7.0, 1.0)


def test_mean_and_deviation_are_kept_with_the_weights() -> None:
    blank = RegressHead(ClassifyHead(4, 1)).eval()
    blank.load_state_dict(head().state_dict())
    pooled = torch.randn(2, 4)
    assert torch.equal(blank(Features(pooled=pooled)), head()(Features(pooled=pooled)))
