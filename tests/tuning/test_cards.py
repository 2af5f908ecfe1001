"""What a search space may say."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.cards import Pretraining, ProbeFirst, Recipe, Span, StartFrom, Tuning
from mmbench.codec import load_card
from mmbench.errors import CardError
from tests.specimens import RECIPE_FIELDS, write_card

FULL = Recipe(name="r", strategy="full", learning_rates=(1e-4,), epochs=2, micro_batch=8)
GOOD: dict[str, object] = {
    "trials": 5,
    "space": {"lr": {"low": 1e-5, "high": 1e-3, "log": True}, "batch_size": [16, 32]},
}


def load(folder: Path, tune: object) -> Recipe:
    fields: dict[str, object] = {"strategy": "full", "learning_rates": [1e-4], "tune": tune}
    write_card(folder, "recipes", RECIPE_FIELDS, name="tuned", **fields)
    return load_card(Recipe, folder / "recipes" / "tuned.yaml")


def test_a_card_says_trials_and_a_space(tmp_path: Path) -> None:
    tune = load(tmp_path, GOOD).tune
    assert tune == Tuning(
        trials=5, space={"lr": Span(low=1e-5, high=1e-3, log=True), "batch_size": (16, 32)}
    )


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"learning": [1e-4, 1e-3]}, "it cannot be tuned; one of lr, weight_decay"),
        ({"dropuot": [0.0, 0.1]}, "did you mean 'dropout'"),
        ({"lr": {"low": 1e-3, "high": 1e-5}}, "low 0.001 must lie below high 1e-05"),
        ({"lr": {"low": 1e-3, "high": 1e-3}}, "must lie below high"),
        ({"weight_decay": {"low": 0.0, "high": 0.1, "log": True}}, "needs a low above 0"),
        ({"batch_size": {"low": 8.0, "high": 64.0}}, "list its values"),
        ({"batch_size": [16, 32.5]}, "whole numbers are needed"),
        ({"lr": [1e-4]}, "at least 2 different values"),
        ({"lr": "1e-4"}, r"tune\.space\.lr"),
        ({"lr": {"low": "a", "high": 1.0}}, r"tune\.space\.lr"),
        ({"lr": {"low": 1e-5, "high": 1.0, "step": 0.1}}, r"tune\.space\.lr"),
        ({}, "tune.space is empty"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused(
    tmp_path: Path, space: dict[str, object], reason: str
) -> None:
    with pytest.raises(CardError, match=reason):
        load(tmp_path, {"trials": 5, "space": space})


def test_one_trial_is_no_search(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="at least 2 are needed"):
        load(tmp_path, {**GOOD, "trials": 1})


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"lr": Span(low=1e-3, high=1e-2)}, "own value, 0.0001, which is tried first, is not in"),
        ({"warmup": Span(low=0.0, high=1.0)}, r"tune\.space\.warmup: warmup is 1\.0; it lies in"),
        ({"batch_size": (4, 32)}, "micro_batch 8 is larger than batch_size 4"),
        ({"lora_dropout": Span(low=0.0, high=0.5)}, "lora_dropout is used by strategy lora alone"),
    ],
)
def test_every_value_of_a_space_must_be_one_that_the_recipe_may_have(
    space: dict[str, Span | tuple[int | float, ...]], reason: str
) -> None:
    with pytest.raises(CardError, match=reason):
        replace(FULL, tune=Tuning(trials=3, space=space))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"learning_rates": (1e-4, 1e-3)}, "starts from one learning rate"),
        ({"probe_first": ProbeFirst(learning_rates=(1e-3,), epochs=1)}, "go with probe_first"),
        ({"start_from": StartFrom(recipe="probe")}, "go with start_from"),
        (
            {
                "pretraining": Pretraining(
                    objective="mlm", learning_rate=1e-4, epochs=1, mask_share=0.15
                )
            },
            "go with pretraining",
        ),
    ],
)
def test_what_tune_does_not_go_with(change: dict[str, object], reason: str) -> None:
    tune = Tuning(trials=3, space={"dropout": (0.0, 0.1)})
    with pytest.raises(CardError, match=reason):
        replace(FULL, tune=tune, **change)  # type: ignore[arg-type]


def test_a_setting_is_a_recipe_without_a_search() -> None:
    tuned = replace(FULL, tune=Tuning(trials=3, space={"dropout": (0.0, 0.1)}))
    assert tuned.with_setting({"lr": 3e-4, "dropout": 0.0}) == replace(
        FULL, learning_rates=(3e-4,), dropout=0.0
    )
