"""Speed records on disk: one folder a case and a time, `speed.json` written whole or not at all.

results/speed/speed/bert-base-uncased-train-fp32-b32-t128.1a2b3c4d/20261125T190512.073412-8f3a1c/
    speed.json
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_json
from mmbench.errors import StoreError
from mmbench.speed_record import FORMAT, SpeedRecord

FOLDER = "speed"
RECORD = "speed.json"


@dataclass(frozen=True, slots=True)
class StoredSpeed:
    """A speed record and the folder it lies in."""

    folder: Path
    record: SpeedRecord


def put_speed(root: Path, record: SpeedRecord) -> StoredSpeed:
    """Write the record below `root`, the folder of a suite's results; repeats lie side by side."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    case = f"{record.case.name.replace(' ', '-')}.{record.key[:8]}"
    folder = root / FOLDER / case / f"{stamp}-{secrets.token_hex(3)}"
    try:
        write_atomically(folder / RECORD, dump_json(record))
    except OSError as error:
        raise StoreError(f"{folder / RECORD}: cannot be written: {error.strerror}") from error
    return StoredSpeed(folder, record)


def speed_records(root: Path) -> list[StoredSpeed]:
    """Every speed record below `root`, in the order of its folder's name: of each case the oldest
    first. StoreError names a file that is none, or of a newer mmbench."""
    return [load_speed(path) for path in sorted(root.rglob(RECORD))]


def latest_speeds(stored: list[StoredSpeed]) -> list[StoredSpeed]:
    """The last record of each cell, case and fingerprint, in the order in which they were first
    seen."""
    newest = {
        (each.record.cell, each.record.key, each.record.fingerprint.digest): each for each in stored
    }
    return list(newest.values())


def load_speed(file: Path) -> StoredSpeed:
    """Read one speed.json."""
    try:
        record = load_json(SpeedRecord, file.read_bytes())
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise StoreError(
            f"{file}: no speed record of this mmbench ({place}: {first['msg']}); run mmbench bench "
            "again, or remove it"
        ) from None
    if record.format > FORMAT:
        raise StoreError(f"{file}: format {record.format} is of a newer mmbench; upgrade mmbench")
    return StoredSpeed(file.parent, record)
