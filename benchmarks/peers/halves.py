"""Whether bf16 is worth trying: a processor without units for it takes many times as long."""

import time

import torch
from torch import Tensor

SHAPE = (512, 384, 1536)
"""Of a feed-forward layer of MiniLM, 512 tokens."""

REPEATS = 5


def bf16_over_fp32(threads: int) -> float:
    """Seconds of a matrix product in bf16 over those in fp32, each the least of five."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    rows, inner, columns = SHAPE
    left, right = torch.rand(rows, inner), torch.rand(inner, columns)
    fp32, bf16 = (
        _least_seconds(left.to(kind), right.to(kind)) for kind in (torch.float32, torch.bfloat16)
    )
    torch.set_num_threads(before)
    return bf16 / fp32


def _least_seconds(left: Tensor, right: Tensor) -> float:
    found = []
    for _ in range(1 + REPEATS):  # the first one warms up
        began = time.perf_counter()
        left @ right
        found.append(time.perf_counter() - began)
    return min(found[1:])
