"""Fused models under the strategies that train part of their encoders, and after a probe."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mmbench.cards import ModelCard, Pretraining, ProbeFirst, Recipe, TaskCard
from mmbench.models.fusion import FusionAdapter
from mmbench.models.loading import load
from mmbench.plan import mismatch
from mmbench.records import Record
from mmbench.train.kept import load_kept
from mmbench.train.stages import as_probe
from tests.models.fusion_samples import BLOCKS, By
from tests.train.test_fusion_trials import FULL, accuracy, eye, make, measured, task
from tests.train.trials import run

__all__ = ["eye", "make", "task"]  # fixtures

pytestmark = pytest.mark.usefixtures("quick_timing")

SHORT = replace(FULL, epochs=1, evaluations=1)
WAYS: dict[str, Recipe] = {
    "partial": replace(SHORT, name="partial", strategy="partial", blocks=1),
    "bitfit": replace(SHORT, name="bitfit", strategy="bitfit"),
    "lora": replace(SHORT, name="lora", strategy="lora", lora_rank=2, lora_alpha=4.0),
}


def taught(card: ModelCard) -> ModelCard:
    """Both parts state their targets."""
    return replace(
        card,
        parts={
            side: replace(part, lora_targets=("query", "value", "q_proj", "v_proj"))
            for side, part in card.parts.items()
        },
    )


def changed(before: FusionAdapter, after: FusionAdapter) -> dict[str, Tensor]:
    """The parameters of the encoders that training moved, by name."""
    old = dict(before.parts.named_parameters())
    return {n: p for n, p in after.parts.named_parameters() if not torch.equal(p, old[n])}


def trained(
    card: ModelCard, task: TaskCard, recipe: Recipe, folder: Path
) -> tuple[Record, FusionAdapter, FusionAdapter]:
    assert mismatch(card, task, recipe) is None
    record = run(card, task, recipe, folder, keep="best")
    start, kept = load(card), load_kept(folder / "model").adapter
    assert isinstance(start, FusionAdapter)
    assert isinstance(kept, FusionAdapter)
    return record, start, kept


@pytest.mark.parametrize("by", BLOCKS)
@pytest.mark.parametrize("way", WAYS)
def test_each_way_moves_its_part_of_both_encoders_and_all_of_the_block(
    way: str, by: By, make: Callable[[By], ModelCard], task: TaskCard, tmp_path: Path
) -> None:
    record, start, kept = trained(taught(make(by)), task, WAYS[way], tmp_path)
    moved = changed(start, kept)
    assert {name.split(".")[0] for name in moved} == {"image", "text"}
    if way == "partial":
        assert not any(".layer.0." in name or "embed" in name for name in moved)
    if way == "bitfit":
        assert all(value.ndim < 2 for value in moved.values())
    if way == "lora":
        ends = {name.split(".")[-2] for name in moved if name.endswith("weight")}
        assert ends == {"query", "value"} or ends == {"query", "value", "q_proj", "v_proj"}
    head = measured(record, "trainable_parameters") - sum(
        p.numel() for p in kept.block.parameters()
    )
    if way != "lora":
        assert head >= sum(p.numel() for p in moved.values())


@pytest.mark.parametrize("by", ["concatenation", "gated"])
def test_a_probe_that_comes_first_hands_over_its_head_and_its_block(
    by: By, make: Callable[[By], ModelCard], task: TaskCard, tmp_path: Path
) -> None:
    """At a rate that changes nothing the second stage answers as the probe did."""
    first = ProbeFirst(learning_rates=(0.02,), epochs=20, batch_size=16, evaluations=4)
    both = replace(SHORT, name="both", probe_first=first, learning_rates=(1e-9,))
    record = run(make(by), task, both, tmp_path / "both")
    probe = run(make(by), task, as_probe(both), tmp_path / "probe")
    assert accuracy(record) == accuracy(probe)
    assert accuracy(record) > 0.9


def test_no_probe_comes_before_cross_attention(
    make: Callable[[By], ModelCard], task: TaskCard
) -> None:
    first = ProbeFirst(learning_rates=(0.02,), epochs=1, batch_size=16, evaluations=1)
    both = replace(SHORT, probe_first=first)
    assert "reads every token" in (mismatch(make("cross_attention"), task, both) or "")


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        (
            Pretraining(objective="mlm", learning_rate=1e-3, epochs=1, mask_share=0.15),
            "text encoder",
        ),
        (Pretraining(objective="contrastive", learning_rate=1e-3, epochs=1), "dual encoders"),
    ],
)
def test_a_fused_model_is_not_pretrained(
    stage: Pretraining, reason: str, make: Callable[[By], ModelCard], task: TaskCard
) -> None:
    assert reason in (mismatch(make("gated"), task, replace(SHORT, pretraining=stage)) or "")
