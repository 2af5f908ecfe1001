"""The machine that a baseline belongs to, by an allow-list, without torch."""

import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmbench.digests import digest_of

LIBRARIES = ("numpy", "torch", "transformers", "timm", "open_clip_torch", "tokenizers", "Pillow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Times compare only within one of these. cores: those that this process may use. threads:
    what OMP_NUM_THREADS limits the libraries to; None if it is not set."""

    cpu: str
    cores: int
    threads: str | None
    platform: str
    python: str

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits: the name of its folder of baselines."""
        return digest_of(asdict(self))[:12]

    def __str__(self) -> str:
        threads = f", OMP_NUM_THREADS={self.threads}" if self.threads else ""
        return f"{self.cpu}, {self.cores} cores{threads}, {self.platform}, Python {self.python}"


@cache
def this_machine() -> Machine:
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        threads=os.environ.get("OMP_NUM_THREADS"),
        platform=f"{platform.system()} {platform.machine()}",
        python=".".join(platform.python_version_tuple()[:2]),
    )


def libraries() -> dict[str, str]:
    """The versions of those libraries that are installed and that speed depends on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
