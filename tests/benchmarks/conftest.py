"""Every benchmark carries the machine's own speed, before and after it, in `extra_info`."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from mmbench.throughput.calibration import calibrate

T = TypeVar("T")
Size = Callable[[T, T], T]


@pytest.fixture(autouse=True)
def calibration(benchmark: BenchmarkFixture) -> Iterator[None]:
    """`extra_info["calibration"]`: kernel → seconds of each round, half of them from before and
    half from after. Nothing where timing is off."""
    if benchmark.disabled:
        yield
        return
    before = calibrate()
    yield
    after = calibrate()
    benchmark.extra_info["calibration"] = {
        kernel: [*before[kernel], *after[kernel]] for kernel in before
    }
    benchmark.extra_info["threads"] = torch.get_num_threads()


@pytest.fixture
def size(benchmark: BenchmarkFixture) -> Size[int]:
    """size(real, small): `real` where it is timed, `small` where the test only has to hold."""
    return lambda real, small: small if benchmark.disabled else real
