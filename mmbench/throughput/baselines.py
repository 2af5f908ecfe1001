"""Baselines on disk: what `pytest --throughput-save NAME` writes, a file a name and machine.

.benchmarks/mmbench/3f0c1a9be274/main.json      the folder is the machine's digest
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmbench.atomic import write_atomically
from mmbench.codec import dump_json, load_json
from mmbench.errors import did_you_mean
from mmbench.throughput.errors import CannotTime
from mmbench.throughput.machine import Machine, this_machine

FORMAT = 1
FOLDER = Path(".benchmarks", "mmbench")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTest:
    """One test's windows. seconds: of one call, a window each; calls: in a window. calibration:
    kernel → seconds of each round, in the same run. saved_at: ISO 8601, UTC."""

    seconds: tuple[float, ...]
    calls: int
    calibration: Mapping[str, tuple[float, ...]]
    libraries: Mapping[str, str]
    saved_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """tests: node id → its windows. Tests of several sessions may stand side by side."""

    format: int = FORMAT
    name: str
    machine: Machine = field(default_factory=this_machine)
    tests: Mapping[str, SavedTest] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Baselines:
    """root: the folder of all machines' baselines."""

    root: Path

    def path(self, name: str) -> Path:
        """The file of this machine's baseline of that name; CannotTime for what is no name."""
        return self.root / this_machine().digest / f"{checked_name(name)}.json"

    def find(self, name: str, test: str) -> SavedTest:
        """What was saved of the test; CannotTime says what there is instead, and how to save it."""
        path = self.path(name)
        if not path.is_file():
            raise CannotTime(
                f"no baseline {name!r} of this machine ({this_machine()}): {path} is not there"
                f"{self._others(name)}. Save one with: pytest --throughput-save {name}"
            )
        tests = load(path).tests
        if test not in tests:
            raise CannotTime(
                f"{path}: no baseline of {test}{did_you_mean(test, tests)}. Save it with: "
                f"pytest --throughput-save {name} '{test}'"
            )
        return tests[test]

    def put(self, name: str, tests: Mapping[str, SavedTest]) -> Path:
        """Save these tests; what the file holds of others stays."""
        path = self.path(name)
        before = load(path) if path.is_file() else Baseline(name=name)
        write_atomically(path, dump_json(replace(before, tests={**before.tests, **tests})))
        return path

    def _others(self, name: str) -> str:
        here = sorted(path.stem for path in self.root.glob(f"{this_machine().digest}/*.json"))
        if here:
            return f"; it has {', '.join(here)}"
        if any(self.root.glob(f"*/{name}.json")):
            return "; there is one of another machine, whose times say nothing here"
        return ""


def checked_name(name: str) -> str:
    """The name; CannotTime if it cannot be that of a file."""
    if not NAME.fullmatch(name):
        raise CannotTime(f"{name!r} cannot name a baseline; use letters, digits, '.', '_', '-'")
    return name


def load(path: Path) -> Baseline:
    """Read what `put` wrote; CannotTime for a newer format or a broken file."""
    try:
        text = path.read_bytes()
        written = json.loads(text)["format"]
        newer = isinstance(written, int) and written > FORMAT
        found = None if newer else load_json(Baseline, text)
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise CannotTime(f"{path}: not a baseline ({reason}). Remove it and save again.") from None
    if found is None:
        raise CannotTime(
            f"{path}: format {written} was written by a newer mmbench; this one reads up to "
            f"{FORMAT}. Upgrade mmbench, or save the baseline again."
        )
    return found
