"""Classes by their names: a linear layer that starts as the class names' embeddings."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmbench.heads.contrast import LARGEST_SCALE
from mmbench.models.base import Features


class ZeroShotHead(nn.Module):
    """Features [B, D] of a dual encoder → logits [B, C]: scale × cosine with each class.

    classes: [C, D], of length 1 (Radford et al. 2021, section 3.1.4). Trained, it is fine-tuning
    from the zero-shot classifier (Wortsman et al. 2022, arXiv:2109.01903, section 3).
    """

    def __init__(self, classes: Tensor, log_scale: float) -> None:
        super().__init__()
        self.classes = nn.Parameter(classes.clone())
        self.log_scale = nn.Parameter(torch.tensor(log_scale))

    def forward(self, features: Features) -> Tensor:
        pooled = functional.normalize(features.pooled.float(), dim=1)
        return self.log_scale.exp() * pooled @ self.classes.T

    @torch.no_grad()
    def clamp(self) -> None:
        self.log_scale.clamp_(max=LARGEST_SCALE)


def class_embeddings(prompts: Tensor, classes: int) -> Tensor:
    """Embeddings of every prompt [C × P, D], class by class → [C, D] of length 1.

    The mean of the normalised embeddings of a class's prompts, normalised again: the prompt
    ensemble of Radford et al. 2021, section 3.1.4, as open_clip builds it.
    """
    each = functional.normalize(prompts.float(), dim=1).view(classes, -1, prompts.shape[1])
    return functional.normalize(each.mean(1), dim=1)
