"""How many cores were busy with neither this process nor the two that are timed."""

import time
from collections.abc import Sequence

import psutil

from mmbench.meters.environment import LoadMeter


class OthersMeter:
    """From now on. Neighbours that were started on purpose are others too."""

    def __init__(self, ours: Sequence[psutil.Process]) -> None:
        self._ours = tuple(ours)
        self._machine = LoadMeter()  # it knows this process alone
        self._began = time.perf_counter()
        self._used = self._seconds()

    def cores_busy(self) -> float:
        passed = time.perf_counter() - self._began
        if passed <= 0:
            return 0.0
        used = (self._seconds() - self._used) / passed
        return max(0.0, self._machine.other_cores_busy() - used)

    def _seconds(self) -> float:
        times = [process.cpu_times() for process in self._ours]
        return sum(found.user + found.system for found in times)
