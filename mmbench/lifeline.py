"""How a child process ends with its parent, by whatever that ends, SIGKILL too, whatever it does.

The parent holds the writing end of a pipe, the lifeline, and writes nothing to it.
"""

import ctypes
import fcntl
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def end_with(parent: int, lifeline: int) -> None:
    """From here on the kernel kills this process and its group when `parent` is gone.

    On Linux alone: elsewhere a child ends when its standard input does, once its
    work is done. `lifeline` is the pipe's reading end. SystemExit if the parent is gone
    already.
    """
    assert os.getpgrp() == os.getpid(), "a child leads a group of its own, which ends with it"
    os.set_inheritable(lifeline, False)
    if sys.platform == "linux":
        # this process, even if a fork of the parent still holds the lifeline
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        # and what it has started: a pipe that is hung up sends its signal to the whole group
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, int(signal.SIGKILL))
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    if os.getppid() != parent:  # it was gone before the kernel was told
        raise SystemExit(1)
