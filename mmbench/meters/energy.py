"""Energy that counters of the hardware have counted, and what a sample costs.

`cpu_energy_joules`: RAPL through /sys/class/powercap (Intel, and AMD since Linux 5.8), the sum of
the processor packages. The counters of cores and of the uncore lie within those of their package
and are left out, as are psys and the second path to the same package (intel-rapl-mmio). It is the
whole package, other processes included; memory, disks and fans are not in it.

`gpu_energy_joules`: NVML's total-energy counter of one card, other processes included. It moves in
steps, so that a short window reads too little or nothing: at least 10 s are asked for.

Unit: J. Limits: a RAPL counter wraps (`max_energy_range_uj`). One wrap between two looks is
counted; where a package could have drawn more than that at MOST_WATTS, nothing is said, so look
more often. Without a counter, or with one that does not move, the value is None and the note says
why: never a guess.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from mmbench.meters import nvml
from mmbench.records import Measurement

POWERCAP = Path("/sys/class/powercap")
PACKAGE = re.compile(r"intel-rapl:\d+")  # the kernel's name on AMD too
MOST_WATTS = 500.0  # of one package
CPU_SECONDS, GPU_SECONDS = 1.0, 10.0
SHARED = "the whole package, with what other processes did"


@dataclass(slots=True, kw_only=True)
class Counter:
    """read: joules since some time, None where it cannot be read. wraps_at: joules, None: never."""

    read: Callable[[], float | None]
    wraps_at: float | None = None
    joules: float = 0.0
    lost: str | None = None
    _last: float | None = None
    _at: float = 0.0

    def look(self) -> None:
        """Add what it has moved since the last look."""
        now, at = self.read(), time.monotonic()
        if now is None:
            self.lost = self.lost or "the counter cannot be read"
        elif self._last is not None:
            self._add(now - self._last, at - self._at)
        self._last, self._at = now, at

    def _add(self, moved: float, seconds: float) -> None:
        if self.wraps_at is not None and seconds * MOST_WATTS > self.wraps_at:
            self.lost = (
                f"the counter, which wraps at {self.wraps_at:.0f} J, was not looked at for "
                f"{seconds:.0f} s"
            )
        elif moved >= 0:
            self.joules += moved
        elif self.wraps_at is not None:
            self.joules += moved + self.wraps_at
        else:
            self.lost = "the counter went back: was the driver loaded again?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The counters of one measurement; none, and `absent`, where there is nothing to read."""

    name: str
    counters: tuple[Counter, ...] = ()
    absent: str | None = None
    least_seconds: float
    note: str


@dataclass(slots=True)
class EnergyMeter:
    """Counts from when it is made. On a CUDA device the card and the processor, each by itself."""

    device: torch.device
    sources: tuple[Source, ...] = field(init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        card = (_card(self.device),) if self.device.type == "cuda" else ()
        self.sources = (*card, _packages(POWERCAP))
        self._began = time.monotonic()
        self.look()

    def look(self) -> None:
        """Read the counters, so that none wraps twice unseen; a few microseconds each."""
        for source in self.sources:
            for counter in source.counters:
                counter.look()

    def measurements(self) -> tuple[Measurement, ...]:
        """What was drawn since the meter was made."""
        self.look()
        seconds = time.monotonic() - self._began
        return tuple(_measured(source, seconds) for source in self.sources)


def cost_per_million_samples(price_per_hour: float, samples_per_second: float) -> float:
    """In the currency of the price, which is the user's: of the machine for one hour.

    ValueError unless something is processed.
    """
    if samples_per_second <= 0:
        raise ValueError(f"{samples_per_second} samples/s; a cost needs a rate above 0")
    return price_per_hour / 3600 * 1e6 / samples_per_second


def _measured(source: Source, seconds: float) -> Measurement:
    joules = sum(counter.joules for counter in source.counters)
    reason = source.absent or next((c.lost for c in source.counters if c.lost is not None), None)
    if reason is None and seconds < source.least_seconds:
        reason = f"{seconds:.1f} s; the counter needs a window of {source.least_seconds:g} s"
    if reason is None and joules == 0:
        reason = f"the counter did not move in {seconds:.1f} s"
    if reason is not None:
        return Measurement(name=source.name, unit="J", value=None, note=f"unavailable: {reason}")
    return Measurement(
        name=source.name, unit="J", value=joules, note=f"in {seconds:.1f} s; {source.note}"
    )


def _card(device: torch.device) -> Source:
    found = nvml.find(device)
    return Source(
        name="gpu_energy_joules",
        counters=(Counter(read=found.joules),) if isinstance(found, nvml.Gpu) else (),
        absent=found.reason if isinstance(found, nvml.Absent) else None,
        least_seconds=GPU_SECONDS,
        note="the card, with what other processes did",
    )


def _packages(powercap: Path) -> Source:
    """One counter a processor package. All or none: a sum that lacks one would mislead."""
    zones = [
        zone
        for zone in (sorted(powercap.iterdir()) if powercap.is_dir() else ())
        if PACKAGE.fullmatch(zone.name) and (_text(zone / "name") or "").startswith("package")
    ]
    counters = tuple(_zone(zone) for zone in zones)
    absent = None
    if not counters:
        absent = f"no RAPL counter of a processor under {powercap}"
    elif any(counter.read() is None for counter in counters):
        absent = f"{zones[0] / 'energy_uj'} cannot be read; it is root's alone as a rule"
    return Source(
        name="cpu_energy_joules",
        counters=counters if absent is None else (),
        absent=absent,
        least_seconds=CPU_SECONDS,
        note=SHARED if len(counters) == 1 else f"{len(counters)} packages; {SHARED}",
    )


def _zone(zone: Path) -> Counter:
    def read() -> float | None:
        return _joules(zone / "energy_uj")

    return Counter(read=read, wraps_at=_joules(zone / "max_energy_range_uj"))


def _joules(path: Path) -> float | None:
    text = _text(path)
    return int(text) / 1e6 if text is not None and text.isdecimal() else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
