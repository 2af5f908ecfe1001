"""A child process that a timing speaks with: pipes, its standard error kept, and a sure end."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

FAREWELL = 5.0  # seconds for an idle process to end by itself
PATIENCE = 2.0  # seconds to end after SIGTERM, in which it shows where it was


class Process:
    """`python -P -m module PARENT LIFELINE *arguments`; OSError if the system cannot start it.

    `input` and `output` are its pipes, unbuffered. It has a session of its own: an interrupt
    reaches the parent alone, which then ends it. -P: the folder that the user stands in may hold an
    mmbench too, and must not come first.
    """

    def __init__(
        self,
        python: str,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str],
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [python, "-P", "-m", module, str(os.getpid()), str(lifeline), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors.fileno(),
                bufsize=0,
                env=environment,
                pass_fds=(lifeline,),
                start_new_session=True,
            )
        except OSError:
            os.close(self._lifeline)
            self._errors.close()
            raise
        finally:
            os.close(lifeline)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.input, self.output = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """As subprocess gives it, once it was killed; minus the number of a signal."""
        return self._process.returncode

    def last_lines(self, most: int) -> list[str]:
        """Of its standard error."""
        end = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, end - 8192))
        return self._errors.read().decode("utf-8", "replace").splitlines()[-most:]

    def exits_within(self, seconds: float) -> bool:
        """Whether it is gone by then. It is not waited for: its number stays its own."""
        until = time.monotonic() + seconds
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while self._process.returncode is None:
            if os.waitid(os.P_PID, self._process.pid, flags) is not None:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def kill(self) -> None:
        """It and its whole group, asked first: then a traceback shows where it hung."""
        if self._process.returncode is not None:
            return  # its number may be another's
        if not self.exits_within(0):
            self._signal(signal.SIGTERM)
            self.exits_within(PATIENCE)
        self._signal(signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):  # stuck in the kernel: it dies when it may
            self._process.wait(PATIENCE)
        self.output.close()

    def close(self, *, farewell: float = FAREWELL) -> None:
        """End it and all that it has started; it has `farewell` seconds to do so by itself."""
        if self._errors.closed:
            return
        try:
            self.input.close()
            self.exits_within(farewell)
        finally:
            self.kill()
            os.close(self._lifeline)
            self._errors.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
