"""Words stand at their first token; the loss counts words that have a tag and a token."""

import torch
from torch.nn.functional import cross_entropy

from mmbench.data.ragged import IGNORED
from mmbench.heads.classify import ClassifyHead
from mmbench.heads.tag import TagHead, read, tag_loss, words_from
from mmbench.models.word_tokens import NOWHERE

STARTS = torch.tensor([[1, 2, 4], [1, NOWHERE, IGNORED]])
TAGS = torch.tensor([[0, 2, 1], [1, 0, IGNORED]])


def test_a_word_has_the_features_of_its_first_token() -> None:
    tokens = torch.arange(2 * 6 * 3, dtype=torch.float32).reshape(2, 6, 3)
    words = words_from(tokens, STARTS)
    assert words.shape == (2, 3, 3)
    for row, word, place in [(0, 0, 1), (0, 1, 2), (0, 2, 4), (1, 0, 1)]:
        assert torch.equal(words[row, word], tokens[row, place])


def test_words_without_a_tag_or_a_token_are_not_counted() -> None:
    assert read(TAGS, STARTS).tolist() == [[True, True, True], [True, False, False]]


def test_the_loss_is_torchs_over_the_words_that_count() -> None:
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    some, tags = logits[[0, 0, 0, 1], [0, 1, 2, 0]], torch.tensor([0, 2, 1, 1])
    for smoothing in (0.0, 0.1):
        torch.testing.assert_close(
            tag_loss(logits, TAGS, STARTS, smoothing),
            cross_entropy(some, tags, reduction="sum", label_smoothing=smoothing),
        )


def test_a_word_without_a_token_has_no_gradient() -> None:
    logits = torch.randn(2, 3, 4, requires_grad=True)
    tag_loss(logits, TAGS, STARTS, 0.1).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad[1, 1:].abs().max() == 0
    assert logits.grad[0].abs().min() > 0


def test_each_word_is_answered_by_itself() -> None:
    torch.manual_seed(0)
    head = TagHead(ClassifyHead(3, 4, layers="mlp", hidden=5)).eval()
    words = torch.randn(2, 5, 3)
    torch.testing.assert_close(head(words)[1, 3], head(words[1:, 3:4])[0, 0])
