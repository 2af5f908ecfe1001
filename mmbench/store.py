"""Records on disk: put, find, select. One folder a run of a trial, `record.json` written last.

results/quickstart/minilm-l6.reviews-zh.full.s0.1a2b3c4d/20261123T190512-8f3a1c/
    claim             locked while the trial runs; a folder with neither lock nor record is
                      what a crash left, and is swept by the next run
    predictions.parquet, model/…
    record.json       there only when the trial has ended
"""

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_record
from mmbench.errors import StoreError
from mmbench.records import Record, Trial

RECORD = "record.json"
CLAIM = "claim"


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
        """A new folder for one run of the trial, marked as in use until the block is left."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        folder = self._trial_folder(trial) / f"{stamp}-{secrets.token_hex(3)}"
        try:
            folder.mkdir(parents=True)
            with open(folder / CLAIM, "w") as claim:
                fcntl.flock(claim, fcntl.LOCK_EX)
                yield folder
                (folder / CLAIM).unlink()
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror or error}") from error

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
        """Every record, in the order of its folder's name."""
        return [load(path) for path in sorted(self.root.rglob(RECORD))]

    def sweep(self) -> int:
        """Remove what crashed runs left behind; returns how many folders."""
        swept = 0
        for claim in sorted(self.root.rglob(CLAIM)):
            if (claim.parent / RECORD).exists():
                continue
            with open(claim) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # another process is running it now
                shutil.rmtree(claim.parent)
                swept += 1
        return swept

    def _trial_folder(self, trial: Trial) -> Path:
        name = ".".join((*trial.cell, f"s{trial.seed}", trial.key[:8]))
        return self.root / name


def load(path: Path) -> Stored:
    """Read one record.json, or the one in a folder."""
    file = path / RECORD if path.is_dir() else path
    try:
        text = file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
    return Stored(file.parent, load_record(text, file))


def latest(records: list[Stored]) -> list[Stored]:
    """One record a trial and fingerprint: the last; repeats before it are history."""
    newest: dict[tuple[str, str], Stored] = {}
    for stored in sorted(records, key=lambda s: s.record.started_at):
        record = stored.record
        newest[(record.key, record.fingerprint.digest)] = stored
    return list(newest.values())
