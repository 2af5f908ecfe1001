"""What a recipe may not say: fields that its strategy has no use for, values out of range."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import Pretraining, ProbeFirst, Recipe, StartFrom
from mmbench.codec import load_card
from mmbench.digests import set_fields
from mmbench.errors import CardError
from tests.specimens import RECIPE

PROBE_FIRST = ProbeFirst(learning_rates=(1e-3,), epochs=2)
MLM = Pretraining(objective="mlm", learning_rate=1e-4, epochs=1, mask_share=0.15)
FULL = replace(RECIPE, strategy="full")
LORA = replace(RECIPE, strategy="lora", lora_rank=8, lora_alpha=16.0)

UNUSED: list[tuple[Recipe, dict[str, object], str]] = [
    (FULL, {"blocks": 2}, "blocks is used by strategy partial alone"),
    (FULL, {"lora_rank": 4}, "lora_rank is used by strategy lora alone"),
    (FULL, {"lora_alpha": 4.0}, "lora_alpha is used by strategy lora alone"),
    (FULL, {"lora_dropout": 0.1}, "lora_dropout is used by strategy lora alone"),
    (RECIPE, {"backbone_rate_factor": 0.1}, "backbone_rate_factor is used by strategy partial"),
    (LORA, {"layer_decay": 0.8}, "layer_decay is used by strategy partial and full and bitfit"),
    (RECIPE, {"probe_first": PROBE_FIRST}, "probe_first is used by strategy partial"),
    (FULL, {"probe_first": PROBE_FIRST, "head": "zero_shot"}, "head: zero_shot starts from"),
    (FULL, {"start_from": StartFrom(recipe="probe"), "pretraining": MLM}, "start_from says where"),
    (FULL, {"strategy": "partial"}, "strategy: partial needs blocks"),
    (FULL, {"strategy": "lora", "lora_rank": 4}, "strategy: lora needs lora_rank and lora_alpha"),
]
WRONG: list[tuple[Recipe, dict[str, object], str]] = [
    (replace(FULL, strategy="partial", blocks=1), {"blocks": 0}, "blocks is 0"),
    (LORA, {"lora_rank": 0}, "lora_rank is 0"),
    (LORA, {"lora_alpha": 0.0}, "lora_alpha is 0.0"),
    (LORA, {"lora_dropout": 1.0}, "lora_dropout is 1.0"),
    (FULL, {"layer_decay": 1.5}, "layer_decay is 1.5"),
    (FULL, {"layer_decay": 0.0}, "layer_decay is 0.0"),
    (FULL, {"backbone_rate_factor": -1.0}, "backbone_rate_factor is -1.0"),
    (FULL, {"shots": 0}, "shots is 0"),
]


@pytest.mark.parametrize(("recipe", "changes", "reason"), [*UNUSED, *WRONG])
def test_what_a_recipe_may_not_say(recipe: Recipe, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(CardError, match=reason):
        replace(recipe, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["shots", "pretraining", "start_from"])
def test_nothing_of_training_is_used_by_zero_shot(field: str) -> None:
    value = {"shots": 5, "pretraining": MLM, "start_from": StartFrom(recipe="x")}[field]
    with pytest.raises(CardError, match=f"{field} is not used by strategy: zero_shot"):
        Recipe(name="z", strategy="zero_shot", **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mask_share": None}, "mask_share goes with objective: mlm"),
        ({"objective": "contrastive"}, "mask_share goes with objective: mlm"),
        ({"mask_share": 1.0}, "it lies in"),
        ({"learning_rate": 0.0}, "must lie above 0"),
        ({"epochs": 0}, "pretraining.epochs is 0"),
        ({"micro_batch": 64}, "larger than pretraining.batch_size"),
        ({"warmup": 1.0}, "warmup lies in"),
    ],
)
def test_what_pre_training_may_not_be(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(CardError, match=reason):
        replace(MLM, **changes)  # type: ignore[arg-type]


def test_what_a_first_probe_may_not_be() -> None:
    with pytest.raises(CardError, match="probe_first needs learning_rates"):
        replace(PROBE_FIRST, learning_rates=())
    with pytest.raises(CardError, match="must lie above 0 and differ"):
        replace(PROBE_FIRST, learning_rates=(1e-3, 1e-3))
    with pytest.raises(CardError, match=r"probe_first\.patience is 0"):
        replace(PROBE_FIRST, patience=0)


def test_fields_at_their_defaults_change_no_key() -> None:
    assert set(set_fields(RECIPE)) == {"name", "strategy", "learning_rates", "epochs"}


def test_stages_are_read_from_a_card(tmp_path: Path) -> None:
    file = tmp_path / "both.yaml"
    file.write_text(
        "name: both\nstrategy: full\nlearning_rates: [0.001]\nepochs: 1\n"
        "probe_first: {learning_rates: [0.01], epochs: 3}\n"
        "pretraining: {objective: contrastive, learning_rate: 1.0e-5, epochs: 2}\n"
    )
    found = load_card(Recipe, file)
    assert found.probe_first == ProbeFirst(learning_rates=(0.01,), epochs=3)
    assert found.pretraining == Pretraining(objective="contrastive", learning_rate=1e-5, epochs=2)
    file.write_text(file.read_text().replace("epochs: 3}", "epoch: 3}"))
    with pytest.raises(CardError, match="epoch"):
        load_card(Recipe, file)
