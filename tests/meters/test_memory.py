"""Peak memory against allocations of known size."""

import numpy as np
import pytest
import torch

from mmbench.meters.memory import peak_memory

MIB = 2**20


def found(peak: object, name: str) -> float:
    value = {m.name: m.value for m in peak.measurements}[name]  # type: ignore[attr-defined]
    assert value is not None
    return float(value)


def test_a_known_allocation_appears_in_the_growth() -> None:
    with peak_memory(torch.device("cpu")) as peak:
        block = np.ones(400 * MIB // 8)
        del block
    growth = found(peak, "peak_rss_growth_bytes")
    assert growth == pytest.approx(400 * MIB, rel=0.02)


def test_an_earlier_peak_is_not_counted() -> None:
    block = np.ones(400 * MIB // 8)
    del block
    with peak_memory(torch.device("cpu")) as peak:
        small = np.ones(20 * MIB // 8)
        del small
    assert found(peak, "peak_rss_growth_bytes") < 100 * MIB


@pytest.mark.gpu
def test_a_known_cuda_allocation_appears() -> None:
    with peak_memory(torch.device("cuda")) as peak:
        block = torch.ones(400 * MIB // 4, device="cuda")
        del block
    assert found(peak, "peak_cuda_bytes") == pytest.approx(400 * MIB, rel=0.02)
    assert found(peak, "peak_cuda_reserved_bytes") >= 400 * MIB
