"""What is part of a trial's key, and what is not."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mmbench.cards import (
    FileData,
    FolderModel,
    ImageRules,
    Label,
    RandomModel,
    SplitRule,
    TextRules,
)
from mmbench.digests import set_fields
from mmbench.records import Trial
from tests.specimens import MODEL, RECIPE, TASK, TRIAL

IMAGE = ImageRules(
    size=8, fit="squash", interpolation="bicubic", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)
TARGET = TASK.target
LABELS = TARGET.labels or ()

CHANGES: Mapping[str, Trial] = {
    "seed": replace(TRIAL, seed=1),
    "limit": replace(TRIAL, limit=10),
    "weights": replace(TRIAL, digests={"model": "other", "task": "t"}),
    "data": replace(TRIAL, digests={"model": "m", "task": "other"}),
    "parents": replace(TRIAL, parents=("k",)),
    "recipe": replace(TRIAL, recipe=replace(RECIPE, weight_decay=0.5)),
    "precision": replace(TRIAL, recipe=replace(RECIPE, precision="bf16")),
    "learning rates": replace(TRIAL, recipe=replace(RECIPE, learning_rates=(0.01, 0.02))),
    "version": replace(TRIAL, task=replace(TASK, version=2)),
    "prompts": replace(TRIAL, task=replace(TASK, prompts={"en": ("a {}",)})),
    "primary metric": replace(TRIAL, task=replace(TASK, metrics=("f1_macro", "accuracy"))),
    "label order": replace(TRIAL, task=replace(TASK, target=replace(TARGET, labels=LABELS[::-1]))),
    "label name": replace(
        TRIAL,
        task=replace(TASK, target=replace(TARGET, labels=(Label(value="good"), *LABELS[1:]))),
    ),
    "input column": replace(TRIAL, task=replace(TASK, inputs={"text": "body"})),
    "split": replace(TRIAL, task=replace(TASK, splits={"train": SplitRule(where={"a": (1,)})})),
    "group": replace(TRIAL, task=replace(TASK, group="author")),
    "duplicates": replace(TRIAL, task=replace(TASK, unique=True)),
    "adapter": replace(TRIAL, model=replace(MODEL, adapter="acme.text:Adapter")),
    "pooling": replace(TRIAL, model=replace(MODEL, text=TextRules(max_tokens=16, pooling="cls"))),
    "random start": replace(
        TRIAL, model=replace(MODEL, country=None, source=RandomModel(via="random"))
    ),
}
SAME: Mapping[str, Trial] = {
    "citation": replace(TRIAL, task=replace(TASK, citation="corrected")),
    "licence of the data": replace(TRIAL, task=replace(TASK, licence="MIT")),
    "description": replace(TRIAL, task=replace(TASK, description={"en": "about"})),
    "languages": replace(TRIAL, task=replace(TASK, languages=("zh",))),
    "moved data": replace(
        TRIAL, task=replace(TASK, source=FileData(via="files", files={"all": "/else/moods.csv"}))
    ),
    "notes": replace(TRIAL, model=replace(MODEL, notes="seen", licence="MIT", parameters=5)),
    "country": replace(TRIAL, model=replace(MODEL, country=None)),
    "moved weights": replace(
        TRIAL, model=replace(MODEL, source=FolderModel(via="folder", path="/else"))
    ),
    "name of the recipe": replace(TRIAL, recipe=replace(RECIPE, name="other")),
    "words about the recipe": replace(TRIAL, recipe=replace(RECIPE, description={"en": "x"})),
    "name of the model": replace(TRIAL, model=replace(MODEL, name="other")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_key_changes_with_what_changes_the_result(what: str) -> None:
    assert CHANGES[what].key != TRIAL.key


def test_no_two_changes_share_a_key() -> None:
    assert len({trial.key for trial in CHANGES.values()}) == len(CHANGES)


@pytest.mark.parametrize("what", SAME)
def test_the_key_stays_with_what_changes_nothing(what: str) -> None:
    assert SAME[what].key == TRIAL.key


def test_the_key_does_not_hang_on_the_order_of_mappings() -> None:
    turned = replace(TRIAL, digests={"task": "t", "model": "m"})
    assert turned.key == TRIAL.key


def test_a_random_start_keeps_its_key_where_only_its_tokenizer_moved() -> None:
    def scratch(folder: str) -> Trial:
        tokenizer = FolderModel(via="folder", path=folder)
        source = RandomModel(via="random", config={"layers": 2}, tokenizer=tokenizer)
        return replace(TRIAL, model=replace(MODEL, country=None, source=source))

    assert scratch("/here").key == scratch("/there").key


def test_the_language_of_the_prompts_is_part_of_the_key() -> None:
    """It may follow from the model's languages alone, and decides what the model is told."""
    prompts = {"en": ("a {label}",), "zh": ("{label}",)}
    joint = replace(
        TRIAL,
        model=replace(MODEL, gives=("pooled", "joint"), languages=("en",)),
        task=replace(TASK, prompts=prompts),
    )
    chinese = replace(joint, model=replace(joint.model, languages=("zh",)))
    both = replace(joint, model=replace(joint.model, languages=("en", "zh")))
    assert chinese.key != joint.key
    assert both.key == joint.key


def test_a_field_at_its_default_is_no_part_of_the_key() -> None:
    """So cards can gain fields without anybody's records being run again."""
    assert "crop_fraction" not in set_fields(IMAGE)
    assert set_fields(replace(IMAGE, fit="crop", crop_fraction=0.5))["crop_fraction"] == 0.5


def test_the_key_is_the_same_as_yesterday() -> None:
    """If this fails, every user's records are about to be run again: say so in the changelog."""
    assert TRIAL.key.startswith("8488e7ac6767f307")
