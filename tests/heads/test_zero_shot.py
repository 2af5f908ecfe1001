"""Classes by their names: open_clip's ensemble, cosine logits, and the clamp."""

import math

import pytest
import torch
from torch.nn import functional

from mmbench.heads.zero_shot import ZeroShotHead, class_embeddings
from mmbench.models.base import Features


def test_class_embeddings_are_open_clips_ensemble() -> None:
    """As open_clip.zero_shot_classifier: normalise, mean over templates, normalise."""
    torch.manual_seed(0)
    prompts = torch.randn(3 * 4, 6)
    expected = torch.stack(
        [
            functional.normalize(functional.normalize(each).mean(0), dim=0)
            for each in prompts.view(3, 4, 6)
        ]
    )
    torch.testing.assert_close(class_embeddings(prompts, 3), expected)


def test_logits_are_scaled_cosines() -> None:
    torch.manual_seed(0)
    classes = functional.normalize(torch.randn(3, 6))
    features = torch.randn(2, 6)
    head = ZeroShotHead(classes, math.log(50.0))
    expected = 50 * functional.cosine_similarity(features[:, None], classes[None], dim=2)
    torch.testing.assert_close(head(Features(pooled=features)), expected, rtol=1e-5, atol=1e-5)


def test_the_scale_never_passes_a_hundred() -> None:
    head = ZeroShotHead(torch.eye(2), math.log(1000.0))
    head.clamp()
    assert float(head.log_scale.exp()) == pytest.approx(100.0, rel=1e-5)


def test_training_does_not_change_the_embeddings_it_started_from() -> None:
    classes = torch.eye(2)
    head = ZeroShotHead(classes, 0.0)
    with torch.no_grad():
        head.classes.add_(1.0)
    assert torch.equal(classes, torch.eye(2))
