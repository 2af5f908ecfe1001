"""A side of a paired timing whose steps are slowed: `python -m benchmarks.gate_power.slowed PARENT
LIFELINE SHARE_FILE`.

It is `mmbench.speed.serve`, but after every step it computes matrix products on all its threads
for the share of the step's own time that the file holds. They cost processor time, as a slower
step would. The file is read at every window's start, so one process serves every level. What it
really added is counted, and written beside the file at every window's end.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from mmbench.speed import serve, served, workload
from mmbench.speed_record import SpeedCase

WIDTH = 192  # of the products: large enough for all threads, 0.1 ms or so long


@dataclass(slots=True, kw_only=True)
class Spent:
    """Seconds since the process began: of the steps themselves, and of what came on top."""

    step_seconds: float = 0.0
    added_seconds: float = 0.0

    def since(self, before: "Spent") -> "Spent":
        return Spent(
            step_seconds=self.step_seconds - before.step_seconds,
            added_seconds=self.added_seconds - before.added_seconds,
        )


def spent(share_file: Path) -> Spent:
    """What the process of this file has written; nothing yet before its first window."""
    file = _spent_file(share_file)
    return Spent(**json.loads(file.read_bytes())) if file.exists() else Spent()


def _spent_file(share_file: Path) -> Path:
    return share_file.with_name(f"{share_file.name}.spent")


def main() -> None:
    share_file = Path(sys.argv[3])
    window, build = served.Served._window, workload.build
    product = torch.ones(WIDTH, WIDTH)
    share, total = 0.0, Spent()

    def slowed_build(case: SpeedCase, device: torch.device) -> workload.Workload:
        """Of a CPU: there a step has ended when it returns."""
        assert device.type == "cpu", "the time of a step is known only where it is synchronous"
        # of one thread the processor's clock is exact, and leaves out what neighbours took
        clock = time.perf_counter if torch.get_num_threads() > 1 else time.process_time
        loaded = build(case, device)
        step = loaded.step

        def slowed_step() -> workload.Work:
            began = clock()
            work = step()
            ended = now = clock()
            until = ended + share * (ended - began)
            while now < until:
                torch.mm(product, product)
                now = clock()
            total.step_seconds += ended - began
            total.added_seconds += now - ended
            return work

        setattr(loaded, "step", slowed_step)  # noqa: B010
        return loaded

    def window_at_level(self: served.Served, steps: int) -> Any:
        nonlocal share
        share = float(share_file.read_text())
        ran = window(self, steps)
        # before the answer: its parent reads it while this process waits
        _spent_file(share_file).write_text(json.dumps(asdict(total)))
        return ran

    setattr(workload, "build", slowed_build)  # noqa: B010
    setattr(served.Served, "_window", window_at_level)  # noqa: B010
    serve.main()


if __name__ == "__main__":
    main()
