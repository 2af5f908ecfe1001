"""A search in a run: before all seeds, on validation alone, in their keys, and gone on with."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.api import trial_plan
from mmbench.cards import ModelCard, Recipe, Span, Suite, TaskCard, Tuning
from mmbench.cards.suite import Block
from mmbench.catalog import Catalog
from mmbench.data.examples import TaskData
from mmbench.errors import PlanError
from mmbench.executors.choose import ExecutorName
from mmbench.parents import going_on, with_parents
from mmbench.plan import Plan, mismatch, plan
from mmbench.records import Artefact, Record, Trial
from mmbench.runs import RunSummary, prepare_run, run_suite
from mmbench.train import search as searching
from mmbench.workbench import Bench
from tests.specimens import MODEL_FIELDS, RECIPE_FIELDS, write_card, write_cards
from tests.specimens import record as specimen

pytestmark = pytest.mark.usefixtures("quick_timing")

TUNE = Tuning(trials=3, space={"lr": Span(low=1e-4, high=1e-1, log=True), "batch_size": (16, 32)})
TUNED = Recipe(
    name="tuned", strategy="full", learning_rates=(1e-3,), epochs=1, evaluations=2, tune=TUNE
)


@pytest.fixture
def trial(tiny_bert: ModelCard, colours: TaskCard) -> Trial:
    return Trial(model=tiny_bert, task=colours, recipe=TUNED, seed=0)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def planned(trial: Trial, seeds: tuple[int, ...] = (0, 1)) -> Plan:
    trials = [replace(trial, seed=seed) for seed in seeds]
    family = with_parents(trials, Catalog(()), mismatch)
    return replace(trial_plan(trial), trials=family.trials, parents=family.parents)


def run(
    trial: Trial, results: Path, executor: ExecutorName = "inline", seeds: tuple[int, ...] = (0, 1)
) -> RunSummary:
    work = prepare_run(planned(trial, seeds), results=results, device="cpu")
    return run_suite(work, results=results, executor=executor, device="cpu")


def records(summary: RunSummary) -> Iterator[Record]:
    for stored in summary.stored:
        assert stored.record.failure is None, stored.record.failure.traceback
        yield stored.record


def test_every_model_gets_one_search_of_the_same_number_before_its_seeds(tmp_path: Path) -> None:
    root = write_cards(tmp_path / "cards")
    write_card(root, "models", MODEL_FIELDS, name="other")
    space = {"lr": {"low": 1e-3, "high": 1e-1, "log": True}}
    write_card(root, "recipes", RECIPE_FIELDS, name="tuned", tune={"trials": 7, "space": space})
    block = Block(models=("tiny", "other"), tasks=("moods",), recipes=("tuned",))
    found = plan(Suite(name="s", blocks=(block,), seeds=(0, 1)), Catalog((root,)))
    assert [(t.model.name, t.recipe.name, t.seed, t.search) for t in found.trials] == [
        (model, recipe, seed, search)
        for model in ("tiny", "other")
        for recipe, seed, search in (
            ("tuned-search", 0, True),
            ("tuned", 0, False),
            ("tuned", 1, False),
        )
    ]
    budgets = {t.recipe.tune.trials for t in found.trials if t.search and t.recipe.tune}
    assert budgets == {7}


def test_the_best_setting_is_what_every_seed_is_trained_with(trial: Trial, results: Path) -> None:
    search, *seeds = records(run(trial, results))
    (chosen,) = [tried for tried in search.tried if tried.chosen]
    assert len(search.tried) == 3
    assert dict(search.tried[0].setting) == {"lr": 1e-3, "batch_size": 32}
    assert [record.trial.seed for record in seeds] == [0, 1]
    for record in seeds:
        assert dict(record.trial.tuned) == dict(chosen.setting)
        assert record.trial.parents == (search.key,)
        assert [point.learning_rate for point in record.grid] == [chosen.setting["lr"]]
        # 72 training rows, one epoch
        rows = next(facts.examples for facts in record.data if facts.split == "train")
        assert record.grid[0].steps == -(-rows // int(chosen.setting["batch_size"]))
    # seed 0 trains as the search did: the same weights, order and dropout
    assert seeds[0].grid[0].validation == chosen.validation
    assert not search.scores
    assert not search.artefacts
    again = prepare_run(planned(trial), results=results, device="cpu")
    assert again.todo == ()


def test_a_worker_finds_the_same_as_this_process(trial: Trial, results: Path) -> None:
    here = list(records(run(trial, results, seeds=(0,))))
    there = list(records(run(trial, results.parent / "other", "worker", (0,))))
    assert [(t.setting, t.curve, t.outcome, t.chosen) for t in here[0].tried] == [
        (t.setting, t.curve, t.outcome, t.chosen) for t in there[0].tried
    ]
    assert [r.logits_digest for r in here] == [r.logits_digest for r in there]
    assert [r.key for r in here] == [r.key for r in there]


def test_the_test_split_is_never_read(
    trial: Trial, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sealed:
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"the test split was asked for its {name}")

    original = Bench.task_data

    def sealed(self: Bench, asked: Trial) -> TaskData:
        data = original(self, asked)
        assert "test" in data.splits
        return replace(data, splits={**data.splits, "test": Sealed()})  # type: ignore[dict-item]

    monkeypatch.setattr(Bench, "task_data", sealed)
    search, *seeds = (stored.record for stored in run(trial, results).stored)
    assert search.status == "ok"
    assert len(search.tried) == 3
    for record in seeds:  # which do read it: the seal holds
        assert record.failure is not None
        assert "the test split was asked" in record.failure.message


def test_a_tuned_recipe_does_not_go_on_from_a_kept_model(trial: Trial, tmp_path: Path) -> None:
    kept = {"model": Artefact(path="model/mmbench.json", sha256="0", bytes=1)}
    earlier = replace(specimen(replace(trial, recipe=replace(TUNED, tune=None))), artefacts=kept)
    with pytest.raises(PlanError, match="take a recipe without tune"):
        going_on(trial, earlier, tmp_path)


def test_keys_change_with_the_space_and_the_number_of_trials(trial: Trial, results: Path) -> None:
    def keys(recipe: Recipe) -> list[str]:
        work = prepare_run(planned(replace(trial, recipe=recipe)), results=results, device="cpu")
        return [each.key for each in work.todo]

    wider = replace(TUNE, space={**TUNE.space, "lr": Span(low=1e-5, high=1e-1, log=True)})
    more = replace(TUNE, trials=4)
    found = [keys(replace(TUNED, tune=tune)) for tune in (TUNE, wider, more)]
    assert len({key for each in found for key in each}) == 9
    assert found[0] == keys(TUNED)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number a setting that was trained; KeyboardInterrupt in place of the third."""
    original = searching._try
    count: list[int] = []

    def dying(*args: object) -> object:
        if len(count) == 2:
            count.clear()
            raise KeyboardInterrupt
        count.append(1)
        return original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(searching, "_try", dying)
    return count


def test_a_search_that_was_killed_goes_on(trial: Trial, results: Path, tries: list[int]) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(trial, results)
    search, *_ = records(run(trial, results))
    assert len(tries) == 1, "the third setting alone"
    assert len(search.tried) == 3


def test_a_search_that_was_killed_begins_again_if_it_is_to_be_fresh(
    trial: Trial, results: Path, tries: list[int]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(trial, results)
    work = prepare_run(planned(trial), results=results, device="cpu", fresh=True)
    with pytest.raises(KeyboardInterrupt):  # at its third setting again
        run_suite(work, results=results, executor="inline", device="cpu")


def test_if_every_setting_diverges_the_seeds_say_so(trial: Trial, results: Path) -> None:
    hopeless = Tuning(trials=2, space={"lr": Span(low=1e30, high=1e37, log=True)})
    recipe = replace(TUNED, learning_rates=(1e36,), clip_norm=None, tune=hopeless)
    search, *seeds = (
        stored.record for stored in run(replace(trial, recipe=recipe), results).stored
    )
    assert search.failure is not None
    assert "all 2 settings diverged" in search.failure.message
    assert [r.failure.kind for r in seeds if r.failure] == ["ParentFailed", "ParentFailed"]
