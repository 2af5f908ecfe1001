"""What the machine can do at its best: a large matrix product and a large copy of memory.

`matmul_peak` is what utilisation is measured against, in the same run, at the same precision and
with the same threads; a datasheet's figure is reached by no program. `calibrate` is small known
work to be timed before, between and after trials: if it drifts, the machine has changed, not the
model.

Method: repeats of some ten milliseconds after warm-up, the best of them for a peak, the median of
those after the first third for a calibration. Host clock; a CUDA device is synchronised around each
repeat.

Limits: float32 is what torch's settings make of it at the time (the project keeps it true, without
TensorFloat-32). A burst is short: a card that its power limit slows sustains less, so that
utilisation is rather too low. A product of the shapes of a model need not reach the peak even by
the best of kernels.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from mmbench.meters.clock import synchronise
from mmbench.records import Measurement

SMALLEST, LARGEST = 512, 4096
LONG_ENOUGH = 0.02  # seconds of one product on a CPU: threads have started, and still cheap
GPU_SIZE = 8192
REPEATS = 10
SECONDS = 0.3  # for the repeats of one size; one at least is done
CPU_COPY_BYTES, GPU_COPY_BYTES = 2**28, 2**30
"""A copy reads and writes: each is far larger than the caches."""

CALIBRATION_SIZE = {"cpu": 512, "cuda": 4096}
CALIBRATION_BYTES = {"cpu": 2**24, "cuda": 2**28}
CALIBRATION_REPEATS = 60
UNSETTLED = 3  # one in so many repeats, the first ones: threads wake up, clocks rise
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def matmul_peak(device: torch.device, precision: str) -> Measurement:
    """`matmul_flops_per_second`, unit FLOP/s: of the best repeat; `values` has them all.

    Square matrices, 8192 a side on a GPU; on a CPU the size doubles until a product takes 20 ms.
    Takes about a second. precision: fp32 or bf16.
    """
    size, dtype = GPU_SIZE if device.type == "cuda" else SMALLEST, DTYPES[precision]
    seconds = _product_seconds(device, dtype, size, REPEATS)
    while device.type == "cpu" and min(seconds) < LONG_ENOUGH and size < LARGEST:
        size *= 2
        seconds = _product_seconds(device, dtype, size, REPEATS)
    rates = [2 * size**3 / each for each in seconds]
    return Measurement(
        name="matmul_flops_per_second",
        unit="FLOP/s",
        value=max(rates),
        values=tuple(rates),
        note=f"{precision}, {size} × {size}, {_workers(device)}",
    )


def copy_peak(device: torch.device) -> Measurement:
    """`memory_bytes_per_second`, unit bytes/s: read and written, of the best repeat of copying
    256 MiB on a CPU and 1 GiB on a GPU. Two such buffers are allocated for the while."""
    size = GPU_COPY_BYTES if device.type == "cuda" else CPU_COPY_BYTES
    rates = [2 * size / seconds for seconds in _copy_seconds(device, size, REPEATS)]
    return Measurement(
        name="memory_bytes_per_second",
        unit="bytes/s",
        value=max(rates),
        values=tuple(rates),
        note=f"a copy of {size >> 20} MiB, {_workers(device)}",
    )


def utilisation(flops_per_second: float, peak: float) -> float:
    """The part of the peak that the model's own operations reach (model FLOPs utilisation)."""
    return flops_per_second / peak


def model_utilisation(
    name: str, flops: Measurement, rate: Measurement, peak: Measurement
) -> Measurement:
    """`name`, unit 1. flops: per sample. rate: samples/s, whose interval becomes that of the
    utilisation. Without a value where one of them has none."""
    if flops.value is None or rate.value is None or peak.value is None:
        missing = next(m.name for m in (flops, rate, peak) if m.value is None)
        return Measurement(name=name, unit="1", value=None, note=f"unavailable: no {missing}")

    def share(samples: float | None) -> float | None:
        assert flops.value is not None, "checked above"
        assert peak.value is not None, "checked above"
        return None if samples is None else utilisation(samples * flops.value, peak.value)

    return Measurement(
        name=name,
        unit="1",
        value=share(rate.value),
        low=share(rate.low),
        high=share(rate.high),
        note=f"of {peak.value:.4g} FLOP/s, measured: {peak.note}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Seconds of known work, each the median of a few repeats."""

    matmul_seconds: float
    copy_seconds: float

    def beside(self, later: "Calibration") -> dict[str, tuple[float, float]]:
        """Kernel → its seconds now and later, as `noise.drifted` judges them."""
        return {
            "matrix product": (self.matmul_seconds, later.matmul_seconds),
            "memory copy": (self.copy_seconds, later.copy_seconds),
        }


def calibrate(device: torch.device) -> Calibration:
    """A float32 product of 512 a side and a copy of 16 MiB on a CPU (some 0.15 s in all on two
    cores), 4096 and 256 MiB on a GPU; of each the median once it has settled."""
    kind = device.type
    product = _product_seconds(device, torch.float32, CALIBRATION_SIZE[kind], CALIBRATION_REPEATS)
    copy = _copy_seconds(device, CALIBRATION_BYTES[kind], CALIBRATION_REPEATS)
    return Calibration(matmul_seconds=_settled(product), copy_seconds=_settled(copy))


def _settled(seconds: Sequence[float]) -> float:
    return statistics.median(seconds[len(seconds) // UNSETTLED :])


def _product_seconds(
    device: torch.device, dtype: torch.dtype, size: int, repeats: int
) -> list[float]:
    """Of random values: zeros draw less power, so that a GPU runs faster on them."""
    generator = torch.Generator(device).manual_seed(0)
    left, right = (
        torch.randn(size, size, device=device, generator=generator).to(dtype) for _ in range(2)
    )
    result = torch.empty(size, size, device=device, dtype=dtype)
    return _timed(lambda: torch.mm(left, right, out=result), device, repeats)


def _copy_seconds(device: torch.device, size: int, repeats: int) -> list[float]:
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return _timed(lambda: target.copy_(source), device, repeats)


@torch.no_grad()
def _timed(work: Callable[[], object], device: torch.device, repeats: int) -> list[float]:
    """The first call is not timed: it starts threads, picks kernels, touches pages. It counts for
    the time that all may take, as a slow kernel shows by it."""
    started = time.perf_counter()
    work()
    found: list[float] = []
    while not found or (len(found) < repeats and time.perf_counter() - started < SECONDS):
        synchronise(device)
        began = time.perf_counter()
        work()
        synchronise(device)
        found.append(time.perf_counter() - began)
    return found


def _workers(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    count = torch.get_num_threads()
    return f"{count} thread{'s' if count > 1 else ''}"
