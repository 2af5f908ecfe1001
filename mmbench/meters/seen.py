"""Meters that must be looked at while a trial is at work, by way of what it tells its watcher."""

from dataclasses import InitVar, dataclass, field

import torch

from mmbench.meters.energy import EnergyMeter
from mmbench.meters.environment import ClockWatch
from mmbench.progress import Watcher
from mmbench.records import Record, Trial


@dataclass(slots=True)
class Seen:
    """A watcher that looks at the counters of energy and the clocks of a card whenever it is told
    something, which is never inside a timed window, and tells the bench's own.

    A fit tells something every few windows, so that no counter wraps twice unseen.
    """

    watcher: Watcher
    device: InitVar[torch.device]
    energy: EnergyMeter = field(init=False)
    clocks: ClockWatch = field(init=False)

    def __post_init__(self, device: torch.device) -> None:
        self.energy = EnergyMeter(device)
        self.clocks = ClockWatch(device)

    def look(self) -> None:
        self.energy.look()
        self.clocks.look()

    def started(self, trial: Trial, number: int, total: int) -> None:
        self.watcher.started(trial, number, total)

    def phase(self, what: str) -> None:
        self.look()
        self.watcher.phase(what)

    def training(self, step: int, steps: int, loss: float, samples_per_second: float) -> None:
        self.look()
        self.watcher.training(step, steps, loss, samples_per_second)

    def validated(self, step: int, metric: str, value: float) -> None:
        self.look()
        self.watcher.validated(step, metric, value)

    def ended(self, record: Record) -> None:
        self.watcher.ended(record)
