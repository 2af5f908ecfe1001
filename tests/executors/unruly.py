"""Adapters that are well behaved or not, for trials in a child; a card's config says more.

told: a file that every load writes the process's number to, and that of what it starts, a line
each. hold: while this file exists, loading waits. A random start loads for each trial anew.
"""

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from mmbench.cards import ModelCard, RandomModel
from mmbench.data.cache import Cache
from mmbench.data.examples import Examples
from mmbench.data.prepared import FeatureRows, Inputs
from mmbench.models.base import Adapter, Features

WIDTH = 32
FLOOD_BYTES = 100 * 10**6


class Plain(Adapter):
    """Counts letters and mixes the counts by a random matrix. Does nothing else."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__()
        self.card, self.width, self.batch_statistics = card, WIDTH, False
        self.mix = nn.Linear(WIDTH, WIDTH)

    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        assert isinstance(card.source, RandomModel)
        tell(card.source.config, os.getpid())
        cls.misbehave(card.source.config)
        return cls(card)

    @classmethod
    def misbehave(cls, config: Any) -> None:
        """What goes wrong while the weights are loaded."""

    def prepare(self, examples: Examples, cache: Cache) -> FeatureRows:
        counts = np.zeros((len(examples), WIDTH), np.float32)
        for row, text in zip(counts, examples.inputs["text"], strict=True):
            for letter in str(text):
                row[ord(letter) % WIDTH] += 1
        digest = hashlib.sha256(counts.tobytes()).hexdigest()
        return FeatureRows(features=counts, digest=digest)

    def forward(self, inputs: Inputs) -> Features:
        return Features(pooled=torch.tanh(self.mix(inputs["features"])))

    def save(self, folder: Path) -> None:
        raise NotImplementedError("these are not kept")


class Segfaults(Plain):
    @classmethod
    def misbehave(cls, config: Any) -> None:
        ctypes.string_at(0)


class Leaves(Plain):
    """Ends its process as if all were well."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        print("so long", flush=True)
        os._exit(0)


class Floods(Plain):
    """Prints 100 MB, then goes on."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        line = b"x" * 99_999 + b"\n"
        for number in range(FLOOD_BYTES // len(line)):
            os.write(1 + number % 2, line)


class Raises(Plain):
    """Fails as a library does, which may leave anything behind."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


class Curious(Plain):
    """Reads the standard input to its end."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        assert sys.stdin.read() == ""


class Breeds(Plain):
    """Leaves a process behind."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        tell(config, subprocess.Popen(["sleep", "600"]).pid)


class Waits(Plain):
    """Loads only when it may."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        while Path(config["hold"]).exists():
            time.sleep(0.02)


class Deaf(Plain):
    """Ignores what signals can be ignored, as does the process that it leaves behind, and hangs in
    native code that keeps the lock of the interpreter: no thread and no handler can run."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        if not Path(config["hold"]).exists():
            return
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGIO):
            signal.signal(number, signal.SIG_IGN)
        tell(config, subprocess.Popen(["sleep", "600"]).pid)
        ctypes.PyDLL(None).sleep(600)


class DeafAtLast(Deaf):
    """So too, but only where another trial has been told of."""

    @classmethod
    def misbehave(cls, config: Any) -> None:
        if len(Path(config["told"]).read_text().split()) > 1:
            super().misbehave(config)


def tell(config: Any, number: int) -> None:
    if "told" in config:
        with open(config["told"], "a") as file:
            file.write(f"{number}\n")
