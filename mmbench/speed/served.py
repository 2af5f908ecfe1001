"""One question after another: a case is loaded once, then windows of it are timed."""

import gc
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from mmbench.codec import load_json
from mmbench.errors import MmbenchError
from mmbench.meters.clock import synchronise
from mmbench.meters.environment import fingerprint
from mmbench.speed import workload
from mmbench.speed.messages import Loaded, Memory, Ran, Refusal
from mmbench.speed_record import SpeedCase
from mmbench.train.device import choose_device, true_float32

Say = Callable[[str, Any], None]
STATUS = Path("/proc/self/status")
MOST_STEPS = 2**20  # of one window while warming up: a step that takes no time ends there
LEAD_STEPS = 1
"""Run before each window, untimed. After the other side's window the caches and the threads are
cold: without it the second window of a pair is some per cent slower than the first."""


@dataclass(slots=True)
class Served:
    """The case that was loaded last."""

    loaded: workload.Workload | None = None

    def load(self, asked: dict[str, Any]) -> tuple[str, Loaded | Refusal]:
        """Build the case and run one step of it, untimed: it allocates and chooses kernels."""
        try:
            case = load_json(SpeedCase, json.dumps(asked["case"]).encode())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            return "error", Refusal(kind="Incompatible", message=f"{place}: {first['msg']}")
        true_float32()
        self.loaded = workload.build(case, choose_device(asked["device"]))
        work = self.loaded.step()
        synchronise(self.loaded.device)
        gc.collect()
        gc.freeze()  # what is there stays; later collections need not look at it
        found = asdict(fingerprint(self.loaded.device, case.precision))
        return "loaded", Loaded(fingerprint=found, work=asdict(work))

    def warm(self, seconds: float) -> tuple[str, Ran]:
        """Windows of 1, 2, 4 … steps until one takes `seconds`; that one."""
        steps = 1
        while (ran := self._window(steps)).seconds < seconds and steps < MOST_STEPS:
            steps *= 2
        return "ran", ran

    def run(self, steps: int) -> tuple[str, Ran]:
        return "ran", self._window(steps)

    def memory(self, _: bool) -> tuple[str, Memory]:
        cuda = self.loaded is not None and self.loaded.device.type == "cuda"
        return "memory", Memory(
            peak_rss_bytes=peak_rss(),
            peak_cuda_bytes=float(torch.cuda.max_memory_allocated()) if cuda else None,
        )

    def _window(self, steps: int) -> Ran:
        """LEAD_STEPS, then `steps` by the clock. The device is idle at both edges; garbage is
        collected before, and never within."""
        assert self.loaded is not None, "a case is loaded before it is timed"
        gc.collect()
        gc.disable()
        try:
            for _ in range(LEAD_STEPS):
                self.loaded.step()
            synchronise(self.loaded.device)
            busy, began = time.process_time(), time.perf_counter()
            for _ in range(steps):
                self.loaded.step()
            synchronise(self.loaded.device)
            seconds, used = time.perf_counter() - began, time.process_time() - busy
        finally:
            gc.enable()
        return Ran(steps=steps, seconds=seconds, cpu_seconds=used)


def serve(lines: Iterable[bytes], say: Say) -> None:
    """Answer every line, until they end. An error that is none of ours ends the process, and its
    traceback on standard error is what the parent shows."""
    served = Served()
    answers: dict[str, Callable[[Any], tuple[str, Any]]] = {
        "load": served.load,
        "warm": served.warm,
        "run": served.run,
        "memory": served.memory,
    }
    for line in lines:
        ((name, asked),) = json.loads(line).items()
        try:
            answer = answers[name](asked)
        except MmbenchError as error:
            answer = "error", Refusal(kind=type(error).__name__, message=str(error))
        say(*answer)


def peak_rss() -> float | None:
    """VmHWM in bytes, None where /proc does not tell. Not getrusage: that of a new process begins
    at the peak of the one that started it."""
    if not STATUS.exists():
        return None
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) * 1024
    return None
