"""Peak memory of a stretch of work.

CPU: the peak resident set of the process (Linux VmHWM), reset at the start, and its growth over
the resident set then. Where the kernel does not allow the reset, the peak of the whole process
life is given and the note says so. CUDA: the allocator's peaks after a reset.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from mmbench.records import Measurement

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(slots=True)
class PeakMemory:
    measurements: tuple[Measurement, ...] = ()


@contextmanager
def peak_memory(device: torch.device) -> Iterator[PeakMemory]:
    """Fills `measurements` with peak_rss_bytes, peak_rss_growth_bytes and, on CUDA,
    peak_cuda_bytes (allocated) and peak_cuda_reserved_bytes, when the block ends well."""
    reset = _reset_peak()
    start = psutil.Process().memory_info().rss
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    peak = PeakMemory()
    yield peak
    high = _peak_rss()
    note = None if reset else "the peak could not be reset: it is that of the whole process"
    found = [
        Measurement(name="peak_rss_bytes", unit="bytes", value=high, note=note),
        Measurement(
            name="peak_rss_growth_bytes",
            unit="bytes",
            value=None if high is None else max(0.0, high - start),
            note=note,
        ),
    ]
    if device.type == "cuda":
        for name, value in (
            ("peak_cuda_bytes", torch.cuda.max_memory_allocated(device)),
            ("peak_cuda_reserved_bytes", torch.cuda.max_memory_reserved(device)),
        ):
            found.append(Measurement(name=name, unit="bytes", value=float(value)))
    peak.measurements = tuple(found)


def _reset_peak() -> bool:
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def _peak_rss() -> float | None:
    """VmHWM in bytes, None where /proc does not tell (then the record says None, not 0)."""
    if not STATUS.exists():
        return None
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) * 1024
    return None
