"""What the machine itself takes for known work: a matrix product and a copy of memory.

Timed beside a measurement, it tells a slower program from a slower machine. It does not make two
sessions comparable on a busy machine (docs/measuring.md has the figures): it can only cast doubt.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from mmbench.throughput.windows import timed

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 10
SIDE = 512
"""Of the float32 matrices: 268 million operations a product."""
COPIED_BYTES = 2**25
"""32 MiB: more than the caches of a core hold."""

Calibration = Mapping[str, tuple[float, ...]]
"""Kernel → seconds of each round; each kernel's first round is thrown away."""

MATRIX_PRODUCT = "matrix_product_seconds"
MEMORY_COPY = "memory_copy_seconds"


def calibrate(rounds: int = ROUNDS) -> dict[str, tuple[float, ...]]:
    """Time both kernels, by NumPy and its threads; some 0.2 s in all."""
    import numpy as np

    square, source, target = _operands()
    result = np.empty_like(square)
    kernels = {
        MATRIX_PRODUCT: lambda: np.matmul(square, square, out=result),
        MEMORY_COPY: lambda: np.copyto(target, source),
    }
    found = {}
    for name, kernel in kernels.items():
        timed(kernel, 1)
        found[name] = tuple(timed(kernel, 1) for _ in range(rounds))
    return found


@cache
def _operands() -> "tuple[NDArray[Any], NDArray[Any], NDArray[Any]]":
    """A matrix [SIDE, SIDE], and what is copied from and to: made once, and warm."""
    import numpy as np

    square = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    return square, np.ones(COPIED_BYTES, np.uint8), np.zeros(COPIED_BYTES, np.uint8)
