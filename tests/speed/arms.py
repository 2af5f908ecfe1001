"""Programs of `tests.speed.speaker`, and the case that they are asked to load."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

import mmbench
from mmbench.cards import ModelCard, RandomModel, TextRules
from mmbench.speed.arm import Limits, Program
from mmbench.speed_record import SpeedCase

ROOT = Path(mmbench.__file__).parents[1]
LIMITS = Limits(start_seconds=60, load_seconds=60, window_seconds=60)
BRIEF = Limits(start_seconds=60, load_seconds=60, window_seconds=0.5)

CASE = SpeedCase(
    model=ModelCard(
        name="words",
        family="test",
        languages=("en",),
        modalities=("text",),
        adapter="text",
        library="transformers",
        source=RandomModel(via="random"),
        gives=("pooled",),
        text=TextRules(max_tokens=32, pooling="mean"),
    ),
    mode="infer",
    batch_size=2,
    precision="fp32",
    tokens=8,
)


def speaker(name: str, log: Path, *, kind: str = "well", step_seconds: float = 0.1) -> Program:
    return Program(
        name=name,
        tree=ROOT,
        module="tests.speed.speaker",
        arguments=(kind, str(log), repr(step_seconds)),
    )


def alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    """Whether it has happened by then."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def children() -> set[int]:
    """The processes that this one has started and that still run."""
    return {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)}
