"""What a strategy trains and what it leaves as it was."""

from mmbench.cards import Recipe
from mmbench.errors import TrialError
from mmbench.models.base import Adapter
from mmbench.train.learner import Learner


def check(adapter: Adapter, recipe: Recipe) -> None:
    """TrialError where accumulation would not give the full batch's gradient."""
    accumulates = recipe.micro_batch is not None and recipe.micro_batch < recipe.batch_size
    if recipe.strategy == "full" and accumulates and adapter.batch_statistics:
        raise TrialError(
            f"{adapter.card.name} normalises by batch statistics: micro-batches of "
            f"{recipe.micro_batch} are not the same as a batch of {recipe.batch_size}. "
            "Remove micro_batch, or use strategy: head or probe."
        )


def freeze(learner: Learner, recipe: Recipe) -> None:
    """Only what the strategy trains keeps requires_grad."""
    trains_backbone = recipe.strategy == "full"
    for parameter in learner.backbone.parameters():
        parameter.requires_grad_(trains_backbone)


def training_mode(learner: Learner, recipe: Recipe) -> None:
    """A frozen backbone stays in eval mode: no dropout, and BatchNorm keeps its statistics."""
    learner.train()
    if recipe.strategy != "full":
        learner.backbone.eval()
