"""A model card's contract, at tiny size or in full."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from mmbench.cards import ModelCard
from mmbench.conformance import contract, training
from mmbench.conformance.findings import CheckReport, Finding, Label, each, found
from mmbench.conformance.subject import Subject, subject_of
from mmbench.conformance.tiny import tiny
from mmbench.conformance.tiny_timm import small_towers
from mmbench.models.base import Adapter
from mmbench.models.loading import BUILT_IN, load

TOLERANCE = 1e-4
FULL_TOLERANCE = 1e-3
"""Of many layers, whose rounding adds up."""

CHECKS = {
    "preprocessing": contract.preprocessing,
    "eval mode": contract.eval_mode,
    "batch size": contract.batch_size,
    "padding": contract.padding,
    "gives": contract.gives,
    "batch statistics": contract.batch_statistics,
    "layers": contract.layers,
    "save and load": contract.save_and_load,
    "training step": training.training_step,
    "lora": training.lora,
}
"""In an order in which those that change the weights come last."""


def check_model(card: ModelCard, *, full: bool = False) -> CheckReport:
    """Run the contract on the card's model: shrunk and at random, or with its own weights.

    A card of an adapter of one's own is taken as it is, since nobody else knows how to shrink it.
    CardError where there is nothing to load or to shrink.
    """
    own = card.adapter not in BUILT_IN
    with TemporaryDirectory() as place, nullcontext() if full or own else small_towers():
        folder = Path(place)
        taken = card if full or own else tiny(card, folder / "sources")
        whole = taken.start == "pretrained"
        tolerance = FULL_TOLERANCE if full else TOLERANCE
        findings = _findings(taken, folder, tolerance)
    label: Label = "weights-checked" if whole else "architecture-checked"
    return CheckReport(
        card=card.name,
        kind="model",
        label=label,
        about=_about(card, shrunk=not full and not own, whole=whole),
        findings=tuple(findings),
    )


def _findings(card: ModelCard, folder: Path, tolerance: float) -> list[Finding]:
    loaded: list[Adapter] = []
    ready: list[Subject] = []

    def loads() -> str:
        loaded.append(load(card))
        weights = contract.weights_in(loaded[0])
        return f"{type(loaded[0]).__name__} with {weights:,} weights; the card's rules fit it"

    def reads() -> str:
        ready.append(subject_of(card, loaded[0], folder, tolerance=tolerance))
        return contract.preprocessing(ready[0])

    findings = [found("loads", loads)]
    if loaded:
        findings.append(found("preprocessing", reads))
    if ready:
        rest = {name: partial(check, ready[0]) for name, check in CHECKS.items()}
        del rest["preprocessing"]
        findings += each(rest)
    return findings


def _about(card: ModelCard, *, shrunk: bool, whole: bool) -> str:
    if whole:
        return "with its own weights, tokenizer and preprocessing files"
    if shrunk:
        return (
            f"{card.adapter}, shrunk, from a random start; the vocabulary, the preprocessing files "
            "and the weights of the real model were not seen"
        )
    return "its own adapter as the card describes it, from a random start"
