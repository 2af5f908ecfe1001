"""The same small known work before a trial and after it: if it drifts, the machine has changed."""

import time
from dataclasses import dataclass

import torch

from mmbench.meters.noise import drifted
from mmbench.meters.peak import Calibration, calibrate
from mmbench.records import Measurement

RECENT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Seconds of each kernel, their values before and after; warnings where they differ."""

    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Calibrator:
    """Calibrates before and after each trial of a process. What ended one trial begins the next
    where it is younger than RECENT_SECONDS: between two trials there is nothing but a record to
    write."""

    device: torch.device
    _last: Calibration | None = None
    _at: float = 0.0

    def before(self) -> Calibration:
        if self._last is not None and time.monotonic() - self._at < RECENT_SECONDS:
            return self._last
        return self._now()

    def drift_since(self, before: Calibration) -> Drift:
        both = before.beside(self._now())
        return Drift(
            measurements=tuple(
                Measurement(
                    name=f"calibration_{kernel.replace(' ', '_')}_seconds",
                    unit="s",
                    value=(first + second) / 2,
                    values=(first, second),
                )
                for kernel, (first, second) in both.items()
            ),
            warnings=tuple(drifted(both)),
        )

    def _now(self) -> Calibration:
        """The allocator keeps nothing of it, so that a trial's peak of reserved memory is its own.

        What is known of an earlier moment is forgotten first, in case this one fails.
        """
        self._last = None
        found = calibrate(self.device)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self._last, self._at = found, time.monotonic()
        return found
