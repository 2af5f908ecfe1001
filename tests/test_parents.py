"""Trials that start from others: planned first, part of the key, run first, kept, or failed."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmbench.api import finetune, trial_plan
from mmbench.cards import FileData, ModelCard, Recipe, StartFrom, TaskCard
from mmbench.catalog import Catalog
from mmbench.errors import PlanError, StoreError, TrialError
from mmbench.executors.inline import Inline
from mmbench.parents import going_on, place_of, with_parents
from mmbench.plan import Plan, continued, mismatch, plan
from mmbench.records import Record, Trial
from mmbench.runs import RunSummary, prepare_run, run_suite
from mmbench.store import Store
from mmbench.workbench import Keep
from tests.specimens import RECIPE_FIELDS, write_card, write_cards
from tests.test_plan import suite

pytestmark = pytest.mark.usefixtures("quick_timing")

PROBE = Recipe(name="probe", strategy="probe", learning_rates=(1e-2,), epochs=2, evaluations=1)
FULL = replace(PROBE, name="then-full", strategy="full", start_from=StartFrom(recipe="probe"))


class Recipes(Catalog):
    """A catalog of the recipes above."""

    def recipe(self, name: str) -> Recipe:
        return {"probe": PROBE, "then-full": FULL}[name]


@pytest.fixture
def trial(tiny_bert: ModelCard, colours: TaskCard) -> Trial:
    return Trial(model=tiny_bert, task=colours, recipe=FULL, seed=0)


@pytest.fixture
def planned(trial: Trial) -> Plan:
    family = with_parents((trial,), Recipes(()), mismatch)
    return replace(trial_plan(trial), trials=family.trials, parents=family.parents)


def run(planned: Plan, results: Path) -> RunSummary:
    work = prepare_run(planned, results=results)
    return run_suite(work, results=results, executor="inline")


# ------------------------------------------------------------------------------- planning


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    root = write_cards(tmp_path / "cards")
    full = {"strategy": "full", "start_from": {"recipe": "probe"}}
    write_card(root, "recipes", RECIPE_FIELDS, name="then-full", **full)
    write_card(root, "recipes", RECIPE_FIELDS, name="turns", start_from={"recipe": "round"})
    write_card(root, "recipes", RECIPE_FIELDS, name="round", start_from={"recipe": "turns"})
    zero = {"learning_rates": None, "epochs": None, "strategy": "zero_shot"}
    write_card(root, "recipes", RECIPE_FIELDS, name="zero", **zero)
    write_card(root, "recipes", RECIPE_FIELDS, name="after-zero", start_from={"recipe": "zero"})
    return Catalog((root,))


def test_a_parent_is_planned_before_its_child_with_every_seed(catalog: Catalog) -> None:
    planned = plan(suite(("tiny", "then-full"), seeds=(0, 1)), catalog)
    assert [(t.recipe.name, t.seed) for t in planned.trials] == [
        ("probe", 0),
        ("then-full", 0),
        ("probe", 1),
        ("then-full", 1),
    ]
    assert planned.parents == {
        ("tiny", "moods", "then-full", seed, None): ("tiny", "moods", "probe", seed, None)
        for seed in (0, 1)
    }


def test_a_parent_that_the_suite_names_as_well_is_planned_once(catalog: Catalog) -> None:
    planned = plan(suite(("tiny", "then-full,probe")), catalog)
    assert [t.recipe.name for t in planned.trials] == ["probe", "then-full"]


def test_recipes_that_start_from_each_other_are_refused(catalog: Catalog) -> None:
    with pytest.raises(PlanError, match="starts from itself"):
        plan(suite(("tiny", "turns")), catalog)


def test_a_child_of_what_cannot_be_run_is_refused_with_the_reason(catalog: Catalog) -> None:
    planned = plan(suite(("tiny", "probe,after-zero")), catalog)
    (refusal,) = planned.refused
    assert refusal.trial.recipe.name == "after-zero"
    assert refusal.reason.startswith("it starts from moods with zero, which cannot be run: ")


# -------------------------------------------------------------------------------- running


def test_a_child_goes_on_from_its_parents_model(planned: Plan, results: Path) -> None:
    summary = run(planned, results)
    assert summary.ok == 2
    parent, child = (stored.record for stored in summary.stored)
    assert child.trial.parents == (parent.key,)
    assert "model" in parent.artefacts  # kept although nothing was to be kept
    assert "model" not in child.artefacts
    assert [stage.name for stage in child.stages] == ["start"]
    assert child.stages[0].note == "its head has another form than this recipe's: the head is fresh"


def test_the_same_again_runs_nothing(planned: Plan, results: Path) -> None:
    run(planned, results)
    work = prepare_run(planned, results=results)
    assert work.todo == ()
    assert len(work.reused) == 2


def test_a_parent_without_its_model_is_run_again_only_if_a_child_needs_it(
    planned: Plan, results: Path
) -> None:
    parent = replace(planned, trials=planned.trials[:1], parents={})
    run(parent, results)
    assert [t.recipe.name for t in prepare_run(planned, results=results).todo] == [
        "probe",
        "then-full",
    ]
    run(planned, results)
    stored = Store(results).select()
    for each in stored:  # as if the models had been removed since
        Store(results).put(replace(each.record, artefacts={}), each.folder)
    assert prepare_run(planned, results=results).todo == ()


def test_a_childs_key_changes_with_its_parent(planned: Plan, results: Path) -> None:
    first = prepare_run(planned, results=results).todo[1]
    other = replace(planned.trials[0], recipe=replace(PROBE, epochs=3))
    changed = replace(planned, trials=(other, planned.trials[1]))
    assert prepare_run(changed, results=results).todo[1].key != first.key


def test_a_failed_parent_fails_its_child_with_the_reason(
    planned: Plan, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Inline.run
    ran: list[str] = []

    def crash(self: Inline, trial: Trial, folder: Path, *, keep: Keep | None = None) -> Record:
        ran.append(trial.recipe.name)
        return replace(original(self, trial, folder, keep=keep), status="failed")

    monkeypatch.setattr(Inline, "run", crash)
    summary = run(planned, results)
    assert ran == ["probe"]
    assert summary.failed == 2
    child = summary.stored[1].record
    assert child.failure is not None
    assert child.failure.kind == "ParentFailed"
    assert planned.trials[0].name in child.failure.message


def test_a_worker_keeps_the_parents_model_too(planned: Plan, results: Path) -> None:
    work = prepare_run(planned, results=results)
    summary = run_suite(work, results=results)
    assert summary.ok == 2, [s.record.failure for s in summary.stored]


# ------------------------------------------------------------------------------ init-from


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_training_goes_on_when_new_data_arrive(
    tiny_bert: ModelCard, colours: TaskCard, results: Path
) -> None:
    recipe = replace(PROBE, name="full", strategy="full", learning_rates=(1e-3,), epochs=4)
    first = finetune(tiny_bert, colours, recipe=recipe, results=results, device="cpu")
    assert isinstance(colours.source, FileData)
    file = Path(colours.source.files["all"])
    file.write_text(file.read_text() + "\na brick of sort zzz,red\na leaf of sort yyy,green")
    more = finetune(
        tiny_bert, colours, recipe=recipe, results=results, init_from=first, device="cpu"
    )
    assert more.record.trial.parents == (first.record.key,)
    assert more.record.key != first.record.key
    (stage,) = more.record.stages
    assert (stage.name, stage.note) == ("start", "the head is taken over")
    before = more.record.score("before", "test", "accuracy")
    after = first.record.score("after", "test", "accuracy")
    assert before is not None
    assert after is not None
    # the very model that was kept, on a test split of nearly the same rows
    assert before.value == pytest.approx(after.value, abs=0.15)
    again = finetune(
        tiny_bert, colours, recipe=recipe, results=results, init_from=first.folder, device="cpu"
    )
    assert again.folder == more.folder


def test_other_labels_get_a_fresh_head(
    tiny_bert: ModelCard, colours: TaskCard, results: Path
) -> None:
    recipe = replace(PROBE, name="full", strategy="full", epochs=1)
    first = finetune(tiny_bert, colours, recipe=recipe, results=results, device="cpu")
    assert isinstance(colours.source, FileData)
    file = Path(colours.source.files["all"])
    file.write_text(file.read_text().replace(",red", ",rot"))
    more = finetune(
        tiny_bert, colours, recipe=recipe, results=results, init_from=first, device="cpu"
    )
    assert more.record.stages[0].note == "its labels differ from this task's: the head is fresh"


def test_a_record_of_another_model_or_without_one_is_refused(trial: Trial, tmp_path: Path) -> None:
    full = replace(trial, recipe=replace(FULL, start_from=None))
    kept = kept_record(full)
    with pytest.raises(StoreError, match="was not kept"):
        going_on(full, replace(kept, artefacts={}), tmp_path)
    other = replace(full, model=replace(full.model, name="another"))
    with pytest.raises(PlanError, match="that is a model of tiny-bert"):
        continued(trial_plan(other), kept, tmp_path)
    cls = replace(full.model, text=replace(full.model.text, pooling="cls"))  # type: ignore[type-var]
    with pytest.raises(PlanError, match="its card has another text by now"):
        going_on(replace(full, model=cls), kept, tmp_path)
    with pytest.raises(PlanError, match="says itself where it starts"):
        going_on(trial, kept, tmp_path)


def kept_record(trial: Trial) -> Record:
    from mmbench.records import Artefact
    from tests.specimens import record

    kept = {"model": Artefact(path="model/mmbench.json", sha256="0", bytes=1)}
    return replace(record(trial), artefacts=kept)


def test_finetune_says_why_a_parent_cannot_be_run(
    tiny_bert: ModelCard, colours: TaskCard, results: Path
) -> None:
    recipe = replace(FULL, start_from=StartFrom(recipe="zero-shot"))
    with pytest.raises(TrialError, match="it starts from colours with zero-shot"):
        finetune(tiny_bert, colours, recipe=recipe, results=results)


def test_places_tell_limits_apart(trial: Trial) -> None:
    assert place_of(trial) != place_of(replace(trial, limit=5))
