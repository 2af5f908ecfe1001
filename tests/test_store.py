"""Records on disk: found again, never lost, never half there, whoever else writes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import mmbench
from mmbench.errors import StoreError
from mmbench.records import Trial
from mmbench.store import CLAIM, RECORD, RUN, Store, Stored, latest, load
from tests.specimens import FINGERPRINT, TRIAL, record

ROOT = Path(mmbench.__file__).parents[1]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def run(store: Store, trial: Trial = TRIAL) -> Stored:
    with store.claim(trial) as folder:
        return store.put(record(trial), folder)


def files(store: Store) -> list[str]:
    """Everything below, by its last name, but for the lock."""
    found = [path.name for path in store.root.rglob("*") if path.is_file()]
    return sorted(name for name in found if name != ".lock")


# ------------------------------------------------------------------------------ put and find


def test_what_is_put_is_found(store: Store) -> None:
    stored = run(store)
    assert store.find(TRIAL) == store.select() == [stored]
    assert load(stored.folder) == load(stored.folder / RECORD) == stored
    assert RUN.fullmatch(stored.folder.name)
    assert stored.folder.parent.name == f"tiny.moods.probe.s0.{TRIAL.key[:8]}"
    assert files(store) == [RECORD]


def test_repeats_are_appended_oldest_first(store: Store) -> None:
    repeats = [run(store) for _ in range(5)]
    assert [found.folder for found in store.find(TRIAL)] == [stored.folder for stored in repeats]


def test_another_trial_of_the_same_cell_is_not_found(store: Store) -> None:
    run(store)
    assert store.find(replace(TRIAL, seed=1)) == []
    assert store.find(replace(TRIAL, limit=3)) == []


def test_a_key_is_compared_whole(store: Store) -> None:
    """The folder's name holds eight digits of the key, which may coincide."""
    with store.claim(TRIAL) as folder:
        store.put(replace(record(), key="another"), folder)
    assert store.find(TRIAL) == []


def test_an_absent_folder_holds_no_records(store: Store) -> None:
    assert store.find(TRIAL) == store.select() == []
    assert store.sweep() == 0
    assert not store.root.exists()


def test_select_looks_below_folders_of_suites(tmp_path: Path) -> None:
    run(Store(tmp_path / "a"))
    run(Store(tmp_path / "b"))
    assert len(Store(tmp_path).select()) == 2


def test_what_is_equal_in_many_records_is_one_object(store: Store) -> None:
    other = replace(TRIAL, model=replace(TRIAL.model, name="other"))
    same = replace(other, model=replace(other.model, notes="changed"))
    ran = [run(store, trial) for trial in (TRIAL, replace(TRIAL, seed=1), other, same)]
    found = store.select()
    assert sorted(found, key=lambda s: str(s.folder)) == sorted(ran, key=lambda s: str(s.folder))
    trials = [stored.record.trial for stored in found]
    assert len({id(trial.model) for trial in trials}) == 3
    assert len({id(trial.task) for trial in trials}) == 1
    assert len({id(stored.record.fingerprint) for stored in found}) == 1


def test_a_broken_record_is_named(store: Store) -> None:
    path = run(store).folder / RECORD
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StoreError, match=str(path)):
        store.select()
    with pytest.raises(StoreError, match=r"absent/record\.json|absent: cannot be read"):
        load(store.root / "absent")


def test_latest_keeps_the_last_of_each_trial_on_each_machine(store: Store) -> None:
    gpu = replace(FINGERPRINT, device="cuda")
    records = [
        record(started_at="2026-01-02", seconds=2.0),
        record(started_at="2026-01-03", seconds=3.0),
        record(started_at="2026-01-01", seconds=1.0),
        record(started_at="2026-01-01", seconds=9.0, fingerprint=gpu),
        record(replace(TRIAL, seed=1), started_at="2026-01-01", seconds=5.0),
    ]
    found = latest([Stored(Path(str(i)), r) for i, r in enumerate(records)])
    assert sorted(stored.record.seconds for stored in found) == [3.0, 5.0, 9.0]


def test_of_two_records_of_one_second_the_later_folder_is_the_last() -> None:
    first, second = Stored(Path("20260101T000000.1"), record()), Stored(Path("z.2"), record())
    assert latest([second, first]) == [second]


# ------------------------------------------------------------------------ claims and the sweep


def test_an_error_inside_the_block_passes_as_it_is(store: Store) -> None:
    """An OSError of the trial is no trouble of the store."""
    with pytest.raises(ConnectionResetError), store.claim(TRIAL):
        raise ConnectionResetError("the hub hung up")


def test_an_interrupt_leaves_its_folder_to_the_sweep(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store.claim(TRIAL):
        raise KeyboardInterrupt
    assert store.sweep() == 1


def test_a_block_without_a_record_leaves_its_folder_to_the_sweep(store: Store) -> None:
    with store.claim(TRIAL) as folder:
        (folder / "model").mkdir()
        (folder / "model" / "half.safetensors").write_bytes(b"x")
    assert store.select() == []
    assert store.sweep() == 1
    assert files(store) == []
    assert not folder.parent.exists()


def test_the_sweep_leaves_finished_runs_and_other_peoples_folders(store: Store) -> None:
    stored = run(store)
    (stored.folder / CLAIM).touch()  # killed between writing the record and lifting the claim
    notes = store.root / "my notes" / "2026"
    notes.mkdir(parents=True)
    (notes / CLAIM).touch()
    assert store.sweep() == 0
    assert store.select() == [stored]
    assert notes.is_dir()


def test_the_sweep_removes_what_a_kill_left_at_any_point(store: Store) -> None:
    run(store)
    for number, content in enumerate(([], [CLAIM], ["predictions.parquet"], [CLAIM, ".r.part"])):
        folder = store.root / "a.b.c" / f"20260101T000000.00000{number}-abcdef"
        folder.mkdir(parents=True)
        for name in content:
            (folder / name).touch()
    assert store.sweep() == 4
    assert files(store) == [RECORD]
    assert store.sweep() == 0


# --------------------------------------------------------------------------- what can go wrong


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("not a folder")
    store = Store(tmp_path / "results")
    with pytest.raises(StoreError, match="cannot be written"), store.claim(TRIAL):
        pass
    with pytest.raises(StoreError, match="cannot be written"):
        store.put(record(), tmp_path / "results" / "a")


def test_a_full_disk_is_told_and_earlier_records_stay(store: Store) -> None:
    run(store)
    code = f"""
import resource, signal
from dataclasses import replace
from pathlib import Path
from mmbench.errors import StoreError
from mmbench.store import Store
from tests.specimens import TRIAL, record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store, trial = Store(Path({str(store.root)!r})), replace(TRIAL, seed=1)
with store.claim(trial) as folder:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    try:
        store.put(record(trial), folder)
    except StoreError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "record.json: cannot be written: File too large" in done.stdout
    assert [stored.record.trial.seed for stored in store.select()] == [0]
    assert store.sweep() == 1
    assert files(store) == [RECORD]
