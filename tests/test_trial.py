"""One trial from cards to record: what it holds, and what does not change it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score

from mmbench.cards import FileData, ModelCard, PackageModel, Recipe, SplitRule, TaskCard
from mmbench.codec import dump_json, load_record
from mmbench.data.cache import Cache
from mmbench.records import Record, Trial
from mmbench.trial import UNRESOLVED, resolve, run_trial
from mmbench.workbench import Bench

pytestmark = pytest.mark.usefixtures("quick_timing")


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="full-tiny",
        strategy="full",
        learning_rates=(1e-3, 3e-3),
        epochs=4,
        batch_size=16,
        dropout=0.1,
        evaluations=4,
    )


@pytest.fixture
def trial(tiny_bert: ModelCard, colours: TaskCard, recipe: Recipe) -> Trial:
    return resolve(Trial(model=tiny_bert, task=colours, recipe=recipe, seed=0))


def run(trial: Trial, tmp_path: Path, *, cache: str = "cache") -> Record:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / cache))
    record = run_trial(trial, folder, bench)
    assert record.failure is None, record.failure.traceback
    return record


def test_a_record_tells_before_after_and_majority_on_every_split(
    trial: Trial, tmp_path: Path
) -> None:
    record = run(trial, tmp_path)
    assert record.status == "ok"
    for split in ("train", "validation", "test"):
        before = record.score("before", split, "accuracy")
        assert before is not None
        assert before.value is None
        assert before.note is not None
        for metric in ("accuracy", "f1_macro"):
            after = record.score("after", split, metric)
            assert after is not None
            assert after.value is not None
            assert after.low is not None
            assert after.high is not None
            assert 0 <= after.low <= after.value <= after.high <= 1
    majority = record.score("majority", "test", "accuracy")
    assert majority is not None
    assert majority.value == pytest.approx(1 / 3)
    assert record.labels == ("blue", "green", "red")
    assert [c.label for c in record.classes] == ["blue", "green", "red"]


def test_the_scores_are_those_of_the_stored_predictions(trial: Trial, tmp_path: Path) -> None:
    record = run(trial, tmp_path)
    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pandas()
    test = table[table.split == "test"]
    accuracy = record.score("after", "test", "accuracy")
    macro = record.score("after", "test", "f1_macro")
    assert accuracy is not None
    assert macro is not None
    assert accuracy.value == pytest.approx(accuracy_score(test.target, test.predicted))
    assert macro.value == pytest.approx(f1_score(test.target, test.predicted, average="macro"))
    assert accuracy.count == len(test)
    logits = np.stack(test.logits.to_list())
    assert (logits.argmax(1) == test.predicted).all()
    assert set(table.split) == {"validation", "test"}


def test_predictions_say_which_rows_depend_on_each_other(trial: Trial, tmp_path: Path) -> None:
    """A paired test of two records draws whole groups, and has nothing but these files."""
    groups = [f"writer {row % 30}" for row in range(120)]
    assert isinstance(trial.task.source, FileData)
    file = Path(trial.task.source.files["all"])
    head, *lines = file.read_text().splitlines()
    lines = [f"{line},{group}" for line, group in zip(lines, groups, strict=True)]
    file.write_text("\n".join([f"{head},writer", *lines]))
    run(resolve(replace(trial, task=replace(trial.task, group="writer"))), tmp_path)
    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pandas()
    assert set(table.group) < set(groups)
    assert (table.groupby("group").split.nunique() == 1).all()


def test_energy_is_a_reading_or_a_reason(trial: Trial, tmp_path: Path) -> None:
    energy = run(trial, tmp_path).measurement("cpu_energy_joules")
    assert energy is not None
    assert energy.unit == "J"
    if energy.value is None:
        assert (energy.note or "").startswith("unavailable: ")
    else:
        assert energy.value > 0


def test_the_grid_keeps_the_rate_that_is_best_on_validation(trial: Trial, tmp_path: Path) -> None:
    record = run(trial, tmp_path)
    assert [point.learning_rate for point in record.grid] == [1e-3, 3e-3]
    (chosen,) = [point for point in record.grid if point.chosen]
    assert chosen.validation == max(point.validation or 0.0 for point in record.grid)
    rates = {point.learning_rate for point in record.curve}
    assert rates == {1e-3, 3e-3}
    validation = record.score("after", "validation", "accuracy")
    assert validation is not None
    assert validation.value == pytest.approx(chosen.validation)
    tuning = record.measurement("tuning_seconds")
    assert tuning is not None
    assert tuning.value == pytest.approx(sum(p.seconds for p in record.grid if not p.chosen))


def test_the_same_trial_gives_the_same_logits_and_another_seed_does_not(
    trial: Trial, tmp_path: Path
) -> None:
    first = run(trial, tmp_path)
    again = run(trial, tmp_path, cache="empty")
    other = run(replace(trial, seed=1), tmp_path)
    assert first.logits_digest == again.logits_digest
    assert first.logits_digest != other.logits_digest
    assert first.key != other.key


def test_neighbours_and_order_change_nothing(trial: Trial, tmp_path: Path) -> None:
    alone = run(trial, tmp_path)
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "shared"))
    probe = replace(trial.recipe, strategy="probe", name="probe-tiny")
    torch.manual_seed(99)
    neighbours = [replace(trial, seed=5), replace(trial, recipe=probe), replace(trial, limit=50)]
    for neighbour in neighbours:
        run_trial(neighbour, tmp_path / "run", bench)
    assert run_trial(trial, tmp_path / "run", bench).logits_digest == alone.logits_digest


def test_head_in_the_loop_equals_a_probe_on_stored_features(trial: Trial, tmp_path: Path) -> None:
    # one batch holds all rows: features have no lengths to be grouped by, so orders would differ
    recipe = replace(trial.recipe, dropout=0.0, learning_rates=(1e-2,), batch_size=200)
    probe = run(replace(trial, recipe=replace(recipe, strategy="probe")), tmp_path)
    in_loop = run(replace(trial, recipe=replace(recipe, strategy="head")), tmp_path)
    for one, other in zip(probe.curve, in_loop.curve, strict=True):
        assert one.validation_loss == pytest.approx(other.validation_loss, abs=1e-4)
    assert probe.measurement("head_samples_per_second") is not None
    assert probe.measurement("train_samples_per_second") is None
    assert in_loop.measurement("train_samples_per_second") is not None


def test_a_trial_that_cannot_run_is_a_failed_record(trial: Trial, tmp_path: Path) -> None:
    absent = PackageModel(via="package", distribution="no-such-thing", version="1", path="x")
    broken = replace(trial, model=replace(trial.model, source=absent))
    (tmp_path / "run").mkdir()
    record = run_trial(broken, tmp_path / "run", Bench(device=torch.device("cpu")))
    assert record.status == "failed"
    assert record.failure is not None
    assert "pip install" in record.failure.message
    assert "Traceback" in record.failure.traceback


def test_a_crash_of_foreign_code_is_a_failed_record_that_names_its_type(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("in a library")

    monkeypatch.setattr("mmbench.trial.finetune", explode)
    (tmp_path / "run").mkdir()
    record = run_trial(trial, tmp_path / "run", Bench(device=torch.device("cpu")))
    assert record.failure is not None
    assert record.failure.message == "ZeroDivisionError: in a library"


def test_cut_texts_are_counted(trial: Trial, tmp_path: Path) -> None:
    assert trial.model.text is not None
    short = replace(trial.model, text=replace(trial.model.text, max_tokens=8))
    record = run(replace(trial, model=short), tmp_path)
    assert sum(facts.truncated for facts in record.data) > 0
    assert {facts.tokens for facts in record.data} != {None}


def test_a_record_survives_the_way_to_disk_and_back(trial: Trial, tmp_path: Path) -> None:
    record = run(trial, tmp_path)
    assert load_record(dump_json(record), tmp_path) == record


def test_what_it_cost_is_measured(trial: Trial, tmp_path: Path) -> None:
    record = run(trial, tmp_path)
    found = {m.name: m for m in record.measurements}
    assert found["parameters"].value == found["trainable_parameters"].value
    for name in ("train_samples_per_second", "inference_samples_per_second", "peak_rss_bytes"):
        value = found[name].value
        assert value is not None
        assert value > 0
    assert record.seconds > (found["train_seconds"].value or 0)


def test_a_learning_rate_that_diverges_is_told_and_left_out(trial: Trial, tmp_path: Path) -> None:
    recipe = replace(trial.recipe, learning_rates=(1e30, 1e-3), clip_norm=None)
    record = run(replace(trial, recipe=recipe), tmp_path)
    good, bad = record.grid
    assert (good.learning_rate, good.chosen) == (1e-3, True)
    assert (bad.learning_rate, bad.chosen, bad.validation) == (1e30, False, None)
    assert any("learning rate 1e+30 diverged" in warning for warning in record.warnings)
    assert {point.learning_rate for point in record.curve} == {1e-3}


def test_a_trial_whose_rates_all_diverge_fails_with_the_step(trial: Trial, tmp_path: Path) -> None:
    recipe = replace(trial.recipe, learning_rates=(1e29, 1e30), clip_norm=None)
    (tmp_path / "run").mkdir()
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    record = run_trial(replace(trial, recipe=recipe), tmp_path / "run", bench)
    assert record.status == "failed"
    assert record.failure is not None
    assert record.failure.kind == "Diverged"
    assert "not finite" in record.failure.message or "at step" in record.failure.message


def test_a_task_without_a_split_named_test_is_scored_and_timed(
    trial: Trial, tmp_path: Path
) -> None:
    cut = {name: SplitRule(cut_from="train", fraction=0.2) for name in ("test_new", "validation")}
    task = replace(trial.task, splits={"train": SplitRule(), **cut})
    record = run(resolve(replace(trial, task=task)), tmp_path)
    assert record.score("after", "test_new", "accuracy") is not None
    rate = record.measurement("inference_samples_per_second")
    assert rate is not None
    assert rate.value


def test_a_task_without_validation_is_refused_before_any_work(trial: Trial, tmp_path: Path) -> None:
    splits = {"train": SplitRule(), "test": SplitRule(cut_from="train", fraction=0.2)}
    (tmp_path / "run").mkdir()
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    changed = resolve(replace(trial, task=replace(trial.task, splits=splits)))
    record = run_trial(changed, tmp_path / "run", bench)
    assert record.failure is not None
    assert "needs a split 'validation'" in record.failure.message
    assert not (tmp_path / "cache").exists()


def test_a_failure_after_the_scores_keeps_them(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mmbench.trial.write_predictions", full_disk)
    (tmp_path / "run").mkdir()
    bench = Bench(device=torch.device("cpu"), cache=Cache(tmp_path / "cache"))
    record = run_trial(trial, tmp_path / "run", bench)
    assert record.status == "failed"
    assert record.failure is not None
    assert "No space left" in record.failure.message
    assert record.score("after", "test", "accuracy") is not None


def test_a_trial_whose_weights_have_no_name_never_runs(trial: Trial, tmp_path: Path) -> None:
    nameless = replace(trial, digests={"model": UNRESOLVED, "task": UNRESOLVED})
    (tmp_path / "run").mkdir()
    record = run_trial(nameless, tmp_path / "run", Bench(device=torch.device("cpu")))
    assert record.status == "failed"
    assert record.failure is not None
    assert "could not be named" in record.failure.message
