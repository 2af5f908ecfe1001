"""`mmbench compare` on the committed records of the quickstart."""

import shutil
from pathlib import Path

from scipy.stats import binomtest

from mmbench.compare.answered import right
from mmbench.compare.predictions import read_predictions, side_by_side
from mmbench.store import Store, Stored
from tests.cli.conftest import Command

RECORDS = Path(__file__).parents[2] / "results" / "reference" / "quickstart"


def stored(task: str, recipe: str) -> Stored:
    return next(
        item
        for item in Store(RECORDS).select()
        if (item.record.trial.task.name, item.record.trial.recipe.name) == (task, recipe)
    )


def test_two_recipes_are_tested_on_the_same_examples(mm: Command) -> None:
    ran = mm("compare", "probe", "full-quick", "--results", RECORDS, "--markdown")
    assert ran.status == 0
    assert "1 pair shares all but this" in ran.out
    assert "full-quick in 1" in ran.out
    (row,) = (line for line in ran.out.splitlines() if "emoji-keywords-group-en" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[3].startswith("83.6")
    assert cells[4].startswith("88.1")
    assert cells[5] == "+4.5"
    assert "not shown" not in cells[6]


def test_the_better_side_may_stand_first_or_second(mm: Command) -> None:
    ran = mm("compare", "full-quick", "probe", "--results", RECORDS, "--markdown")
    assert "full-quick is shown to be better in 1, probe in 0" in ran.out


def test_two_models_are_paired_by_task_and_recipe(mm: Command) -> None:
    task = "emoji-retrieval-zh"
    first = stored(task, "contrast-probe-quick").record.trial.model.name
    second = stored(task, "contrast-scratch").record.trial.model.name
    ran = mm("compare", first, second, "--results", RECORDS)
    assert ran.status == 2  # they were run with other recipes
    assert "share no task with the same data and recipe" in ran.err


def test_two_runs_of_the_same_records_do_not_differ(mm: Command, tmp_path: Path) -> None:
    copy = tmp_path / "quickstart"
    shutil.copytree(RECORDS, copy)
    ran = mm("compare", RECORDS, copy, "--lang", "zh", "--markdown")
    assert ran.status == 0
    assert "共有 10 对" in ran.out
    assert ran.out.count("p = 1") == 10


def test_unknown_names_and_mixed_sides_are_refused(mm: Command) -> None:
    ran = mm("compare", "probe", "full-quik", "--results", RECORDS)
    assert ran.status == 2
    assert "did you mean" in ran.err
    assert mm("compare", "probe", "minilm-l6", "--results", RECORDS).status == 2
    ran = mm("compare", "probe", "full-quick")
    assert "for models say --results DIR" in ran.err


def test_p_is_that_of_the_exact_test_where_examples_stand_alone(mm: Command) -> None:
    """Of this task's groups each is one example, so the bootstrap over groups is near it."""
    probe, full = (
        stored("emoji-keywords-group-en", "probe"),
        stored("emoji-keywords-group-en", "full-quick"),
    )
    answers = side_by_side(
        probe.record.trial.task, read_predictions(full, "test"), read_predictions(probe, "test")
    )
    assert answers is not None
    sides = right("accuracy", answers)
    assert sides is not None
    lost, won = int((sides[0] & ~sides[1]).sum()), int((~sides[0] & sides[1]).sum())
    exact = binomtest(lost, lost + won).pvalue
    ran = mm("compare", "probe", "full-quick", "--results", RECORDS, "--markdown")
    (row,) = (line for line in ran.out.splitlines() if "emoji-keywords-group-en" in line)
    told = float(row.strip("| ").rpartition("p = ")[2])
    assert told < 0.05
    assert exact < 0.05
    assert 0.2 < told / exact < 5
