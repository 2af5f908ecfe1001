"""What NVIDIA's management library (NVML) tells of a GPU.

Needs the driver and nvidia-ml-py (`pip install 'mmbench[gpu]'`), which is imported here alone and
only when a GPU is asked about. Where either is missing, `find` says so; what a card does not tell
is None, never a guess. The library stays open until the process ends.
"""

import importlib
from dataclasses import dataclass
from typing import Any

import torch

CLOCKS = {"sm": "NVML_CLOCK_SM", "memory": "NVML_CLOCK_MEM"}
REASONS = "nvmlClocksEventReason"
NO_REASON = (
    *("None", "All", "GpuIdle"),
    *("ApplicationsClocksSetting", "UserDefinedClocks", "DisplayClockSetting"),
)
"""An idle card clocks down because nobody asks for more, and clocks that somebody has set are
steady: neither makes a timing doubtful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Why NVML tells nothing, and what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card, as NVML knows it."""

    nvml: Any
    handle: Any

    def joules(self) -> float | None:
        """Energy since the driver was loaded; the counter moves about every 20 to 100 ms."""
        millijoules = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else millijoules / 1000

    def power_limit_watts(self) -> int | None:
        """What the card is held to now."""
        milliwatts = self._ask("nvmlDeviceGetEnforcedPowerLimit")
        return None if milliwatts is None else round(milliwatts / 1000)

    def megahertz(self) -> dict[str, int]:
        """`sm` and `memory` now, `sm_max` and `memory_max` the most; without what is not told."""
        found = {}
        for name, constant in CLOCKS.items():
            clock = getattr(self.nvml, constant)
            found[name] = self._ask("nvmlDeviceGetClockInfo", clock)
            found[f"{name}_max"] = self._ask("nvmlDeviceGetMaxClockInfo", clock)
        return {name: int(rate) for name, rate in found.items() if rate is not None}

    def throttling(self) -> tuple[str, ...] | None:
        """Why the card itself holds its clocks down at this moment; None if it is silent."""
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons")
        if bits is None:
            return None
        reasons = {
            name.removeprefix(REASONS): value
            for name, value in vars(self.nvml).items()
            if name.startswith(REASONS)
        }
        return tuple(
            sorted(name for name, bit in reasons.items() if bits & bit and name not in NO_REASON)
        )

    def driver(self) -> str | None:
        try:
            return str(self.nvml.nvmlSystemGetDriverVersion())
        except self.nvml.NVMLError:
            return None

    def _ask(self, query: str, *arguments: Any) -> Any:
        """None for what this card or driver does not support."""
        try:
            return getattr(self.nvml, query)(self.handle, *arguments)
        except (self.nvml.NVMLError, AttributeError):  # older nvidia-ml-py lacks newer queries
            return None


def find(device: torch.device) -> Gpu | Absent:
    """The card behind a CUDA device. By its UUID: CUDA_VISIBLE_DEVICES changes the numbers."""
    if device.type != "cuda":
        return Absent(reason=f"NVML knows NVIDIA GPUs; the device is {device.type}")
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return Absent(reason="nvidia-ml-py is not installed; pip install 'mmbench[gpu]'")
    try:
        nvml.nvmlInit()
        uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        return Gpu(nvml, nvml.nvmlDeviceGetHandleByUUID(uuid))
    except nvml.NVMLError as error:
        return Absent(reason=f"NVML: {error}")
