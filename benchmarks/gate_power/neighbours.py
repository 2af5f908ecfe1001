"""Other load: processes that burn a core in bursts. `python -m benchmarks.gate_power.neighbours
PARENT LIFELINE SEED` is one of them."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.gate_power.traces import ROOT
from mmbench.lifeline import end_with

LONGEST = 1.0  # seconds of a burst, and of a rest; both are uniform from 0


@contextmanager
def neighbours(count: int) -> Iterator[None]:
    """So many of them, while the block runs."""
    with ExitStack() as stack:
        for seed in range(count):
            stack.enter_context(_neighbour(seed))
        yield


@contextmanager
def _neighbour(seed: int) -> Iterator[None]:
    lifeline, ours = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", __spec__.name, str(os.getpid()), str(lifeline), str(seed)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        pass_fds=(lifeline,),
        start_new_session=True,
    )
    os.close(lifeline)
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(ours)


def main() -> None:
    parent, lifeline, seed = map(int, sys.argv[1:])
    end_with(parent, lifeline)
    draws = random.Random(seed)
    while True:
        until = time.monotonic() + draws.uniform(0, LONGEST)
        while time.monotonic() < until:
            pass
        time.sleep(draws.uniform(0, LONGEST))


if __name__ == "__main__":
    main()
