"""Records on disk: put, find, select. One folder a run of a trial, `record.json` written last.

results/quickstart/.lock      held for a moment to open or to sweep runs, never while one runs
results/quickstart/minilm-l6.reviews-zh.full.s0.1a2b3c4d/20261123T190512.073412-8f3a1c/
    claim             locked while the trial runs; a folder with neither lock nor record is
                      what a crash left, and is swept by the next run
    predictions.parquet, model/…
    record.json       there only when the trial has ended
"""

import fcntl
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_record
from mmbench.errors import StoreError
from mmbench.records import Record, Trial

RECORD = "record.json"
CLAIM = "claim"
LOCK = ".lock"
T = TypeVar("T")
RUN = re.compile(r"\d{8}T\d{6}\.\d{6}-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Stored:
    """A record and the folder that its artefacts' paths are relative to."""

    folder: Path
    record: Record


@dataclass(frozen=True, slots=True)
class Store:
    root: Path

    @contextmanager
    def claim(self, trial: Trial) -> Iterator[Path]:
        """A new folder for one run of the trial, marked as in use until the block is left.

        A block that is left without a record leaves its folder to the next sweep.
        """
        folder, claim = self._open_run(trial)
        with claim:
            yield folder
            if (folder / RECORD).exists():
                with suppress(OSError):  # the record alone counts from here on
                    (folder / CLAIM).unlink()

    def put(self, record: Record, folder: Path) -> Stored:
        """Write the record; from here on the run of the trial counts as ended."""
        try:
            write_atomically(folder / RECORD, dump_json(record))
        except OSError as error:
            raise StoreError(f"{folder / RECORD}: cannot be written: {error.strerror}") from error
        return Stored(folder, record)

    def find(self, trial: Trial) -> list[Stored]:
        """All records of this very trial (the same key), oldest first."""
        found = [load(path) for path in sorted(self._trial_folder(trial).glob(f"*/{RECORD}"))]
        return [stored for stored in found if stored.record.key == trial.key]

    def select(self) -> list[Stored]:
        """Every record, in the order of its folder's name. What is equal in them is one object."""
        shared = _Shared()
        return [shared.of(load(path)) for path in sorted(self.root.rglob(RECORD))]

    def sweep(self) -> int:
        """Remove what crashed runs left behind; returns how many folders."""
        if not self.root.is_dir():
            return 0
        swept = 0
        try:
            with self._alone():
                for folder in sorted(self.root.glob("*/*")):
                    if RUN.fullmatch(folder.name) and _is_dead(folder):
                        shutil.rmtree(folder)
                        swept += 1
                        with suppress(OSError):  # other runs of the same trial stay
                            folder.parent.rmdir()
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be swept: {error}") from error
        return swept

    def _open_run(self, trial: Trial) -> tuple[Path, IO[bytes]]:
        """A new run's folder and its locked claim; the lock is free again once that is closed."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        folder = self._trial_folder(trial) / f"{stamp}-{secrets.token_hex(3)}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self._alone():  # no sweep may see the folder before its claim is locked
                folder.mkdir(parents=True)
                claim = open(folder / CLAIM, "wb")  # noqa: SIM115  (closed by `claim`)
                fcntl.flock(claim, fcntl.LOCK_EX)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror or error}") from error
        return folder, claim

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time opens or sweeps runs."""
        with open(self.root / LOCK, "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _trial_folder(self, trial: Trial) -> Path:
        name = ".".join((*trial.cell, f"s{trial.seed}", trial.key[:8]))
        return self.root / name


class _Shared:
    """Cards and fingerprints of records that were read: one object for all that are equal. Ten
    thousand records of a sweep hold a few hundred, and take half of the memory without them."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], list[Any]] = {}

    def of(self, stored: Stored) -> Stored:
        record = stored.record
        trial = replace(
            record.trial,
            model=self._one(record.trial.model, record.trial.model.name),
            task=self._one(record.trial.task, record.trial.task.name),
            recipe=self._one(record.trial.recipe, record.trial.recipe.name),
        )
        fingerprint = self._one(record.fingerprint, record.fingerprint.code)
        return Stored(stored.folder, replace(record, trial=trial, fingerprint=fingerprint))

    def _one(self, value: T, *told: object) -> T:
        """told: what parts most of those that differ."""
        known = self._known.setdefault((type(value), *told), [])
        for other in known:
            if other == value:
                return cast("T", other)
        known.append(value)
        return value


def _is_dead(folder: Path) -> bool:
    """No process that holds the claim, and no record."""
    try:
        with open(folder / CLAIM, "rb") as claim:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        pass  # done, or killed between making the folder and its claim
    # looked for last: while the claim is held, the record may come at any time
    return not (folder / RECORD).exists()


def load(path: Path) -> Stored:
    """Read one record.json, or the one in a folder."""
    file = path / RECORD if path.is_dir() else path
    try:
        text = file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
    return Stored(file.parent, load_record(text, file))


def latest(records: list[Stored]) -> list[Stored]:
    """What stands now: the last record of each trial and fingerprint.

    Repeats before it are history, and so is a failure or a refusal of what has worked since.
    """
    newest: dict[tuple[object, ...], Stored] = {}
    worked: dict[tuple[object, ...], str] = {}
    for stored in sorted(records, key=lambda s: (s.record.started_at, s.folder.name)):
        record = stored.record
        newest[(record.trial.cell, record.key, record.fingerprint.digest)] = stored
        if record.status == "ok":
            for seed in (record.trial.seed, None):
                worked[(record.trial.cell, record.trial.limit, seed)] = record.started_at

    def overtaken(record: Record) -> bool:
        seed = None if record.status == "refused" else record.trial.seed
        since = worked.get((record.trial.cell, record.trial.limit, seed), "")
        return record.status != "ok" and since > record.started_at

    return [stored for stored in newest.values() if not overtaken(stored.record)]
