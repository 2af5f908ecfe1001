"""That a model learns: gradients reach it, a step changes it and lowers the loss, LoRA finds it."""

from contextlib import nullcontext

import torch
from torch import Tensor

from mmbench.cards import Recipe
from mmbench.conformance.findings import NotApplicable, Violation
from mmbench.conformance.subject import Subject, distance, together
from mmbench.data.batches import Batch
from mmbench.heads.classify import ClassifyHead
from mmbench.models.base import PairedAdapter
from mmbench.models.generative import GenerativeAdapter
from mmbench.train import strategy
from mmbench.train.contrastive import Contrastive
from mmbench.train.generation import Generative
from mmbench.train.learner import Headed, Learner, Place
from mmbench.train.lora import add_lora, additions, merge_lora
from mmbench.train.objectives.retrieval import contrast_head, similarity_of

FULL = Recipe(name="contract", strategy="full", learning_rates=(1e-4,), epochs=1)
LORA = Recipe(
    name="contract-lora",
    strategy="lora",
    learning_rates=(1e-4,),
    epochs=1,
    lora_rank=2,
    lora_alpha=4,
)
CLASSES = 2
LOWER_BY = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""The shares of the loss that a step down its gradient is to take away, to first order: where the
loss is curved, the first step may be too long."""

REACHED = 0.5
"""The share of the weights that a gradient must reach; poolers and the like may lie aside."""

NAMED = 3


def learner_for(subject: Subject) -> Learner:
    """A head that fits what the model gives, on the model itself."""
    adapter = subject.adapter
    if isinstance(adapter, GenerativeAdapter):
        return Generative(adapter)
    if isinstance(adapter, PairedAdapter):
        recipe = Recipe(
            name="contract-pairs",
            strategy="full",
            learning_rates=(1e-4,),
            epochs=1,
            projection_width=16,
        )
        head = contrast_head(adapter, recipe)
        return Contrastive(adapter, head, similarity=similarity_of(adapter, recipe))
    return Headed(adapter, ClassifyHead(adapter.width, CLASSES), label_smoothing=0.0)


def training_step(subject: Subject) -> str:
    """A step in training mode gives finite gradients to most of the weights; a step down the
    gradient lowers the loss; nothing changes its precision or is frozen on the way."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        learner = learner_for(subject)
        batch = _batch(subject)
        strategy.freeze(learner, FULL)
        types = {name: p.dtype for name, p in learner.named_parameters()}
        strategy.training_mode(learner, FULL)
        _gradients(learner, batch)
        missed = _require_gradients(learner)
        learner.zero_grad(set_to_none=True)
        learner.eval()
        before, after, changed = _step(learner, batch)
    lowered = [name for name, p in learner.named_parameters() if p.dtype != types[name]]
    if lowered:
        raise Violation(f"a step changes the precision of {lowered[0]}: {types[lowered[0]]} was it")
    aside = f"; no gradient reaches {len(missed)}: {', '.join(missed[:NAMED])}" if missed else ""
    return f"loss {before:.4f} → {after:.4f}, {changed} weight tensors changed{aside}"


def lora(subject: Subject) -> str:
    """Every name of `lora_targets` ends the name of a layer that LoRA can stand beside; before
    anything is learnt it changes nothing, and merged it leaves a plain model."""
    if not any(card.lora_targets for card, _ in subject.adapter.pieces()):
        raise NotApplicable("no lora_targets: strategy lora is refused for it")
    _require_targets(subject)
    before = together(subject)
    add_lora(subject.adapter, LORA)
    subject.adapter.eval()
    count = sum(p.numel() for p in additions(subject.adapter))
    merge_lora(subject.adapter)
    for row, (one, other) in enumerate(zip(before, together(subject), strict=True)):
        apart, what = distance(one, other)
        if apart > subject.tolerance:
            raise Violation(f"row {row}: its {what} differs by {apart:.1e} with LoRA at its start")
    named = {target for card, _ in subject.adapter.pieces() for target in card.lora_targets}
    return f"{', '.join(sorted(named))}: {count:,} weights at rank {LORA.lora_rank}"


def _require_targets(subject: Subject) -> None:
    for card, module in subject.adapter.pieces():
        names = [
            name for name, layer in module.named_modules() if hasattr(layer, "weight") and name
        ]
        for target in card.lora_targets:
            if not any(name == target or name.endswith(f".{target}") for name in names):
                ends = sorted({name.rpartition(".")[2] for name in names})
                raise Violation(
                    f"lora_targets names {target!r}, which ends the name of no layer of "
                    f"{card.name}; they end in {', '.join(ends)[:200]}"
                )


def _batch(subject: Subject) -> Batch:
    """All rows; of classes, every other row is of the second one, of pairs each has its own key."""
    count = len(subject.rows)
    indices = list(range(count))
    paired = isinstance(subject.adapter, PairedAdapter)
    targets: Tensor | None = torch.arange(count) if paired else torch.arange(count) % CLASSES
    if isinstance(subject.adapter, GenerativeAdapter):
        targets = None
    tokens = int(subject.rows.lengths.sum())
    return Batch(
        inputs=subject.rows.collate(indices),
        targets=targets,
        indices=indices,
        samples=count,
        tokens=tokens,
        padded_tokens=tokens,
    )


def _gradients(learner: Learner, batch: Batch) -> float:
    """Leave them on the weights; the mean loss."""
    place = Place(device=torch.device("cpu"), move=lambda b: b, autocast=nullcontext)
    loss = float(learner.backward([batch], place))
    if not torch.isfinite(torch.tensor(loss)):
        raise Violation(f"the loss of a training step is {loss}")
    return loss


def _require_gradients(learner: Learner) -> list[str]:
    """Names of the backbone's weights that no gradient reaches."""
    missed, reached, whole = [], 0, 0
    for name, parameter in learner.backbone.named_parameters():
        if not parameter.requires_grad:
            raise Violation(f"{name} is frozen although all is to be trained")
        whole += parameter.numel()
        if parameter.grad is None or not bool(parameter.grad.any()):
            missed.append(name)
            continue
        reached += parameter.numel()
        if not bool(torch.isfinite(parameter.grad).all()):
            raise Violation(f"the gradient of {name} is not finite")
    if not reached:
        raise Violation("no gradient reaches the model: it is cut off on the way from the loss")
    return missed if reached > REACHED * whole else _too_few(missed, reached, whole)


def _too_few(missed: list[str], reached: int, whole: int) -> list[str]:
    raise Violation(
        f"a gradient reaches {reached:,} of {whole:,} weights; none {', '.join(missed[:NAMED])} …"
    )


def _step(learner: Learner, batch: Batch) -> tuple[float, float, int]:
    """The loss before and after a step down its gradient, without dropout; how many tensors
    changed."""
    before = _gradients(learner, batch)
    trained = {p: p.grad.clone() for p in learner.parameters() if p.grad is not None}
    learner.zero_grad(set_to_none=True)
    old = [parameter.detach().clone() for parameter in trained]
    squared = sum(float((gradient**2).sum()) for gradient in trained.values())
    after = before
    for share in LOWER_BY:
        with torch.no_grad():
            for parameter, start, gradient in zip(trained, old, trained.values(), strict=True):
                parameter.copy_(start - share * before / squared * gradient)
            after = float(learner.loss(batch)) / learner.count(batch)
        if after < before:
            changed = sum(not torch.equal(p, o) for p, o in zip(trained, old, strict=True))
            return before, after, changed
    raise Violation(f"a step down its gradient takes the loss from {before:.5f} to {after:.5f}")
