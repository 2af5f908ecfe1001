"""The same small known work before a trial and after it: if it drifts, the machine has changed."""

from dataclasses import dataclass, field

import torch

from mmbench.meters.noise import drifted
from mmbench.meters.peak import Calibration, calibrate
from mmbench.records import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Seconds of each kernel, their values before and after; warnings where they differ."""

    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CalibrationWatch:
    """Calibrates when it is made, and again when it is asked for the drift."""

    device: torch.device
    before: Calibration = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "before", _calibrated(self.device))

    def drift(self) -> Drift:
        both = self.before.beside(_calibrated(self.device))
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


def _calibrated(device: torch.device) -> Calibration:
    """The allocator keeps nothing of it, so that a trial's peak of reserved memory is its own."""
    found = calibrate(device)
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return found
