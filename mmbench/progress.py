"""What a run tells whoever watches it: the command line draws it, Python is silent by default."""

from typing import Protocol

from mmbench.records import Record, Trial


class Watcher(Protocol):
    """Told of a run's progress. No method may change anything or take long."""

    def started(self, trial: Trial, number: int, total: int) -> None:
        """Trial `number` of `total` (from 1) begins."""

    def phase(self, what: str) -> None:
        """The trial now does `what`: reading data, preparing train, lr 3e-05, scoring test …"""

    def training(self, step: int, steps: int, loss: float, samples_per_second: float) -> None:
        """`step` of `steps` of the present fit is done; the loss is the mean of the last ones."""

    def validated(self, step: int, metric: str, value: float) -> None:
        """The validation split was scored after `step`."""

    def ended(self, record: Record) -> None:
        """The trial has ended, well or not, and its record is written."""


class Silent:
    """Watches nothing."""

    def started(self, trial: Trial, number: int, total: int) -> None:
        return

    def phase(self, what: str) -> None:
        return

    def training(self, step: int, steps: int, loss: float, samples_per_second: float) -> None:
        return

    def validated(self, step: int, metric: str, value: float) -> None:
        return

    def ended(self, record: Record) -> None:
        return
