"""Resuming: what is reused, and what is never skipped as done."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mmbench.api import trial_plan
from mmbench.cards import FileData, FolderModel, ModelCard, Recipe, TaskCard
from mmbench.errors import PlanError, StoreError
from mmbench.executors.inline import Inline
from mmbench.plan import Plan, Refusal
from mmbench.records import Record, Trial
from mmbench.runs import RunSummary, Work, prepare_run, run_suite
from mmbench.store import Store, Stored, latest
from mmbench.workbench import Keep

pytestmark = pytest.mark.usefixtures("quick_timing")

RECIPE = Recipe(
    name="probe-tiny", strategy="probe", learning_rates=(1e-2,), epochs=1, evaluations=1
)


@pytest.fixture
def trial(tiny_bert: ModelCard, colours: TaskCard) -> Trial:
    return Trial(model=tiny_bert, task=colours, recipe=RECIPE, seed=0)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def run(trial: Trial, results: Path, *, fresh: bool = False) -> tuple[Work, RunSummary]:
    work = prepare_run(trial_plan(trial), results=results, fresh=fresh)
    return work, run_suite(work, results=results, executor="inline")


def test_a_finished_trial_is_skipped_and_counted(trial: Trial, results: Path) -> None:
    _, first = run(trial, results)
    work, second = run(trial, results)
    assert (first.ok, first.reused) == (1, 0)
    assert (second.ok, second.reused) == (0, 1)
    assert work.differing == {}
    assert second.stored[0].folder == first.stored[0].folder


def test_fresh_runs_again_and_appends(trial: Trial, results: Path) -> None:
    run(trial, results)
    _, summary = run(trial, results, fresh=True)
    assert summary.ok == 1
    assert len(Store(results).select()) == 2


def test_an_edited_data_file_is_run_again(trial: Trial, results: Path) -> None:
    run(trial, results)
    assert isinstance(trial.task.source, FileData)
    file = Path(trial.task.source.files["all"])
    file.write_text(file.read_text() + "\na brick of sort zzz,red")
    _, summary = run(trial, results)
    assert (summary.ok, summary.reused) == (1, 0)


def test_a_moved_data_file_is_not(trial: Trial, results: Path, tmp_path: Path) -> None:
    run(trial, results)
    assert isinstance(trial.task.source, FileData)
    moved = Path(trial.task.source.files["all"]).rename(tmp_path / "moved.csv")
    source = FileData(via="files", files={"all": str(moved)})
    _, summary = run(replace(trial, task=replace(trial.task, source=source)), results)
    assert (summary.ok, summary.reused) == (0, 1)


CHANGES: dict[str, Callable[[Trial], Trial]] = {
    "recipe": lambda trial: replace(trial, recipe=replace(RECIPE, epochs=2)),
    "seed": lambda trial: replace(trial, seed=1),
    "limit": lambda trial: replace(trial, limit=60),
    "task version": lambda trial: replace(trial, task=replace(trial.task, version=2)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_trial_is_run_again(
    trial: Trial, results: Path, change: Callable[[Trial], Trial]
) -> None:
    run(trial, results)
    _, summary = run(change(trial), results)
    assert (summary.ok, summary.reused) == (1, 0)


def test_a_record_of_an_older_behaviour_is_not_reused(
    trial: Trial, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(trial, results)
    monkeypatch.setattr("mmbench.runs.BEHAVIOUR", 999)
    assert len(prepare_run(trial_plan(trial), results=results).todo) == 1


def _pretend(results: Path, **changes: object) -> None:
    """Rewrite the one record as if it had been made elsewhere."""
    store = Store(results)
    (stored,) = store.select()
    elsewhere = replace(stored.record.fingerprint, **changes)  # type: ignore[arg-type]
    store.put(replace(stored.record, fingerprint=elsewhere), stored.folder)


def test_a_record_of_another_device_or_precision_is_not_reused(trial: Trial, results: Path) -> None:
    run(trial, results)
    _pretend(results, device="cuda")
    assert len(prepare_run(trial_plan(trial), results=results).todo) == 1
    _pretend(results, device="cpu", precision="bf16")
    assert len(prepare_run(trial_plan(trial), results=results).todo) == 1


def test_what_else_differs_is_counted(trial: Trial, results: Path) -> None:
    run(trial, results)
    _pretend(results, threads=63, code="0.0.1")
    work = prepare_run(trial_plan(trial), results=results)
    assert work.todo == ()
    assert work.differing == {"threads": 1, "code": 1}


def test_a_failed_trial_is_tried_again_and_the_sweep_goes_on(
    trial: Trial, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(trial, seed=1)
    plan = Plan(suite=trial_plan(trial).suite, trials=(trial, other), refused=())
    original = Inline.run

    def crash(self: Inline, trial: Trial, folder: Path, *, keep: Keep | None = None) -> Record:
        record = original(self, trial, folder, keep=keep)
        return replace(record, status="failed") if trial.seed == 0 else record

    with monkeypatch.context() as patch:
        patch.setattr(Inline, "run", crash)
        work = prepare_run(plan, results=results)
        summary = run_suite(work, results=results, executor="inline")
    assert (summary.ok, summary.failed) == (1, 1)
    work = prepare_run(plan, results=results)
    assert [t.seed for t in work.todo] == [0]
    assert len(work.reused) == 1


def test_refused_cells_are_recorded_once_with_their_reason(trial: Trial, results: Path) -> None:
    refusal = Refusal(trial=replace(trial, seed=7), reason="no such thing")
    plan = Plan(suite=trial_plan(trial).suite, trials=(trial,), refused=(refusal,))
    for _ in range(2):
        work = prepare_run(plan, results=results)
        summary = run_suite(work, results=results, executor="inline")
        assert summary.refused == 1
    refused = [s.record for s in Store(results).select() if s.record.status == "refused"]
    assert len(refused) == 1
    assert refused[0].failure is not None
    assert refused[0].failure.message == "no such thing"


def test_weights_that_cannot_be_named_fail_in_the_trial_alone(
    trial: Trial, results: Path, tmp_path: Path
) -> None:
    gone = replace(trial.model, source=FolderModel(via="folder", path=str(tmp_path / "gone")))
    plan = Plan(
        suite=trial_plan(trial).suite, trials=(replace(trial, model=gone), trial), refused=()
    )
    work = prepare_run(plan, results=results)
    summary = run_suite(work, results=results, executor="inline")
    assert (summary.ok, summary.failed) == (1, 1)


def test_a_file_that_changes_after_planning_is_recorded_as_it_was_read(
    trial: Trial, results: Path
) -> None:
    work = prepare_run(trial_plan(trial), results=results)
    assert isinstance(trial.task.source, FileData)
    file = Path(trial.task.source.files["all"])
    file.write_text(file.read_text() + "\na brick of sort zzz,red")
    record = run_suite(work, results=results, executor="inline").stored[0].record
    assert record.status == "ok"
    assert record.trial.digests["task"] != work.todo[0].digests["task"]
    assert len(prepare_run(trial_plan(trial), results=results).reused) == 1


def test_a_record_without_its_model_is_not_done_if_the_model_is_wanted(
    trial: Trial, results: Path
) -> None:
    run(trial, results)
    assert len(prepare_run(trial_plan(trial), results=results, keep="best").todo) == 1
    work = prepare_run(trial_plan(trial), results=results, keep="best")
    run_suite(work, results=results, keep="best", executor="inline")
    assert prepare_run(trial_plan(trial), results=results, keep="best").todo == ()


def test_a_failure_is_forgotten_once_the_trial_has_worked(trial: Trial, results: Path) -> None:
    gone = FolderModel(via="folder", path=str(results / "gone"))
    run(replace(trial, model=replace(trial.model, source=gone)), results)
    (failed,) = latest(Store(results).select())
    assert failed.record.status == "failed"
    time.sleep(1.1)  # records are dated to the second
    run(trial, results)
    assert len(Store(results).select()) == 2
    (stored,) = latest(Store(results).select())
    assert stored.record.status == "ok"


def test_recipes_that_are_equal_but_for_their_name_are_both_reported(
    trial: Trial, results: Path
) -> None:
    run(trial, results)
    run(replace(trial, recipe=replace(RECIPE, name="my-probe")), results)
    assert {s.record.trial.recipe.name for s in latest(Store(results).select())} == {
        "probe-tiny",
        "my-probe",
    }


def test_a_run_takes_a_worker_unless_told_otherwise(trial: Trial, results: Path) -> None:
    """Two trials of one model: one process, which is gone when the run is."""
    other = replace(trial, seed=1)
    plan = Plan(suite=trial_plan(trial).suite, trials=(trial, other), refused=())
    summary = run_suite(prepare_run(plan, results=results), results=results)
    assert (summary.ok, summary.failed) == (2, 0)
    first, second = (stored.record.measurement("import_seconds") for stored in summary.stored)
    assert first is not None
    assert second is not None
    assert first.value == second.value
    assert (first.note, second.note) == (None, "shared by the trials of this worker")
    assert psutil.Process().children() == []
    assert len(prepare_run(plan, results=results).reused) == 2


def test_a_limit_that_cannot_be_kept_is_refused_before_anything_runs(
    trial: Trial, results: Path
) -> None:
    work = prepare_run(trial_plan(trial), results=results)
    with pytest.raises(PlanError, match="cannot be stopped at a time limit"):
        run_suite(work, results=results, executor="inline", trial_minutes=1)
    assert Store(results).select() == []


def test_a_store_that_cannot_be_written_ends_the_run_and_the_worker(
    trial: Trial, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store, record: Record, folder: Path) -> Stored:
        raise StoreError(f"{folder}: cannot be written: No space left on device")

    monkeypatch.setattr(Store, "put", full)
    with pytest.raises(StoreError, match="No space left"):
        run_suite(prepare_run(trial_plan(trial), results=results), results=results)
    assert psutil.Process().children() == []
