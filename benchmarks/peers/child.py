"""The process of one arm: `python -m benchmarks.peers.child`, spoken to by `warm.Warm`."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.peers.warm import Job, Ready, Work, answer
from mmbench import codec


def main() -> None:
    """The first line is the job; every later one the number of a round. Ends with its input."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print must not get between the answers
    job = codec.load_json(Job, sys.stdin.buffer.readline())
    work = _prepared(job)
    channel.write(answer(Ready(threads=_threads())))
    for line in sys.stdin.buffer:
        channel.write(answer(work(int(line))))


def _prepared(job: Job) -> Work:
    module, _, name = job.function.partition(":")
    function: Callable[[Any], Work] = getattr(import_module(module), name)
    (settings,) = (kind for word, kind in function.__annotations__.items() if word == "settings")
    return function(codec.load_json(settings, codec.dump_json(dict(job.settings))))


def _threads() -> int:
    """torch's, where the job uses torch in this process."""
    torch = sys.modules.get("torch")
    return int(os.environ["OMP_NUM_THREADS"]) if torch is None else int(torch.get_num_threads())


if __name__ == "__main__":
    main()
