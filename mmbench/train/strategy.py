"""What a strategy trains and what it leaves as it was.

    probe, head   the head
    partial       the last blocks of each tower and what stands above them
    bitfit        biases and norms (Ben Zaken et al. 2022, arXiv:2106.10199, and the norms)
    lora          low-rank additions to some of the matrices; see `train.lora`
    full          everything

Modules of a backbone that nobody has trained before (`Adapter.fresh`) train with the head under
every strategy, and so does the scale that a dual encoder multiplies its cosines by under every one
that has a backbone in the loop.
"""

from collections.abc import Iterator, Mapping, Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmbench.cards import Recipe
from mmbench.errors import TrialError
from mmbench.models.base import Adapter, PairedAdapter
from mmbench.train.fused import FusedFeatures
from mmbench.train.learner import Learner
from mmbench.train.lora import add_lora, additions, merge_lora

BATCH_TRAINED = ("partial", "full", "bitfit")
"""Strategies that train layers of BatchNorm, which then normalise by the batch."""


def check(adapter: Adapter, recipe: Recipe) -> None:
    """TrialError where accumulation would not give the full batch's gradient, or where a backbone
    has fewer blocks than are to be trained."""
    accumulates = recipe.micro_batch is not None and recipe.micro_batch < recipe.batch_size
    if recipe.strategy in BATCH_TRAINED and accumulates and adapter.batch_statistics:
        raise TrialError(
            f"{adapter.card.name} normalises by batch statistics: micro-batches of "
            f"{recipe.micro_batch} are not the same as a batch of {recipe.batch_size}. "
            "Remove micro_batch, or use strategy: head, probe or lora."
        )
    if recipe.strategy == "partial":
        assert recipe.blocks is not None, "the recipe is checked to name them"
        fewest = min(len(stack) for stack in adapter.layers().stacks)
        if recipe.blocks >= fewest:
            raise TrialError(
                f"{adapter.card.name} has {fewest} blocks: training the last {recipe.blocks} of "
                f"them leaves none frozen. Set blocks to {fewest - 1} or less, or take strategy: "
                "full"
            )


def freeze(learner: Learner, recipe: Recipe) -> None:
    """Only what the strategy trains keeps requires_grad; the head does always. LoRA is put in."""
    backbone = learner.backbone
    if recipe.strategy == "lora":
        assert isinstance(backbone, Adapter), "the recipe is checked to train a backbone"
        add_lora(backbone, recipe)
    for parameter in backbone.parameters():
        parameter.requires_grad_(recipe.strategy == "full")
    for parameter in _trained(backbone, recipe) if isinstance(backbone, Adapter) else ():
        parameter.requires_grad_(True)
    for module in _fresh(backbone):
        module.requires_grad_(True)


def settle(learner: Learner) -> None:
    """After training: what LoRA has added becomes part of the backbone's matrices."""
    if isinstance(learner.backbone, Adapter):
        merge_lora(learner.backbone)


def training_mode(learner: Learner, recipe: Recipe) -> None:
    """What is frozen stays in eval mode: no dropout, and BatchNorm keeps its statistics.

    Where bitfit and LoRA train pieces of every layer, dropout works as in full fine-tuning; LoRA
    trains no BatchNorm, so that all keep their statistics.
    """
    learner.train()
    backbone = learner.backbone
    if recipe.strategy in ("full", "bitfit"):
        return
    if recipe.strategy == "lora":
        for module in backbone.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
        return
    backbone.eval()
    if recipe.strategy == "partial":
        assert isinstance(backbone, Adapter), "blocks are those of a backbone"
        for module in _upper(backbone, recipe):
            module.train()
    for module in _fresh(backbone):
        module.train()


def rate_factors(learner: Learner, recipe: Recipe) -> Mapping[nn.Parameter, float]:
    """What the learning rate of a parameter is multiplied by; those that are not named keep it.

    A block at depth d (1 is the last) learns at layer_decay ** d, what stands below n blocks at
    layer_decay ** (n + 1), what stands above them and the head at 1, as in BEiT (arXiv:2106.08254)
    and timm; the backbone as a whole at backbone_rate_factor of that.
    """
    backbone = learner.backbone
    if recipe.backbone_rate_factor == recipe.layer_decay == 1.0:
        return {}
    assert isinstance(backbone, Adapter), "the recipe is checked to train a backbone"
    depths = backbone.layers().depths if recipe.layer_decay != 1.0 else {}
    own = {p for module in backbone.fresh() for p in module.parameters()}
    return {
        parameter: recipe.backbone_rate_factor * recipe.layer_decay ** depths.get(name, 0)
        for name, parameter in backbone.named_parameters()
        if parameter not in own
    }


def _fresh(backbone: nn.Module) -> Sequence[nn.Module]:
    """What of a backbone, or of what stands for it, trains with the head."""
    return backbone.fresh() if isinstance(backbone, Adapter | FusedFeatures) else ()


def _trained(backbone: Adapter, recipe: Recipe) -> Iterator[nn.Parameter]:
    """What of a backbone is trained besides what is new to it."""
    if recipe.strategy == "partial":
        assert recipe.blocks is not None, "the recipe is checked to name them"
        depths = backbone.layers().depths
        yield from (p for name, p in backbone.named_parameters() if depths[name] <= recipe.blocks)
    if recipe.strategy == "bitfit":
        yield from _biases_and_norms(backbone)
    if recipe.strategy == "lora":
        yield from additions(backbone)
    if recipe.trains_backbone and isinstance(backbone, PairedAdapter):
        yield from (p for p in (backbone.log_scale, backbone.bias) if p is not None)


def _upper(backbone: Adapter, recipe: Recipe) -> Iterator[nn.Module]:
    """The modules that `partial` trains."""
    layers = backbone.layers()
    for stack in layers.stacks:
        yield from stack[len(stack) - (recipe.blocks or 0) :]
    yield from layers.above


def _biases_and_norms(backbone: nn.Module) -> Iterator[nn.Parameter]:
    """Vectors that are called a bias, in_proj_bias of torch's attention included, and the weights
    of norms."""
    for module in backbone.modules():
        norm = "norm" in type(module).__name__.lower()
        for name, parameter in module.named_parameters(recurse=False):
            if (norm or "bias" in name) and parameter.ndim < 2:
                yield parameter
