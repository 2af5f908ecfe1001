"""How long trials will take: what the same cell took before, on the same kind of device."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from mmbench.errors import StoreError

if TYPE_CHECKING:
    from mmbench.records import Record, Trial

Cell = tuple[str, str, str]


def earlier_seconds(results: Path, *, limit: int | None, device: str) -> dict[Cell, float]:
    """Cell → median seconds of its `ok` records with this limit on this kind of device."""
    from mmbench.store import RECORD, load

    found: dict[Cell, list[float]] = defaultdict(list)
    for path in results.rglob(RECORD):
        try:
            record = load(path).record
        except StoreError:
            continue  # an estimate is no reason to fail; whoever needs the record will say so
        if record.trial.limit == limit and record.fingerprint.device == device:
            _note(found, record)
    return {cell: median(seconds) for cell, seconds in found.items()}


@dataclass(slots=True)
class Estimate:
    """Seconds of trials to come, the better known the more have been run."""

    earlier: Mapping[Cell, float]
    _seen: dict[Cell, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, record: "Record") -> None:
        """A trial of this run has ended."""
        _note(self._seen, record)

    def seconds(self, trial: "Trial") -> float | None:
        """By its own cell, by the same recipe in this run, or None."""
        if trial.cell in self._seen:
            return median(self._seen[trial.cell])
        if trial.cell in self.earlier:
            return self.earlier[trial.cell]
        alike = [s for cell, s in self._seen.items() if cell[2] == trial.recipe.name]
        return mean(second for seconds in alike for second in seconds) if alike else None

    def total(self, trials: Iterable["Trial"]) -> tuple[float, int]:
        """Seconds of all trials of which something is known, and of how many nothing is."""
        each = [self.seconds(trial) for trial in trials]
        known = [seconds for seconds in each if seconds is not None]
        return sum(known), len(each) - len(known)


def _note(found: dict[Cell, list[float]], record: "Record") -> None:
    if record.status == "ok":
        found[record.trial.cell].append(record.seconds)
