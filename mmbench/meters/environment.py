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
from mmbench.fingerprint import Environment, Fingerprint
from mmbench.meters import nvml
from mmbench.records import BEHAVIOUR

LIBRARIES = (
    *("torch", "torchvision", "transformers", "timm", "open_clip_torch", "tokenizers"),
    *("datasets", "numpy", "Pillow"),
)
"""Those whose version can change a step's time or a result: they part records."""
OTHER_LIBRARIES = (
    *("accelerate", "peft", "scikit-learn", "scipy", "safetensors", "huggingface_hub"),
    *("evaluate", "pyarrow", "nvidia-ml-py"),
)
"""Told where they are installed; nothing of theirs runs in a timed step. (A library that comes to
do so, as peft with LoRA, goes above.)"""

CPU_INFO = Path("/proc/cpuinfo")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
DRIVER = Path("/proc/driver/nvidia/version")


def fingerprint(device: torch.device, precision: str) -> Fingerprint:
    """Where and with what a trial runs now."""
    card, cuda = _card(device), device.type == "cuda"
    return Fingerprint(
        behaviour=BEHAVIOUR,
        code=code_version(),
        device=device.type,
        device_name=_gpu(device) or _cpu(),
        precision=precision,
        threads=torch.get_num_threads(),
        libraries={name: _version(name) or "absent" for name in LIBRARIES},
        cpu=_cpu(),
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        cores=len(os.sched_getaffinity(0)),
        governor=_first_line(GOVERNOR),
        interop_threads=torch.get_num_interop_threads(),
        python=platform.python_version(),
        driver=(card.driver() if card else _driver()) if cuda else None,
        cuda=torch.version.cuda if cuda else None,
        cudnn=_cudnn() if cuda else None,
        power_limit_watts=card.power_limit_watts() if card else None,
        settings=settings(device),
    )


def settings(device: torch.device) -> dict[str, str]:
    """Torch's settings that change what a float32 product costs and whether kernels may vary.

    Of float32 in torch's own words: `ieee` is 24 bits of precision, `tf32` 11, `bf16` 8. Torch's
    `none` asks for nothing less, so it is told as `ieee`.
    """
    backends = torch.backends
    blas, dnn = (backends.cuda, backends.cudnn) if device.type == "cuda" else (backends.mkldnn,) * 2
    found = {
        "matmul_float32": _precision(blas.matmul.fp32_precision),
        "conv_float32": _precision(dnn.conv.fp32_precision),
        "deterministic": _on(torch.are_deterministic_algorithms_enabled()),
    }
    if device.type == "cuda":
        found["cudnn_benchmark"] = _on(backends.cudnn.benchmark)
        found["cudnn_deterministic"] = _on(backends.cudnn.deterministic)
    return found


def _precision(word: str) -> str:
    return "ieee" if word == "none" else word


def _on(value: bool) -> str:
    return "on" if value else "off"


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


class ClockWatch:
    """Why a card slowed its clocks, and at what rates they ran, while it was at work: the driver
    tells the moment alone, and an idle card nothing. Asks on CUDA only, some 0.1 ms a look."""

    def __init__(self, device: torch.device) -> None:
        self._card = _card(device)
        self._reasons: set[str] | None = None
        self.megahertz: dict[str, int] = {}

    def look(self) -> None:
        if self._card is None:
            return
        self.megahertz = self._card.megahertz()
        reasons = self._card.throttling()
        if reasons is not None:
            self._reasons = (self._reasons or set()) | set(reasons)

    @property
    def throttling(self) -> tuple[str, ...] | None:
        """The reasons of all looks; None if the card never told."""
        return None if self._reasons is None else tuple(sorted(self._reasons))


def environment(
    device: torch.device, meter: LoadMeter, clocks: ClockWatch | None = None
) -> Environment:
    """The machine as it is now, and what else it did since the meter was made. clocks: a card's as
    they were seen before, in place of a look now, when its work is over."""
    if clocks is None:
        clocks = ClockWatch(device)
        clocks.look()
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
        gpus=torch.cuda.device_count() if gpu is not None else 0,
        gpu_mhz=clocks.megahertz,
        throttling=clocks.throttling,
        libraries={n: v for n in OTHER_LIBRARIES if (v := _version(n)) is not None},
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


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _card(device: torch.device) -> nvml.Gpu | None:
    found = nvml.find(device)
    return found if isinstance(found, nvml.Gpu) else None


def _cudnn() -> str:
    return str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]


def _gpu(device: torch.device) -> str | None:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else None


@cache
def _cpu() -> str:
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def _first_line(path: Path) -> str | None:
    """None where the kernel does not tell, as in most virtual machines."""
    try:
        return path.read_text().splitlines()[0]
    except (OSError, IndexError):
        return None


def _driver() -> str | None:
    """The driver's version by the kernel module, where NVML is not at hand."""
    words = (_first_line(DRIVER) or "").split()
    return next((word for word in words if word[:1].isdigit() and "." in word), None)
