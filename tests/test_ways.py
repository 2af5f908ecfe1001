"""Ways to fine-tune that a model or a kind of task does not have are refused with the reason."""

from dataclasses import replace

import pytest

from mmbench.cards import ModelCard, Pretraining, ProbeFirst, Recipe, TaskCard
from mmbench.kinds import kind
from mmbench.ways import not_this_way
from tests.specimens import MODEL, RECIPE, TASK

FULL = replace(RECIPE, strategy="full")
LORA = replace(RECIPE, strategy="lora", lora_rank=4, lora_alpha=8.0)
MLM = Pretraining(objective="mlm", learning_rate=1e-4, epochs=1, mask_share=0.15)
PAIRS = Pretraining(objective="contrastive", learning_rate=1e-4, epochs=1)
WITH_TARGETS = replace(MODEL, lora_targets=("query",))
FOUND = replace(TASK, kind="retrieval", inputs={"image": "picture", "text": "note"})


def why(recipe: Recipe, model: ModelCard = MODEL, task: TaskCard = TASK) -> str | None:
    return not_this_way(model, task, recipe, kind(task.kind))


def test_lora_needs_to_be_told_where() -> None:
    reason = "tiny states no lora_targets: its card must say which layers to add to"
    assert why(LORA) == reason
    assert why(LORA, WITH_TARGETS) is None


def test_shots_are_drawn_by_class() -> None:
    assert why(replace(FULL, shots=5)) is None
    reason = "shots are drawn by class; kind 'retrieval' has none"
    assert why(replace(FULL, shots=5), task=FOUND) == reason


def test_a_kind_without_a_probe_has_none_to_begin_with() -> None:
    first = replace(FULL, probe_first=ProbeFirst(learning_rates=(1e-3,), epochs=1))
    assert why(first) is None
    wanted = replace(kind("classification"), strategies=("full",))
    reason = "kind 'classification' has no strategy 'probe', so none can come first"
    assert not_this_way(MODEL, TASK, first, wanted) == reason


@pytest.mark.parametrize(
    ("pretraining", "model", "task", "reason"),
    [
        (MLM, MODEL, TASK, None),
        (MLM, replace(MODEL, adapter="acme:Text"), TASK, "masked language modelling is for text"),
        (MLM, MODEL, FOUND, "masked language modelling is for text encoders"),
        (PAIRS, MODEL, TASK, "contrastive pre-training is for dual encoders"),
        (PAIRS, replace(MODEL, gives=("pooled", "joint")), FOUND, None),
        (PAIRS, replace(MODEL, gives=("paired",)), FOUND, "contrastive pre-training is for dual"),
    ],
)
def test_what_can_be_pre_trained_on_what(
    pretraining: Pretraining, model: ModelCard, task: TaskCard, reason: str | None
) -> None:
    found = why(replace(FULL, pretraining=pretraining), model, task)
    assert found is None if reason is None else (found or "").startswith(reason)
