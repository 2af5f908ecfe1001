"""A few rows a class: the same for every model, nested, and counted."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmbench.cards import ModelCard, Recipe, SplitRule, TaskCard
from mmbench.data.examples import TaskData
from mmbench.data.tasks import load_task
from mmbench.train.shots import LEFT_OUT, draw_shots
from tests.train.trials import run


@pytest.fixture
def data(colours: TaskCard) -> TaskData:
    return load_task(colours)


def ids(data: TaskData, shots: int, seed: int) -> set[str]:
    return set(draw_shots(data, shots, seed).data.splits["train"].ids)


def test_every_class_gives_as_many_rows_as_asked_and_the_rest_is_counted(data: TaskData) -> None:
    drawn = draw_shots(data, 5, 0)
    train = drawn.data.splits["train"]
    assert Counter(np.asarray(train.targets).tolist()) == {0: 5, 1: 5, 2: 5}
    assert drawn.short == 0
    assert drawn.data.dropped[LEFT_OUT] == len(data.splits["train"]) - 15
    assert drawn.data.splits["test"] is data.splits["test"]


def test_a_larger_draw_holds_the_smaller_and_another_seed_draws_others(data: TaskData) -> None:
    assert ids(data, 5, 0) < ids(data, 20, 0)
    assert ids(data, 5, 0) != ids(data, 5, 1)


def test_the_order_of_the_rows_changes_nothing(data: TaskData) -> None:
    train = data.splits["train"]
    turned = replace(data, splits={"train": train.take(range(len(train))[::-1])})
    assert ids(turned, 5, 0) == ids(data, 5, 0)


def test_a_class_with_fewer_rows_gives_all_and_is_counted(data: TaskData) -> None:
    train = data.splits["train"]
    rare = np.flatnonzero(np.asarray(train.targets) == 1)[3:]
    few = train.take(sorted(set(range(len(train))) - set(rare.tolist())))
    drawn = draw_shots(replace(data, splits={**data.splits, "train": few}), 5, 0)
    assert drawn.short == 1
    targets = np.asarray(drawn.data.splits["train"].targets)
    assert Counter(targets.tolist()) == {0: 5, 1: 3, 2: 5}


@pytest.mark.usefixtures("quick_timing")
def test_a_record_says_how_many_rows_were_trained_on(
    tiny_bert: ModelCard, colours: TaskCard, tmp_path: Path
) -> None:
    recipe = Recipe(
        name="few", strategy="probe", learning_rates=(1e-2,), epochs=1, evaluations=1, shots=50
    )
    splits = {
        "train": SplitRule(),
        "validation": SplitRule(cut_from="train", fraction=0.2),
        "test": SplitRule(cut_from="train", fraction=0.2),
    }
    record = run(tiny_bert, replace(colours, splits=splits), recipe, tmp_path)
    (train,) = [facts for facts in record.data if facts.split == "train"]
    assert train.examples < 120
    assert LEFT_OUT not in record.dropped
    (warning,) = [w for w in record.warnings if "classes" in w]
    assert warning.startswith("3 of 3 classes have fewer than 50 training rows")
    five = run(tiny_bert, replace(colours, splits=splits), replace(recipe, shots=5), tmp_path)
    assert {f.split: f.examples for f in five.data}["train"] == 15
    assert five.dropped[LEFT_OUT] == train.examples - 15
