"""The `throughput` fixture: measure a call, then hold it against a baseline or another call."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeVar

import pytest

from mmbench.throughput.errors import CannotTell, CannotTime, Slower
from mmbench.throughput.windows import WINDOW_SECONDS, Call, Windows, measure

if TYPE_CHECKING:  # these import NumPy and SciPy, which a session that times nothing need not
    from mmbench.throughput.baselines import Baselines, SavedTest
    from mmbench.throughput.verdict import Verdict

T = TypeVar("T")
Undecided = Literal["fail", "skip", "warn"]
SAMPLES = 32
THRESHOLD = 0.05
FEWEST_SAMPLES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says. off: why nothing is timed in this session; None if it is.

    save: the name that this session's measurements become a baseline of.
    """

    baselines: "Callable[[], Baselines]"
    off: str | None
    save: str | None
    undecided: Undecided
    most_seconds: float


class Throughput:
    """One test's measurement and what became of it; the value of the fixture `throughput`."""

    def __init__(self, test: str, options: Options) -> None:
        self.test = test
        self.options = options
        self.measured: Windows | None = None
        self.verdict: Verdict | None = None
        self._call: Call | None = None
        self._window_seconds = WINDOW_SECONDS
        self._saved: SavedTest | None = None

    def measure(
        self,
        call: Callable[[], T],
        *,
        samples: int = SAMPLES,
        window_seconds: float = WINDOW_SECONDS,
    ) -> T:
        """Time `call` in `samples` windows of at least `window_seconds` each, after a warm-up.

        Gives what one more, untimed call returns, so that the test can assert that the work was
        done. Where timing is off that is the only call. A call that starts work elsewhere, as on a
        GPU, must wait for it itself. CannotTime for a second measurement in one test, for fewer
        than 8 samples, and for a call under a microsecond.
        """
        __tracebackhide__ = True
        try:
            return self._measured_call(call, samples=samples, window_seconds=window_seconds)
        except CannotTime as error:
            raise error.with_traceback(None) from None  # the test's own line says where

    def _measured_call(self, call: Callable[[], T], *, samples: int, window_seconds: float) -> T:
        __tracebackhide__ = True
        if self._call is not None:
            raise CannotTime("this test has measured a call already; one test measures one")
        if samples < FEWEST_SAMPLES or window_seconds <= 0:
            raise CannotTime(
                f"{samples} windows of {window_seconds} s are no measurement; give at least "
                f"{FEWEST_SAMPLES}, each longer than 0 s"
            )
        self._call, self._window_seconds = call, window_seconds
        if self.options.off is not None:
            return call()
        self.measured = measure(call, samples=samples, window_seconds=window_seconds)
        if not self.measured.settled:
            warnings.warn(
                f"{self.test}: after {self.measured.warm_up} windows the times still had a trend; "
                "give more samples, or longer windows",
                pytest.PytestWarning,
                stacklevel=3,
            )
        return call()

    def not_slower_than(self, baseline: str | Call, *, threshold: float = THRESHOLD) -> None:
        """Fail unless the measured call is at most `threshold` slower than `baseline`.

        A callable is timed in turn with the measured call, here and now (the form to trust on any
        machine); a string names a baseline that `pytest --throughput-save NAME` left on this
        machine (for quiet, dedicated ones). Slower: it is clearly slower. CannotTell: the times
        decide nothing (`--throughput-undecided`). CannotTime: nothing was measured, timing is off,
        or there is no such baseline. While a baseline of that name is being saved there is nothing
        to compare with: the test is skipped here, and says so.
        """
        __tracebackhide__ = True
        try:
            self.verdict = self._judged(baseline, threshold)
        except CannotTime as error:
            raise error.with_traceback(None) from None
        message = str(self.verdict)
        if self.verdict.outcome == "regression":
            raise Slower(message)
        if self.verdict.outcome == "cannot_tell":
            self._undecided(f"{message}\n{self.verdict.advice}")

    def to_save(self) -> "SavedTest | None":
        """The measurement as a baseline keeps it, with the machine's calibration."""
        from mmbench.throughput.baselines import SavedTest
        from mmbench.throughput.calibration import calibrate
        from mmbench.throughput.machine import libraries

        if self._saved is None and self.measured is not None:
            self._saved = SavedTest(
                seconds=self.measured.seconds,
                calls=self.measured.calls,
                calibration=calibrate(),
                libraries=libraries(),
                saved_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        return self._saved

    def _judged(self, baseline: str | Call, threshold: float) -> "Verdict":
        from mmbench.throughput import verdict

        if self._call is None:
            raise CannotTime("nothing was measured: call throughput.measure(call) first")
        if self.options.off is not None:
            raise CannotTime(f"nothing was timed, so nothing is known: {self.options.off}")
        assert self.measured is not None, "measure() leaves windows where timing is on"
        if isinstance(baseline, str):
            if baseline == self.options.save:
                pytest.skip(f"measured, to be saved as {baseline!r}; nothing to compare with yet")
            saved = self.options.baselines().find(baseline, self.test)
            now = self.to_save()
            assert now is not None, "it was measured"
            return verdict.against_saved(baseline, saved, now, threshold=threshold)
        return verdict.against_call(
            baseline,
            self._call,
            self.measured,
            threshold=threshold,
            window_seconds=self._window_seconds,
            most_seconds=self.options.most_seconds,
        )

    def _undecided(self, message: str) -> None:
        __tracebackhide__ = True
        if self.options.undecided == "skip":
            pytest.skip(message)
        if self.options.undecided == "fail":
            raise CannotTell(message)
        warnings.warn(f"{self.test}: {message}", pytest.PytestWarning, stacklevel=3)
