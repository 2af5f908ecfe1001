"""An adapter whose model ends the process that loads it."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Self

from mmbench.cards import ModelCard
from mmbench.models.text import TextAdapter


class Deadly(TextAdapter):
    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        print("the last words of the process")  # on standard output, where records go
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("it is gone")


class Endless(TextAdapter):
    @classmethod
    def from_card(cls, card: ModelCard) -> Self:
        Path(os.environ["ENDLESS_PID"]).write_text(str(os.getpid()))
        while True:
            time.sleep(0.1)
