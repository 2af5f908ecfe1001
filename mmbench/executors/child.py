"""The worker's own program. `executors.process` starts it.

Trials come as lines on standard input and events go to a pipe of their own, so that neither meets
what libraries print. Nothing heavy is imported here: the process is first tied to its parent.
"""

import faulthandler
import io
import os
import signal
import sys
from typing import IO

from mmbench.lifeline import end_with


def main(events: int, lifeline: int, parent: int, began: float) -> None:
    """Serve the process `parent` until the input ends.

    `events`: the pipe to write to. `began`: when this process was asked for, monotonic seconds.
    """
    end_with(parent, lifeline)
    faulthandler.enable()
    # a trial that is stopped at its time limit shows where it was
    faulthandler.register(signal.SIGTERM, all_threads=True, chain=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    os.set_inheritable(events, False)  # its end must be seen, whatever this process starts
    with _take_input() as lines, open(events, "wb") as told:
        from mmbench.executors.serve import serve

        serve(lines, told, began)


def _take_input() -> IO[bytes]:
    """The parent's lines; whatever else reads standard input here finds it empty."""
    taken = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return open(taken, "rb")
