"""The machine and the libraries, by an allow-list."""

import os
import platform
import subprocess
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
import torch

from mmbench import __version__
from mmbench.records import BEHAVIOUR, Environment, Fingerprint

LIBRARIES = ("torch", "transformers", "timm", "tokenizers", "datasets", "numpy", "Pillow")


def fingerprint(device: torch.device, precision: str) -> Fingerprint:
    """Where and with what a trial runs now."""
    return Fingerprint(
        behaviour=BEHAVIOUR,
        code=code_version(),
        device=device.type,
        device_name=_gpu(device) or _cpu(),
        precision=precision,
        threads=torch.get_num_threads(),
        libraries={name: _version(name) for name in LIBRARIES},
    )


class LoadMeter:
    """What else the machine did from now on: load averages, and cores kept busy by others."""

    def __init__(self) -> None:
        self.load_at_start = os.getloadavg()[0]
        self._began = time.perf_counter()
        self._busy = _busy_seconds()
        self._own = _own_seconds()

    def other_cores_busy(self) -> float:
        """All processors' busy time less our own, over the time that has passed."""
        passed = time.perf_counter() - self._began
        others = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return max(0.0, others / passed) if passed > 0 else 0.0


def environment(device: torch.device, meter: LoadMeter) -> Environment:
    """The machine as it is now, and what else it did since the meter was made."""
    gpu = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
    return Environment(
        platform=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=psutil.virtual_memory().total,
        gpu=_gpu(device),
        gpu_memory_bytes=gpu.total_memory if gpu is not None else None,
        load_at_start=meter.load_at_start,
        load_at_end=os.getloadavg()[0],
        other_cores_busy=meter.other_cores_busy(),
    )


def _busy_seconds() -> float:
    """Seconds that the cores this process may use were not idle, by anybody's work."""
    cores = psutil.cpu_times(percpu=True)
    ours = [cores[core] for core in os.sched_getaffinity(0) if core < len(cores)]
    idle = ("idle", "iowait", "guest", "guest_nice")  # guests are within user and nice already
    return float(sum(sum(times) - sum(getattr(times, n, 0.0) for n in idle) for times in ours))


def _own_seconds() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


@cache
def code_version() -> str:
    """The version, in a checkout with the git revision, and `-dirty` if the code has changed."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return __version__
    try:
        revision = _git(root, "rev-parse", "--short", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", "mmbench", "registry")
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+{revision}{'-dirty' if changed else ''}"


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _gpu(device: torch.device) -> str | None:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else None


@cache
def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
