"""An adapter whose model ends the process that loads it."""

import os
import signal
import sys
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
