"""A side of a paired timing without any model: `python -m tests.speed.speaker PARENT LIFELINE KIND
LOG SECONDS`. It says what `mmbench.speed.serve` says; its steps take SECONDS each by its own word.

KIND is what is wrong with it. LOG takes a line for each window: its number in the system's clock.
"""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

from mmbench.lifeline import end_with
from mmbench.speed.messages import PROTOCOL

PACKAGE = Path(__file__).parents[2] / "mmbench"
WRONG_SECONDS = {"instant": 0.0, "backward": -1.0, "endless": math.inf, "nameless": math.nan}
FINGERPRINT = {"code": "1", "device": "cpu", "libraries": {"torch": "2.11.0"}}


def main() -> None:
    parent, lifeline, kind, log, step_seconds = sys.argv[1:]
    end_with(int(parent), int(lifeline))
    if kind == "breeds":
        started = subprocess.Popen(["sleep", "600"])
        Path(log).write_text(f"{os.getpid()}\n{started.pid}\n")
    hello(kind)
    for line in sys.stdin:
        ((name, asked),) = json.loads(line).items()
        answer(kind, Path(log), float(step_seconds), name, asked)


def hello(kind: str) -> None:
    elsewhere = Path("/elsewhere/mmbench") if kind == "elsewhere" else PACKAGE
    told = {
        "protocol": PROTOCOL - 1 if kind == "old" else PROTOCOL,
        "version": "0.1.0",
        "package": str(elsewhere),
        "prefix": sys.prefix,
    }
    say(hello=told)


def answer(kind: str, log: Path, step_seconds: float, name: str, asked: object) -> None:
    if name == "load":
        if kind == "unknown":
            return say(error={"kind": "Incompatible", "message": "case.colour: unexpected field"})
        if kind == "refuses":
            return say(error={"kind": "CardError", "message": "no weights; get them"})
        libraries = {"torch": "2.12.0" if kind == "newer" else "2.11.0"}
        work = {"samples": 3.0 if kind == "other_work" else 2.0}
        found = {**FINGERPRINT, "libraries": libraries, "threads": 4 if kind == "wider" else 2}
        return say(loaded={"fingerprint": found, "work": work})
    if name == "memory":
        return say(memory={"peak_rss_bytes": 1e9, "peak_cuda_bytes": None})
    if name == "run":
        misbehave(kind)
        with log.open("a") as file:
            file.write(f"{time.monotonic_ns()}\n")
    steps = asked if name == "run" and isinstance(asked, int) else 1
    seconds = WRONG_SECONDS.get(kind, steps * step_seconds)
    steps += kind == "miscounts"
    return say(ran={"steps": steps, "seconds": seconds, "cpu_seconds": 1e-3})


def misbehave(kind: str) -> None:
    if kind == "dies":
        print("out of luck", file=sys.stderr, flush=True)
        os._exit(3)
    if kind == "hangs":
        print("thinking", file=sys.stderr, flush=True)
        time.sleep(600)
    if kind == "garbles":
        print("loss: 0.3", flush=True)


def say(**message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
