"""Ways of one model: which meet, which is the best, and what is shown to be worse."""

from dataclasses import replace

from mmbench.cards.recipe import Strategy
from mmbench.compare.cells import Cell, cells
from mmbench.compare.strategies import ways
from mmbench.compare.versus import Against
from tests.compare.conftest import FINGERPRINT, make_record


def cell(
    strategy: Strategy, score: float, model: str = "a", threads: int = 2, metric: str = "accuracy"
) -> Cell:
    record = make_record(
        model,
        strategy=strategy,
        test=(score, score - 0.02, score + 0.02),
        metric=metric,
        fingerprint=replace(FINGERPRINT, threads=threads),
    )
    (found,) = cells([record])
    return found


def worse_by_their_scores(first: Cell, second: Cell, split: str) -> Against:
    ours, theirs = (c.outcome(split, c.task.primary) for c in (first, second))
    assert ours is not None
    assert theirs is not None
    apart = abs(ours.value - theirs.value)
    return Against(drop=apart, p=0.001 if apart > 0.05 else 0.4, count=200)


def test_the_best_way_of_a_model_meets_its_others() -> None:
    of_task = [cell("probe", 0.80), cell("full", 0.90), cell("bitfit", 0.88)]
    found = ways([(of_task, "test")], worse_by_their_scores)
    assert [(way.cell.recipe.strategy, way.is_best, way.worse) for way in found] == [
        ("full", True, False),
        ("bitfit", False, False),
        ("probe", False, True),
    ]
    assert all(way.best.recipe.strategy == "full" for way in found)


def test_of_an_error_the_lowest_is_the_best() -> None:
    of_task = [cell("probe", 0.2, metric="cer"), cell("full", 0.4, metric="cer")]
    (best, _) = ways([(of_task, "test")], worse_by_their_scores)
    assert best.cell.recipe.strategy == "probe"


def test_other_models_and_machines_and_one_way_alone_do_not_meet() -> None:
    alone = [cell("probe", 0.8), cell("full", 0.9, model="b"), cell("bitfit", 0.7, threads=9)]
    assert ways([(alone, "test")], worse_by_their_scores) == []
    untrained = [cell("zero_shot", 0.5), cell("full", 0.9)]
    assert ways([(untrained, "test")], worse_by_their_scores) == []


def test_a_few_shots_do_not_meet_all_examples() -> None:
    few = cell("probe", 0.5)
    (record,) = few.records
    trial = replace(record.trial, recipe=replace(record.trial.recipe, shots=5))
    few = replace(few, records=(replace(record, trial=trial),))
    assert ways([([few, cell("full", 0.9)], "test")], worse_by_their_scores) == []


def test_holm_counts_the_tests_of_all_tasks_and_what_was_not_tested_says_so() -> None:
    pair = [cell("full", 0.9), cell("probe", 0.8)]
    near = Against(drop=0.1, p=0.02, count=200)
    alone = ways([(pair, "test")], lambda *_: near)
    assert alone[1].worse
    among = ways([(pair, "test")] * 3, lambda *_: near)
    assert not any(way.worse for way in among)
    (_, untested) = ways([(pair, "test")], lambda *_: None)
    assert not untested.is_tested
    assert not untested.worse
