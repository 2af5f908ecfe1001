"""The loss sums over all alignments, like a brute force; decoding merges runs and drops blanks."""

from itertools import groupby, product

import numpy as np
import pytest
import torch
from torch import Tensor

from mmbench.data.ragged import IGNORED, Ragged
from mmbench.heads.classify import ClassifyHead
from mmbench.heads.ctc import BLANK, CtcHead, best_path, collapse, ctc_losses, frames_needed

CLASSES = 4
FRAMES = torch.tensor([5, 3, 4])
TARGETS = torch.tensor([[1, 3, 2], [2, IGNORED, IGNORED], [1, 1, IGNORED]])


def logits(seed: int = 0) -> Tensor:
    return torch.randn(3, 5, CLASSES, generator=torch.Generator().manual_seed(seed))


def spelled(path: tuple[int, ...]) -> list[int]:
    """Graves et al. 2006, equation 4's B, written down once more."""
    return [label for label, _ in groupby(path) if label != 0]


def by_brute_force(row: Tensor, frames: int, target: list[int]) -> float:
    """−log of the summed probabilities of every path of that length that spells the target."""
    probabilities = row[:frames].double().softmax(1).numpy()
    total = sum(
        float(np.prod([probabilities[t, label] for t, label in enumerate(path)]))
        for path in product(range(CLASSES), repeat=frames)
        if spelled(path) == target
    )
    return -float(np.log(total))


def test_the_loss_is_that_of_all_alignments() -> None:
    losses = ctc_losses(logits(), FRAMES, TARGETS)
    for row, (frames, target) in enumerate(zip(FRAMES, TARGETS, strict=True)):
        known = [label for label in target.tolist() if label != IGNORED]
        expected = by_brute_force(logits()[row], int(frames), known)
        assert losses[row].item() == pytest.approx(expected, rel=1e-5)


def test_one_frame_has_a_closed_form() -> None:
    """One frame, one character: −log softmax. Two frames: x-, -x and xx spell x."""
    scores = torch.tensor([[[0.3, -1.0, 2.0], [0.5, 0.1, -0.4]]])
    chances = scores.softmax(2)[0]
    one = ctc_losses(scores[:, :1], torch.tensor([1]), torch.tensor([[2]]))
    assert one.item() == pytest.approx(-torch.log(chances[0, 2]).item())
    two = ctc_losses(scores, torch.tensor([2]), torch.tensor([[2]]))
    (blank0, _, x0), (blank1, _, x1) = chances
    assert two.item() == pytest.approx(-torch.log(x0 * blank1 + blank0 * x1 + x0 * x1).item())


def test_neither_padded_frames_nor_padded_targets_count() -> None:
    other = logits(1)
    mixed = torch.stack(
        [torch.cat([a[:n], b[n:]]) for a, b, n in zip(logits(), other, FRAMES, strict=True)]
    )
    wider = torch.cat([TARGETS, torch.full((3, 2), IGNORED)], 1)
    expected = ctc_losses(logits(), FRAMES, TARGETS)
    assert torch.equal(ctc_losses(mixed, FRAMES, TARGETS), expected)
    assert torch.equal(ctc_losses(logits(), FRAMES, wider), expected)


def test_a_padded_frame_has_no_gradient() -> None:
    given = logits().requires_grad_()
    ctc_losses(given, FRAMES, TARGETS).sum().backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None
    for row, frames in zip(given.grad, FRAMES, strict=True):
        assert row[frames:].abs().sum() == 0
        assert row[:frames].abs().min() > 0


def test_too_few_frames_have_an_infinite_loss_and_are_known_before() -> None:
    """Equal neighbours need a blank between them: 1 1 takes three frames, 1 2 two."""
    rows = [[1, 1], [1, 2], [3], [2, 2, 2, 1]]
    assert frames_needed(Ragged.of(rows)).tolist() == [3, 2, 1, 6]
    scores = torch.zeros(1, 6, CLASSES)
    for row in rows:
        needed = int(frames_needed(Ragged.of([row]))[0])
        enough = ctc_losses(scores, torch.tensor([needed]), torch.tensor([row]))
        too_few = ctc_losses(scores, torch.tensor([needed - 1]), torch.tensor([row]))
        assert torch.isfinite(enough).all()
        assert torch.isinf(too_few).all()


def test_the_best_path_ends_with_the_clip() -> None:
    path = best_path(logits(), FRAMES)
    for row, frames, found in zip(logits(), FRAMES, path, strict=True):
        assert found[:frames].tolist() == row[:frames].argmax(1).tolist()
        assert set(found[frames:].tolist()) <= {BLANK}


def test_collapsing_equals_a_brute_force_on_every_short_path() -> None:
    for path in product(range(3), repeat=6):
        expected, before = [], None
        for label in path:
            if label not in (before, 0):
                expected.append(label)
            before = label
        assert collapse(path) == expected
    assert collapse([0, 2, 2, 0, 2, 1, 1, 0]) == [2, 2, 1]


def test_each_frame_is_answered_by_itself() -> None:
    torch.manual_seed(0)
    head = CtcHead(ClassifyHead(3, CLASSES, layers="mlp", hidden=5)).eval()
    frames = torch.randn(2, 5, 3)
    torch.testing.assert_close(head(frames)[1, 3], head(frames[1:, 3:4])[0, 0])
