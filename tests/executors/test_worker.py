"""A worker's trials: those that work, those that take the process with them, and the next ones."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from mmbench.executors import process
from mmbench.executors.worker import SHARED, Worker
from mmbench.progress import Silent
from mmbench.records import Failure, Measurement, Record, Trial
from mmbench.workbench import Bench
from tests.executors.conftest import TrialOf, alive, numbers, with_seed, within


@pytest.fixture
def worker(bench: Bench) -> Iterator[Worker]:
    worker = Worker(bench)
    yield worker
    worker.close()


def run(worker: Worker, trial: Trial, tmp_path: Path) -> Record:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    return worker.run(trial, folder)


def failure(record: Record) -> Failure:
    assert record.status == "failed"
    assert record.failure is not None
    return record.failure


def imports(record: Record) -> Measurement:
    found = record.measurement("import_seconds")
    assert found is not None
    return found


# ------------------------------------------------------------------------------ what works


@dataclass
class Noting(Silent):
    phases: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)

    def phase(self, what: str) -> None:
        self.phases.append(what)

    def training(self, step: int, steps: int, loss: float, samples_per_second: float) -> None:
        self.numbers += [step, steps, loss, samples_per_second]

    def validated(self, step: int, metric: str, value: float) -> None:
        assert metric == "accuracy"
        self.numbers += [step, value]


def test_trials_of_a_model_share_a_process_and_say_so(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    watcher = worker.bench.watcher = Noting()
    trial = trial_of("Plain", told=told)
    first = run(worker, trial, tmp_path)
    again = run(worker, with_seed(trial, 1), tmp_path)
    assert (first.failure, again.failure) == (None, None)
    assert (tmp_path / "run" / "predictions.parquet").exists()
    assert first.trial == trial
    assert len(set(numbers(told))) == 1
    assert numbers(told)[0] != 0
    assert imports(first).note is None
    assert imports(again).note == SHARED
    assert 0.1 < (imports(first).value or 0) < 120
    assert imports(first).value == imports(again).value
    assert watcher.phases.count("starting a worker") == 1
    assert watcher.phases.count("reading data") == 2
    assert watcher.numbers


def test_another_model_gets_a_process_of_its_own_when_the_old_one_is_gone(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    worker.trial_seconds = 60.0  # what reads the parent's lines would wait for ever
    run(worker, trial_of("Plain", told=told), tmp_path)
    (old,) = numbers(told)
    assert run(worker, trial_of("Curious", told=told), tmp_path).failure is None
    assert not alive(old)
    _, new = numbers(told)
    worker.close()
    assert not alive(new)


def test_fresh_is_a_process_for_each_trial(
    bench: Bench, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    worker = Worker(bench, lifetime="trial")
    for seed in (0, 1):
        record = run(worker, trial_of("Plain", seed=seed, told=told), tmp_path)
        assert imports(record).note is None
    assert len(set(numbers(told))) == 2
    assert not any(alive(number) for number in numbers(told))


def test_a_module_that_only_the_parent_finds_is_found(
    worker: Worker, trial_of: TrialOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "acme"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "vision.py").write_text("from tests.executors.unruly import Plain as Adapter\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run(worker, trial_of("acme.vision:Adapter"), tmp_path).failure is None


def test_a_module_in_the_working_folder_stands_in_for_none_of_the_library(
    worker: Worker, trial_of: TrialOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can import it in the parent, so nobody may in the child."""
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", ".")])
    assert run(worker, trial_of("Plain"), tmp_path).failure is None


def test_threads_are_those_of_the_parent(worker: Worker, trial_of: TrialOf, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        record = run(worker, trial_of("Plain"), tmp_path)
    finally:
        torch.set_num_threads(before)
    assert record.fingerprint.threads == before + 1


def test_a_child_that_dies_between_two_trials_costs_none(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    trial = trial_of("Plain", told=told)
    run(worker, trial, tmp_path)
    process_number = numbers(told)[0]
    os.kill(process_number, signal.SIGKILL)
    child = worker._child
    assert child is not None
    # a zombie may still have threads that are ending; the system then does not call it gone
    assert within(30, child.exited)
    assert run(worker, with_seed(trial, 1), tmp_path).failure is None


# ------------------------------------------------------------------------- what goes wrong


def test_a_segfault_names_the_line_and_the_next_trial_runs(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    found = failure(run(worker, trial_of("Segfaults", told=told), tmp_path))
    assert found.kind == "Killed"
    assert "SIGSEGV during 'loading the model'" in found.message
    assert "unruly.py" in found.traceback
    assert "in misbehave" in found.traceback
    assert run(worker, trial_of("Plain", told=told), tmp_path).failure is None
    assert not alive(numbers(told)[0])


def test_an_exit_that_pretends_success_is_a_failure(
    worker: Worker, trial_of: TrialOf, tmp_path: Path
) -> None:
    record = run(worker, trial_of("Leaves"), tmp_path)
    assert "exit status 0 and no record" in failure(record).message
    assert "so long" in failure(record).traceback
    assert imports(record).value


def test_a_flood_of_output_changes_nothing(
    worker: Worker, trial_of: TrialOf, tmp_path: Path
) -> None:
    assert run(worker, trial_of("Floods"), tmp_path).failure is None


def test_what_hangs_and_hears_nothing_is_ended_within_its_limit(
    bench: Bench, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    worker = Worker(bench, trial_seconds=2.0)
    hold = tmp_path / "hold"
    hold.touch()
    trial = trial_of("Deaf", told=told, hold=hold)
    record = run(worker, trial, tmp_path)
    assert failure(record).kind == "TimeLimit"
    assert "its limit of 2 s during 'loading the model'" in failure(record).message
    assert 2.0 <= record.seconds < 2.0 + 5.0
    own, started = numbers(told)
    assert not alive(own)
    assert within(1, lambda: not alive(started))
    worker.close()


def test_what_is_stopped_shows_where_it_was(
    bench: Bench, trial_of: TrialOf, tmp_path: Path
) -> None:
    worker = Worker(bench, trial_seconds=1.0)
    (tmp_path / "hold").touch()
    found = failure(run(worker, trial_of("Waits", hold=tmp_path / "hold"), tmp_path))
    assert "in misbehave" in found.traceback
    worker.close()


def test_what_a_trial_has_started_ends_with_its_worker(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    assert run(worker, trial_of("Breeds", told=told), tmp_path).failure is None
    worker.close()
    assert within(1, lambda: not any(alive(number) for number in numbers(told)))


def test_after_an_error_of_a_library_the_process_is_not_used_again(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    trial = trial_of("Raises", told=told)
    for seed in (0, 1):
        found = failure(run(worker, with_seed(trial, seed), tmp_path))
        assert found.kind == "RuntimeError"
        assert "illegal memory access" in found.message
    assert len(set(numbers(told))) == 2


def test_after_an_error_of_ours_it_is(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    trial = trial_of("Plain", told=told)
    broken = replace(trial, task=replace(trial.task, inputs={"text": "no-such-column"}))
    assert "no-such-column" in failure(run(worker, broken, tmp_path)).message
    record = run(worker, trial, tmp_path)
    assert record.failure is None
    assert imports(record).note == SHARED


def test_a_trial_that_is_given_up_leaves_no_process(
    worker: Worker, trial_of: TrialOf, told: Path, tmp_path: Path
) -> None:
    class Impatient(Silent):
        def phase(self, what: str) -> None:
            if what == "loading the model":
                within(5, told.exists)
                raise KeyboardInterrupt

    worker.bench.watcher = Impatient()
    (tmp_path / "hold").touch()
    with pytest.raises(KeyboardInterrupt):
        run(worker, trial_of("Waits", told=told, hold=tmp_path / "hold"), tmp_path)
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < 2.0
    assert within(1, lambda: not any(alive(number) for number in numbers(told)))


@pytest.mark.parametrize("program", ["raise ImportError('no mmbench here')", "import sys\n1/"])
def test_a_worker_that_cannot_start_fails_its_trials(
    worker: Worker,
    trial_of: TrialOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
) -> None:
    monkeypatch.setattr(process, "PROGRAM", program)
    record = run(worker, trial_of("Plain"), tmp_path)
    assert failure(record).kind == "NotStarted"
    assert "Error" in failure(record).message
    assert record.measurement("import_seconds") is None


def test_a_start_that_hangs_is_ended(
    worker: Worker, trial_of: TrialOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PROGRAM", "import time; time.sleep(600)")
    monkeypatch.setattr("mmbench.executors.worker.START_SECONDS", 0.5)
    found = failure(run(worker, trial_of("Plain"), tmp_path))
    assert found.kind == "NotStarted"
    assert "was stopped at its time limit" in found.message


def test_a_system_that_starts_no_process_fails_the_trial(
    worker: Worker, trial_of: TrialOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "/nowhere/python" in failure(run(worker, trial_of("Plain"), tmp_path)).message
