"""One side of a paired timing: `python -P -m mmbench.speed.serve PARENT LIFELINE`.

`speed.arm` starts it; `speed.messages` has what is said. It waits on its input, and between two
questions it does nothing at all, since the other side may be in its window. It ends with its input,
and with the process PARENT by whatever that ends.
"""

import faulthandler
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import mmbench
from mmbench.lifeline import end_with
from mmbench.speed.messages import PROTOCOL, Hello


class Answers:
    """The parent's pipe. Libraries that print do so on standard error."""

    def __init__(self) -> None:
        self.pipe: IO[bytes] = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def say(self, name: str, value: Any) -> None:
        """`value`: one of the dataclasses of `speed.messages`."""
        self.pipe.write(json.dumps({name: asdict(value)}).encode() + b"\n")
        self.pipe.flush()


def main() -> None:
    answers = Answers()
    end_with(int(sys.argv[1]), int(sys.argv[2]))
    # one that is stopped at its time limit shows where it was
    faulthandler.register(signal.SIGTERM, all_threads=True, chain=True)
    answers.say("hello", hello())
    from mmbench.speed.served import serve  # heavy: the parent knows by now which code this is

    serve(sys.stdin.buffer, answers.say)


def hello() -> Hello:
    return Hello(
        protocol=PROTOCOL,
        version=mmbench.__version__,
        package=str(Path(mmbench.__file__).resolve().parent),
        prefix=sys.prefix,
    )


if __name__ == "__main__":
    main()
