"""Peak memory against allocations of known size."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from mmbench.meters.memory import memory_parts, peak_memory

MIB = 2**20


def found(peak: object, name: str) -> float:
    value = {m.name: m.value for m in peak.measurements}[name]  # type: ignore[attr-defined]
    assert value is not None
    return float(value)


GROWTH = """
import numpy, torch
from mmbench.meters.memory import peak_memory
with peak_memory(torch.device("cpu")) as peak:
    block = numpy.ones(400 * 2**20 // 8)
    del block
print({m.name: m.value for m in peak.measurements}["peak_rss_growth_bytes"])
"""


def test_a_known_allocation_appears_in_the_growth() -> None:
    """In a process of its own: a peak that a process had before hides a lower one."""
    ran = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert float(ran.stdout) == pytest.approx(400 * MIB, rel=0.02)


def test_an_earlier_peak_is_not_counted() -> None:
    block = np.ones(400 * MIB // 8)
    del block
    with peak_memory(torch.device("cpu")) as peak:
        small = np.ones(20 * MIB // 8)
        del small
    assert found(peak, "peak_rss_growth_bytes") < 100 * MIB


def test_in_a_fresh_process_it_appears_within_two_percent() -> None:
    code = """
import numpy, torch
from mmbench.meters.memory import peak_memory
with peak_memory(torch.device("cpu")) as peak:
    block = numpy.ones(600 * 2**20 // 8)
    del block
print(*(m.value for m in peak.measurements))
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    whole, growth = (float(word) for word in said.split())
    assert growth == pytest.approx(600 * MIB, rel=0.02)
    assert whole > growth


def parts(model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> dict[str, float]:
    """Of a step on 8 rows of 16 numbers."""
    rows = torch.randn(8, 16)
    found = memory_parts(model, optimizer, lambda: model(rows).sum())
    return {m.name: m.value for m in found if m.value is not None}


def test_parts_of_a_model_of_known_size() -> None:
    """AdamW keeps two numbers a parameter, and a step count a tensor."""
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    numbers = 16 * 32 + 32 + 32 * 4 + 4
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(8, 16)).sum().backward()
    optimizer.step()
    found = parts(model, optimizer)
    assert found["model_bytes"] == 4 * numbers
    assert found["gradient_bytes"] == 4 * numbers
    assert found["gradient_bytes"] == sum(
        p.grad.numel() * 4 for p in model.parameters() if p.grad is not None
    )
    assert found["optimizer_bytes"] == 2 * 4 * numbers + 4 * 4
    # the batch, for the first layer's gradient, and what comes out of the ReLU, for the second's
    assert found["activation_bytes"] == 4 * 8 * (16 + 32)


def test_a_frozen_part_has_no_gradients_and_keeps_no_activations() -> None:
    model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[2].parameters())
    found = parts(model, optimizer)
    assert found["gradient_bytes"] == 4 * (32 * 4 + 4)
    assert found["activation_bytes"] == 4 * 8 * 32


def test_tied_weights_and_buffers_count_once() -> None:
    model = nn.Sequential(nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False))
    model[1].weight = model[0].weight
    model.register_buffer("offset", torch.zeros(10))
    assert parts(model)["model_bytes"] == 4 * (16 * 16 + 10)


def test_inference_has_no_gradients_and_no_state() -> None:
    found = memory_parts(nn.Linear(16, 4), None, None)
    assert [m.name for m in found] == ["model_bytes", "activation_bytes"]
    assert found[1].value is None
    assert (found[1].note or "").startswith("unavailable: ")


def test_an_optimizer_before_its_first_step_is_said() -> None:
    model = nn.Linear(16, 4)
    (state,) = (
        m
        for m in memory_parts(model, torch.optim.AdamW(model.parameters()), None)
        if m.name == "optimizer_bytes"
    )
    assert state.value == 0
    assert "no step" in (state.note or "")


@pytest.mark.gpu
def test_parts_explain_the_peak_of_a_step_on_a_gpu() -> None:
    device = torch.device("cuda")
    before = torch.cuda.memory_allocated(device)
    model = nn.Sequential(*(nn.Linear(2048, 2048) for _ in range(8))).to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    rows = torch.randn(16384, 2048, device=device)

    def step() -> None:
        model(rows).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    step()
    with peak_memory(device) as peak:
        step()
    known = {m.name: m.value or 0.0 for m in memory_parts(model, optimizer, lambda: model(rows))}
    parts = known["model_bytes"] + known["optimizer_bytes"] + known["activation_bytes"]
    # no part of a resting model: its gradients, and in the backward pass those of two activations
    passing = sum(4 * p.numel() for p in model.parameters()) + 2 * 4 * rows.numel()
    assert found(peak, "peak_cuda_bytes") - before == pytest.approx(parts + passing, rel=0.1)


@pytest.mark.gpu
def test_a_known_cuda_allocation_appears() -> None:
    before = torch.cuda.memory_allocated()
    with peak_memory(torch.device("cuda")) as peak:
        block = torch.ones(400 * MIB // 4, device="cuda")
        del block
    assert found(peak, "peak_cuda_bytes") - before == pytest.approx(400 * MIB, rel=0.02)
    assert found(peak, "peak_cuda_reserved_bytes") >= 400 * MIB
