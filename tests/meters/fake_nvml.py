"""A stand-in for pynvml with one card, whose readings a test sets."""

from dataclasses import dataclass, field


class NVMLError(Exception):
    pass


@dataclass
class FakeNvml:
    """`millijoules` are read one after the other, the last again and again; an exception among
    them is raised. `silent` names queries that the card does not support."""

    NVMLError: type[Exception] = NVMLError
    NVML_CLOCK_SM: int = 1
    NVML_CLOCK_MEM: int = 2
    nvmlClocksEventReasonNone: int = 0
    nvmlClocksEventReasonGpuIdle: int = 1
    nvmlClocksEventReasonUserDefinedClocks: int = 2
    nvmlClocksEventReasonSwPowerCap: int = 4
    nvmlClocksEventReasonHwThermalSlowdown: int = 64
    nvmlClocksEventReasonAll: int = 511
    millijoules: list[int] = field(default_factory=lambda: [0])
    reasons: int = 0
    loads: bool = True
    silent: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def nvmlInit(self) -> None:
        if not self.loads:
            raise NVMLError("Driver Not Loaded")

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        self.asked.append(uuid)
        return "card"

    def nvmlSystemGetDriverVersion(self) -> str:
        return "580.95.05"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        self._answer("energy")
        return self.millijoules.pop(0) if len(self.millijoules) > 1 else self.millijoules[0]

    def nvmlDeviceGetEnforcedPowerLimit(self, handle: str) -> int:
        self._answer("power")
        return 699_900

    def nvmlDeviceGetClockInfo(self, handle: str, clock: int) -> int:
        self._answer("clocks")
        return {1: 1755, 2: 2619}[clock]

    def nvmlDeviceGetMaxClockInfo(self, handle: str, clock: int) -> int:
        return {1: 1980, 2: 2619}[clock]

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: str) -> int:
        self._answer("reasons")
        return self.reasons

    def _answer(self, query: str) -> None:
        if query in self.silent:
            raise NVMLError("Not Supported")
