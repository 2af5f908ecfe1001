"""Any number of C labels: a logit a label on pooled features; binary cross-entropy."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmbench.heads.classify import ClassifyHead


@torch.no_grad()
def start_at_frequencies(head: ClassifyHead, targets: Tensor) -> None:
    """Set the last biases to the log-odds of each label in the training targets [N, C], so that
    no steps go into learning that most labels are rare (the prior of Lin et al. 2017,
    arXiv:1708.02002, label by label). One row more with the label and one without it keep them
    finite."""
    last = head.layers[-1]
    assert isinstance(last, nn.Linear), "every head ends in one"
    having = targets.double().sum(0) + 1
    last.bias.copy_(torch.log(having / (len(targets) + 2 - having)))


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Sum over the rows of the mean over the labels of −log σ(±logit), in float32: logits,
    targets [B, C].

    Divided by the rows it is torch's binary_cross_entropy_with_logits, as transformers has it for
    problem_type multi_label_classification; a task with more labels has no larger gradients.
    """
    each = functional.binary_cross_entropy_with_logits(
        logits.float(), targets.float(), reduction="none"
    )
    return each.mean(dim=1).sum()
