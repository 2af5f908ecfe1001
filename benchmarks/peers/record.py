"""What is kept of a comparison: the raw seconds of every repeat, and where they were taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from mmbench import codec
from mmbench.atomic import write_atomically

FORMAT = 1
LIBRARIES = (
    "torch",
    "transformers",
    "accelerate",
    "timm",
    "tokenizers",
    "numpy",
    "scikit-learn",
    "Pillow",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One turn of an arm. values: what it gave beside the seconds, by name."""

    round: int
    seconds: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecord:
    name: str
    what: str
    threads: int
    repeats: tuple[Repeat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The seconds of the arm `peer` over those of the arm `ours`, round by round."""

    ours: str
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The largest absolute difference of two arms' features, and the one that is allowed."""

    arms: tuple[str, str]
    difference: float
    allowed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """other_cores_busy: mean of the cores that processes not of this run kept busy."""

    platform: str
    python: str
    cpu: str
    cores: int
    threads: int
    code: str
    libraries: Mapping[str, str]
    other_cores_busy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersRecord:
    """quality: the name among a repeat's values that says how well it was done, if any."""

    format: Literal[1] = 1
    name: str
    title: str
    work: str
    quality: str | None
    arms: tuple[ArmRecord, ...]
    comparisons: tuple[Comparison, ...]
    agreements: tuple[Agreement, ...]
    notes: tuple[str, ...]
    machine: Machine
    started_at: str
    seconds: float
    command: str

    def arm(self, name: str) -> ArmRecord:
        return next(arm for arm in self.arms if arm.name == name)


def versions(more: Mapping[str, str]) -> dict[str, str]:
    """Installed versions; `more` are those that are not installed beside the others."""
    return {name: installed(name) for name in LIBRARIES} | dict(more)


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def write(record: PeersRecord, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.name}.json"
    write_atomically(path, codec.dump_json(record) + b"\n")
    return path


def read_all(folder: Path, names: tuple[str, ...]) -> list[PeersRecord]:
    """The records that there are, in the order of `names`."""
    paths = [folder / f"{name}.json" for name in names]
    return [codec.load_json(PeersRecord, path.read_bytes()) for path in paths if path.is_file()]
