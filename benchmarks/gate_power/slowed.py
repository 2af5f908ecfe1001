"""A side of a paired timing whose steps are slowed: `python -m benchmarks.gate_power.slowed PARENT
LIFELINE SHARE_FILE`.

It is `mmbench.speed.serve`, but after every step it computes matrix products on all its threads
for the share of the step's own time that the file holds. They cost processor time, as a slower
step would. The file is read at every window's start, so one process serves every level.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch

from mmbench.speed import serve, served, workload
from mmbench.speed_record import SpeedCase

WIDTH = 192  # of the products: large enough for all threads, 0.1 ms or so long


def main() -> None:
    share_file = Path(sys.argv[3])
    window, build = served.Served._window, workload.build
    product = torch.ones(WIDTH, WIDTH)
    share = 0.0

    def slowed_build(case: SpeedCase, device: torch.device) -> workload.Workload:
        """Of a CPU: there a step has ended when it returns."""
        assert device.type == "cpu", "the time of a step is known only where it is synchronous"
        loaded = build(case, device)
        step = loaded.step

        def slowed_step() -> workload.Work:
            began = time.perf_counter()
            work = step()
            until = time.perf_counter() + share * (time.perf_counter() - began)
            while time.perf_counter() < until:
                torch.mm(product, product)
            return work

        setattr(loaded, "step", slowed_step)  # noqa: B010
        return loaded

    def window_at_level(self: served.Served, steps: int) -> Any:
        nonlocal share
        share = float(share_file.read_text())
        return window(self, steps)

    setattr(workload, "build", slowed_build)  # noqa: B010
    setattr(served.Served, "_window", window_at_level)  # noqa: B010
    serve.main()


if __name__ == "__main__":
    main()
