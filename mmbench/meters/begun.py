"""A trial that has begun: when, on what machine, and the record that it has so far."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import torch

from mmbench.meters import environment
from mmbench.records import Failure, Record, Status, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Its clock and its meter run from when this is made."""

    trial: Trial
    device: torch.device
    meter: environment.LoadMeter = field(default_factory=environment.LoadMeter)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.clock

    def record(self, status: Status, failure: Failure | None = None) -> Record:
        """The record of the trial if it ended now and nothing of it were known."""
        return Record(
            key=self.trial.key,
            trial=self.trial,
            fingerprint=environment.fingerprint(self.device, self.trial.recipe.precision),
            environment=environment.environment(self.device, self.meter),
            status=status,
            started_at=self.at.isoformat(timespec="seconds"),
            seconds=self.seconds,
            failure=failure,
        )
